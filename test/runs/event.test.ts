import { describe, expect, test } from '@jest/globals';
import {
  eventId,
  isAfter,
  isResting,
  isTerminal,
  parseEventId,
  type RunState,
} from '../../src/runs/event.ts';

describe('event ids', () => {
  test.each([
    [{ attempt: 1, sequence: 1 }, '1-1'],
    [{ attempt: 2, sequence: 0 }, '2-0'],
    [{ attempt: 12, sequence: 345_678 }, '12-345678'],
  ])('%j is written as %s and read back', (position, text) => {
    expect(eventId(position)).toBe(text);
    expect(parseEventId(text)).toEqual(position);
  });

  test.each([
    '',
    '1',
    '1-',
    '-1',
    '1-2-3',
    '-1-2',
    '1.5-2',
    '1e3-2',
    ' 1-2',
    '1-2\n',
    '0x1-2',
    'a-b',
    '١-٢',
    '1234567890-1',
    '1-1234567890',
  ])('%j is none', (text) => {
    expect(parseEventId(text)).toBeUndefined();
  });

  test('positions are ordered by attempt, then by sequence', () => {
    const ordered = ['0-0', '1-0', '1-1', '1-2', '1-10', '2-0', '2-1', '10-1'].map((id) => parseEventId(id));
    for (const [one, earlier] of ordered.entries()) {
      for (const [other, later] of ordered.entries()) {
        if (earlier && later) expect(isAfter(later, earlier)).toBe(other > one);
      }
    }
    expect(ordered).not.toContain(undefined);
  });
});

test.each<[RunState, boolean, boolean]>([
  ['submitted', false, false],
  ['working', false, false],
  ['input-required', true, false],
  ['auth-required', true, false],
  ['completed', true, true],
  ['failed', true, true],
  ['canceled', true, true],
  ['rejected', true, true],
])('%s: resting %s, terminal %s', (state, resting, terminal) => {
  expect([isResting(state), isTerminal(state)]).toEqual([resting, terminal]);
});
