import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type CoveringTest } from './coverage.ts';
import { coverage, requirements } from './requirements.ts';

const sources = new Map<string, string>();

/** The text of a test file, without the lines that are comments. */
function sourceOf(file: string): string {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8').replaceAll(
    /^\s*(\/\/|\/?\*).*$/gm,
    '',
  );
  sources.set(file, text);
  return text;
}

/** Whether the file has a test, or a group of them, with this title: the first of several arguments of a call. */
function isThere({ file, title, row }: CoveringTest): boolean {
  const source = sourceOf(file);
  const isTitle = new RegExp(`\\(\\s*${literalOf(title)},`);
  return isTitle.test(source) && (row === undefined || new RegExp(literalOf(row)).test(source));
}

/** A pattern for the text as a string of the language. */
function literalOf(text: string): string {
  return `['"\`]${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}['"\`]`;
}

describe('every requirement of the list', () => {
  test('is one of 129, each with an entry, and there is no entry without one', () => {
    const ids = requirements.map(({ id }) => id);
    expect(new Set(ids).size).toBe(129);
    expect([...coverage.keys()].toSorted()).toEqual(ids.toSorted());
  });

  test('that is a MUST is shown by a test, but for what no server can show', () => {
    const open = requirements.filter(
      ({ id, level }) => level === 'MUST' && !coverage.get(id)?.coveredBy?.length,
    );
    expect(open.map(({ id }) => id)).toEqual(['AUTH-TLS-001']);
  });

  test('that is not shown says why', () => {
    const reasons = [...coverage].flatMap(([id, { notShown }]) =>
      notShown === undefined ? [] : [[id, notShown]],
    );
    expect(reasons.map(([id]) => id)).toEqual(['AUTH-TLS-001', 'AUTH-TLS-002', 'AUTH-SERVER-001']);
    for (const [, reason] of reasons) expect(reason).toMatch(/^Of the (deployment|clients)/);
  });

  test.each(requirements)('$level $id is shown by tests that are there', ({ id }) => {
    expect(coverage.get(id)?.coveredBy?.filter((one) => !isThere(one)) ?? []).toEqual([]);
  });

  test('is shown by tests that are run', () => {
    const files = new Set(
      [...coverage.values()].flatMap((one) => one.coveredBy ?? []).map(({ file }) => file),
    );
    for (const file of files)
      expect(sourceOf(file)).not.toMatch(/\.(skip|only|todo|failing)\b|\bx(it|test|describe)\(/);
  });
});

describe('the check', () => {
  const file = 'conformance/requirements.test.ts';
  test.each([['a title that there is not'], ['AUTH-TLS-002']])('finds no test called %j', (title) => {
    expect(isThere({ file, title })).toBe(false);
  });

  test('finds this one, and no row that there is not', () => {
    const title = ['finds this one', 'and no row that there is not'].join(', ');
    expect(isThere({ file, title })).toBe(true);
    expect(isThere({ file, title, row: ['no', 'such', 'row'].join(' ') })).toBe(false);
  });
});
