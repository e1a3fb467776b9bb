import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createFailureLimit, networkOf } from '../../src/auth/failure-limit.ts';
import type { FailureLimit } from '../../src/auth/failure-limit.ts';

async function countTimes(limit: FailureLimit, address: string, times: number): Promise<void> {
  for (let attempt = 0; attempt < times; attempt += 1) await limit.count(address);
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('createFailureLimit', () => {
  test('ten a minute, then rate_limited with the seconds to wait, then anew', async () => {
    const limit = createFailureLimit();
    await countTimes(limit, '192.0.2.1', 10);
    jest.advanceTimersByTime(20_000);
    await expect(limit.count('192.0.2.1')).rejects.toMatchObject({
      name: 'Problem',
      reason: 'rate_limited',
      retryAfterSeconds: 40,
    });
    jest.advanceTimersByTime(40_000);
    await expect(limit.count('192.0.2.1')).resolves.toBeUndefined();
  });

  test('addresses are limited apart, IPv6 by /64', async () => {
    const limit = createFailureLimit();
    await countTimes(limit, '2001:db8:0:1::1', 10);
    await expect(limit.count('2001:db8:0:1:ffff::9')).rejects.toMatchObject({ reason: 'rate_limited' });
    await expect(limit.count('2001:db8:0:2::1')).resolves.toBeUndefined();
    await expect(limit.count('192.0.2.1')).resolves.toBeUndefined();
  });

  test('memory is bounded: the network idle longest is forgotten, a busy one is not', async () => {
    const limit = createFailureLimit(2);
    await countTimes(limit, '192.0.2.1', 10);
    await countTimes(limit, '192.0.2.2', 10);
    await expect(limit.count('192.0.2.1')).rejects.toMatchObject({ reason: 'rate_limited' });
    await limit.count('192.0.2.3');
    await expect(limit.count('192.0.2.1')).rejects.toMatchObject({ reason: 'rate_limited' });
    await expect(limit.count('192.0.2.2')).resolves.toBeUndefined();
  });
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['2001:DB8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['unknown', 'unknown'],
  ['', ''],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
