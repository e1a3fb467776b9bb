import { expect, test } from '@jest/globals';
import { cursorOf, readCursor } from '../../src/a2a/list-cursor.ts';
import { acceptedSnapshot } from '../../src/runs/writer.ts';
import { runRecord } from '../stores/run-samples.ts';

function token(text: string): string {
  return Buffer.from(text).toString('base64url');
}

test.each([0, 1, Date.now(), 8_640_000_000_000_000])('a position at %d is read back', (stateAt) => {
  const record = runRecord();
  const cursor = cursorOf({ record, snapshot: acceptedSnapshot(stateAt) });
  expect(readCursor(cursor)).toEqual({ stateAt, id: record.id });
  expect(encodeURIComponent(cursor)).toBe(cursor);
});

test.each([
  '',
  'abc',
  '%',
  '\u0000',
  token(''),
  token('1'),
  token('1 '),
  token(' a'),
  token('1  a'),
  token('-1 a'),
  token('1.5 a'),
  token('1e3 a'),
  token('NaN a'),
  token('1 a b'),
  token("1 a'; --"),
  token('1 a\n'),
  token(`1 ${'a'.repeat(65)}`),
  token('12345678901234567 a'),
])('%j is none of ours', (cursor) => {
  expect(() => readCursor(cursor)).toThrow(
    expect.objectContaining({
      reason: 'invalid_request',
      details: { fields: { pageToken: expect.any(String) } },
    }),
  );
});
