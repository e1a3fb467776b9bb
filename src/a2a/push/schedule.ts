const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Before each try, in milliseconds; so many tries are made. */
export const defaultDelaysMs: readonly number[] = [
  0,
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  2 * hour,
  6 * hour,
];

/** Receivers that come back at the same time are not all called in the same moment. */
const spread = 0.2;
const longestRetryAfterMs = 24 * hour;

/**
 * How long to wait for the next try, in milliseconds; undefined: it was the last one.
 * @param tries how many have failed, from 1
 * @param retryAfterMs what the receiver asked for: never shorter than that, at most 24 hours
 * @param random from 0 to 1
 */
export function nextDelayMs(
  tries: number,
  retryAfterMs: number | undefined,
  { delaysMs, random }: { delaysMs: readonly number[]; random: () => number },
): number | undefined {
  const delay = delaysMs[tries];
  if (delay === undefined) return undefined;
  const spreadDelay = delay * (1 + spread * (2 * random() - 1));
  return Math.round(Math.max(spreadDelay, Math.min(retryAfterMs ?? 0, longestRetryAfterMs)));
}

/** `Retry-After` (RFC 9110 §10.2.3), seconds or a date, in milliseconds from `now`; undefined for anything else. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * second;
  const time = /^[A-Z][a-z]{2,8}[, ]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}
