import { expect, test } from '@jest/globals';
import { costUsd } from '../../src/llm/pricing.ts';

test('the cost is per million tokens, each kind by its own price', () => {
  const price = { inputPerMillion: 2, outputPerMillion: 8 };
  expect(costUsd({ promptTokens: 500_000, completionTokens: 250_000 }, price)).toBe(3);
  expect(costUsd({ promptTokens: 0, completionTokens: 0 }, price)).toBe(0);
});

test('without a price there is no cost, which is not the same as nothing', () => {
  expect(costUsd({ promptTokens: 10, completionTokens: 10 }, undefined)).toBeUndefined();
});
