import { expect, test } from '@jest/globals';
import { meaningfulStems, stem, wordsOf } from '../../../src/llm/offline/words.ts';

test.each([
  ['refund', 'refunds', 'refunded', 'refunding'],
  ['ship', 'ships', 'shipped', 'shipping'],
  ['price', 'prices', 'pricing', 'priced'],
  ['policy', 'policies'],
  ['box', 'boxes'],
  ['call', 'calls', 'called', 'calling'],
  ['configure', 'configures', 'configured', 'configuration'],
  ['status'],
])('the forms of %s have one stem', (...forms) => {
  expect(new Set(forms.map(stem)).size).toBe(1);
});

test('different words keep different stems', () => {
  const words = ['order', 'refund', 'ship', 'status', 'state', 'deliver', 'need', 'bus', 'process'];
  expect(new Set(words.map(stem)).size).toBe(words.length);
});

test('names are taken apart and what says nothing is left out', () => {
  expect(wordsOf('getOrder_status A-1001')).toEqual(['get', 'order', 'status', 'a', '1001']);
  expect([...meaningfulStems('Where is my order, and why?')]).toEqual(['order']);
});
