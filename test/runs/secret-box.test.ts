import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { SecretBox } from '../../src/runs/secret-box.ts';

const key = randomBytes(32);
const box = new SecretBox(key);
const values = {
  token: 'sésame \ud83d\ude00 \u0000',
  pin: 1234,
  nested: { list: [null, true, 1.5] },
  '': 'no name',
};

test('what is sealed is opened by the same key', () => {
  expect(new SecretBox(key).open(box.seal(values))).toEqual(values);
  expect(box.open(box.seal({}))).toEqual({});
});

test('it shows nothing of what it holds, and two of the same are different', () => {
  const [one, two] = [box.seal(values), box.seal(values)];
  expect(one).not.toBe(two);
  const bytes = Buffer.from(one, 'base64').toString('latin1');
  for (const clear of ['token', 'sésame', 'pin', '1234']) expect(bytes).not.toContain(clear);
});

test('another key opens nothing', () => {
  expect(() => new SecretBox(randomBytes(32)).open(box.seal(values))).toThrow();
});

test('a change of any byte is noticed', () => {
  const bytes = Buffer.from(box.seal(values), 'base64');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => box.open(changed.toString('base64'))).toThrow();
  }
});

test('so is a cut at any place, or something more', () => {
  const bytes = Buffer.from(box.seal(values), 'base64');
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => box.open(bytes.subarray(0, length).toString('base64'))).toThrow();
  }
  expect(() => box.open(Buffer.concat([bytes, Buffer.from('x')]).toString('base64'))).toThrow();
});

test.each([0, 16, 31, 33])('a key of %d bytes is refused', (length) => {
  expect(() => new SecretBox(Buffer.alloc(length))).toThrow('32 bytes');
});
