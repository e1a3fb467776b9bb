import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { IdleWatch } from '../../src/llm/idle-watch.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function watch(caller = new AbortController().signal): IdleWatch {
  return new IdleWatch(1000, caller);
}

test('expires when nothing came for the whole time', () => {
  const idle = watch();
  jest.advanceTimersByTime(999);
  expect([idle.expired, idle.signal.aborted]).toEqual([false, false]);
  jest.advanceTimersByTime(1);
  expect([idle.expired, idle.signal.aborted]).toEqual([true, true]);
});

test('starts anew with each resume, and a slow reader does not make the provider late', () => {
  const idle = watch();
  jest.advanceTimersByTime(900);
  idle.pause();
  jest.advanceTimersByTime(5000);
  expect(idle.expired).toBe(false);
  idle.resume();
  jest.advanceTimersByTime(900);
  expect(idle.expired).toBe(false);
  jest.advanceTimersByTime(100);
  expect(idle.expired).toBe(true);
});

test('passes the abort of the caller on, which is no expiry', () => {
  const caller = new AbortController();
  const idle = watch(caller.signal);
  caller.abort();
  expect([idle.expired, idle.signal.aborted]).toEqual([false, true]);
  expect(watch(caller.signal).signal.aborted).toBe(true);
});

test('is silent once it is closed', () => {
  const caller = new AbortController();
  const idle = watch(caller.signal);
  idle.close();
  jest.advanceTimersByTime(2000);
  caller.abort();
  expect([idle.expired, idle.signal.aborted]).toEqual([false, false]);
  expect(jest.getTimerCount()).toBe(0);
});
