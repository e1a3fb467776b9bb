import { expect, test } from '@jest/globals';
import { decisionOf } from '../../../src/agents/loop/plain-words.ts';

test.each([
  'yes',
  'Yes.',
  ' YES! ',
  'ok',
  'Okay',
  'Approve',
  'go ahead',
  'Ja',
  'ja, bitte',
  'Genehmigt.',
  'bestätigt',
])('%j approves', (words) => {
  expect(decisionOf(words)).toBe('approve');
});

test.each(['no', 'No!', 'nope', 'deny', "don't", 'Nein, danke.', 'Stopp', 'abgelehnt'])(
  '%j denies',
  (words) => {
    expect(decisionOf(words)).toBe('deny');
  },
);

test.each(['', '…', 'yes but not that one', 'no yes', 'not yet', 'nein doch ja', 'yesterday', 'okapi'])(
  '%j is neither',
  (words) => {
    expect(decisionOf(words)).toBeUndefined();
  },
);
