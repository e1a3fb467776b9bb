import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KnowledgeToolDefinition } from '../../../src/agents/tool-types/knowledge.ts';
import { fulfils, type Condition } from '../../../src/tools/knowledge/conditions.ts';
import { pathFields, toFields } from '../../../src/tools/knowledge/fields.ts';
import { ToolError } from '../../../src/tools/tool.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { KnowledgeFolder } from './knowledge-folder.ts';

let folder: KnowledgeFolder;

beforeEach(async () => {
  folder = await KnowledgeFolder.create();
  const front = (fields: string): string => `---\n${fields}\n---\nA lamp.`;
  await folder.write('en/old.md', front('product: Desk Lamp\nvalid: 2024-03-01\ntags: [a, b]\ntenant: one'));
  await folder.write('en/new.md', front('product: Floor lamp\nvalid: 2026-06-30\ntags: [b]\ntenant: two'));
  await folder.write('de/plain.md', 'A lamp, too.');
  const records = [
    { name: 'Lamp X', price: 49, stock: true, tenant: 'one' },
    { name: 'Lamp Y', price: 99, stock: false, tenant: 'two' },
  ];
  await folder.write('de/list.json', JSON.stringify(records));
});

afterEach(async () => {
  await folder.remove();
});

const filters: NonNullable<KnowledgeToolDefinition['filters']> = {
  product: { type: 'string', description: 'The product.' },
  valid: { type: 'date' },
  tags: { type: 'string', values: ['a', 'b'] },
  price: { type: 'number' },
  stock: { type: 'boolean' },
  folder: { type: 'string' },
  extension: { type: 'string' },
};

interface Wanted {
  given?: Record<string, unknown>;
  where?: KnowledgeToolDefinition['where'];
  context?: Record<string, unknown>;
}

/** The files (and records) that a search for "lamp" finds. */
async function found({ given, where, context = {} }: Wanted): Promise<string[]> {
  const tool = folder.tool({ filters, topK: 20, ...(where && { where }) });
  const args = { query: 'lamp', ...(given && { filters: given }) };
  expect(tool.validate(args)).toEqual([]);
  const { text } = await tool.execute(toolCall(args, { context }));
  const titles = [...text.matchAll(/^\[\d+\] [^/]+\/([^:]+):[\d-]+(?: — (.*))?$/gm)];
  return titles.map(([, path, heading]) => heading ?? path ?? '').toSorted();
}

const everything = ['Lamp X', 'Lamp Y', 'de/plain.md', 'en/new.md', 'en/old.md'];

describe('filters of the model', () => {
  test.each<[string, Record<string, unknown> | undefined, string[]]>([
    ['nothing', undefined, everything],
    ['a text, whatever its case', { product: 'desk lamp' }, ['en/old.md']],
    ['one of several', { product: ['Desk lamp', 'Floor lamp'] }, ['en/new.md', 'en/old.md']],
    ['a value of a list', { tags: 'a' }, ['en/old.md']],
    ['from a day', { valid: { from: '2026-01-01' } }, ['en/new.md']],
    ['to a day, inclusive', { valid: { to: '2024-03-01' } }, ['en/old.md']],
    ['a day', { valid: '2026-06-30' }, ['en/new.md']],
    ['a number', { price: 49 }, ['Lamp X']],
    ['a range of numbers', { price: { from: 50, to: 99 } }, ['Lamp Y']],
    ['a boolean', { stock: false }, ['Lamp Y']],
    ['the folder', { folder: 'de' }, ['Lamp X', 'Lamp Y', 'de/plain.md']],
    ['the type of file', { extension: 'md' }, ['de/plain.md', 'en/new.md', 'en/old.md']],
    ['several fields', { tags: 'b', valid: { from: '2026-01-01' } }, ['en/new.md']],
    ['what nothing has', { product: 'Bed' }, []],
  ])('%s', async (_case, given, expected) => {
    expect(await found(given ? { given } : {})).toEqual(expected);
  });

  test('are validated: fields, types and values', () => {
    const tool = folder.tool({ filters });
    const problems = (given: object): string[] => tool.validate({ query: 'lamp', filters: given });
    expect(problems({ tenant: 'one' })).toEqual(['filters.tenant is not a known parameter']);
    for (const given of [
      { price: '49' },
      { valid: 'yesterday' },
      { tags: 'c' },
      { tags: [] },
      { price: {} },
      { product: { from: 'a' } },
      { stock: 'yes' },
    ]) {
      expect(problems(given).length).toBeGreaterThan(0);
    }
    expect(folder.tool().validate({ query: 'lamp', filters: {} })).toEqual([
      'filters is not a known parameter',
    ]);
  });
});

describe('fixed filters', () => {
  test.each<[string, Wanted, string[]]>([
    ['a value', { where: { tenant: 'one' } }, ['Lamp X', 'en/old.md']],
    ['a value, exactly', { where: { tenant: 'One' } }, []],
    ['several', { where: { tenant: ['one', 'two'], folder: 'en' } }, ['en/new.md', 'en/old.md']],
    ['a number', { where: { price: 99 } }, ['Lamp Y']],
    [
      'a context value',
      { where: { tenant: { context: 'tenant' } }, context: { tenant: 'two' } },
      ['Lamp Y', 'en/new.md'],
    ],
    [
      'a context value that is a list',
      { where: { tenant: { context: 'tenants' } }, context: { tenants: ['two', 'three'] } },
      ['Lamp Y', 'en/new.md'],
    ],
    [
      'together with those of the model',
      { where: { tenant: 'one' }, given: { tags: 'b' }, context: {} },
      ['en/old.md'],
    ],
  ])('%s', async (_case, wanted, expected) => {
    expect(await found(wanted)).toEqual(expected);
  });

  test('cannot be widened by the model', async () => {
    const given = { product: ['Desk lamp', 'Floor lamp'], folder: 'en' };
    expect(await found({ where: { tenant: 'one', folder: 'en' }, given })).toEqual(['en/old.md']);
  });

  test.each([{}, { tenant: null }, { tenant: { a: 1 } }, { tenant: [['one']] }])(
    'find nothing when their context value is missing or no value: %j',
    async (context) => {
      const tool = folder.tool({ where: { tenant: { context: 'tenant' } } });
      const error: unknown = await tool
        .execute(toolCall({ query: 'lamp' }, { context }))
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ToolError);
      expect((error as Error).message).toBe(
        'This search needs the context value tenant, which is not given.',
      );
    },
  );

  test('a document cannot lie about its path', async () => {
    await folder.write('de/liar.md', '---\nfolder: secret\nextension: pdf\n---\nA lamp.');
    expect(await found({ where: { folder: 'secret' } })).toEqual([]);
  });
});

describe('fields', () => {
  test('of a path', () => {
    expect(pathFields('a/b/C.Tar.MD')).toEqual({
      path: 'a/b/C.Tar.MD',
      file: 'C.Tar.MD',
      extension: 'md',
      folder: ['a', 'a/b'],
    });
    expect(pathFields('c.md')['folder']).toEqual([]);
  });

  test('are bounded', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, index]));
    expect(Object.keys(toFields(many))).toHaveLength(64);
    expect(toFields({ long: 'x'.repeat(257), list: Array(50).fill(1), none: null })).toEqual({
      list: Array(32).fill(1),
    });
  });

  test('that every object has are not those of a document', () => {
    const condition: Condition = { field: 'constructor', wanted: 'x' };
    expect(fulfils({}, [condition])).toBe(false);
    expect(fulfils({}, [{ field: 'toString', wanted: { from: 0 } }])).toBe(false);
  });
});
