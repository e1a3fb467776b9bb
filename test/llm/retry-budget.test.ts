import { expect, test } from '@jest/globals';
import { RetryBudget } from '../../src/llm/retry-budget.ts';

function taken(budget: RetryBudget, tries: number): number {
  return Array.from({ length: tries }, () => budget.takeRetry()).filter(Boolean).length;
}

test('a few calls have the minimum, many a fifth of them', () => {
  const budget = new RetryBudget({ now: () => 0 });
  budget.countCall();
  expect(taken(budget, 10)).toBe(3);
  for (let call = 1; call < 50; call += 1) budget.countCall();
  expect(taken(budget, 50)).toBe(7);
});

test('a new window begins with a new budget', () => {
  let now = 0;
  const budget = new RetryBudget({ minimum: 1, windowMs: 1000, now: () => now });
  expect(taken(budget, 3)).toBe(1);
  now = 999;
  expect(taken(budget, 3)).toBe(0);
  now = 1000;
  expect(taken(budget, 3)).toBe(1);
});
