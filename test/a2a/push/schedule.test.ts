import { describe, expect, test } from '@jest/globals';
import { defaultDelaysMs, nextDelayMs, retryAfterMs } from '../../../src/a2a/push/schedule.ts';

const middle = { delaysMs: defaultDelaysMs, random: () => 0.5 };
const seconds = (delay: number | undefined): number | undefined => delay && delay / 1000;

describe('the schedule', () => {
  test('is 0 s, 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 6 h, and then no more', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((tries) => seconds(nextDelayMs(tries, undefined, middle)));
    expect(defaultDelaysMs[0]).toBe(0);
    expect(delays).toEqual([5, 30, 120, 600, 1800, 7200, 21_600, undefined]);
  });

  test('is spread by a fifth to both sides', () => {
    const at = (random: number) => nextDelayMs(2, undefined, { ...middle, random: () => random });
    expect([at(0), at(1)]).toEqual([24_000, 36_000]);
  });

  test('heeds what the receiver asks for, where that is longer, up to a day', () => {
    expect(nextDelayMs(1, 60_000, middle)).toBe(60_000);
    expect(nextDelayMs(1, 1000, middle)).toBe(5000);
    expect(nextDelayMs(1, 1e12, middle)).toBe(86_400_000);
    expect(nextDelayMs(8, 60_000, middle)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  test.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Wed, 25 Nov 2026 12:00:30 GMT', 30_000],
    ['Wed, 25 Nov 2026 11:59:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('%j', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
