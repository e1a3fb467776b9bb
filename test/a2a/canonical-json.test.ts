import { describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../../src/a2a/canonical-json.ts';
import type { Json } from '../../src/runs/message.ts';

describe('canonicalJson (RFC 8785)', () => {
  test.each<[string, Json, string]>([
    ['sorts members at every depth', { b: [{ d: 1, c: 2 }], a: null }, '{"a":null,"b":[{"c":2,"d":1}]}'],
    ['sorts names of digits as texts', { 9: 1, 10: 2 }, '{"10":2,"9":1}'],
    // The RFC's example (§3.2.3): UTF-16 code units, not code points.
    [
      'sorts by code units',
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 },
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    ],
    [
      'writes numbers as ECMAScript does',
      [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0],
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    ],
    ['escapes what must be', '\u20ac$\u000f\nA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    ['keeps what is empty', { a: [], b: {}, c: '', d: false }, '{"a":[],"b":{},"c":"","d":false}'],
  ])('%s', (_what, value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });
});
