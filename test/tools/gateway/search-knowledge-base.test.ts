import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSearchKnowledgeBaseTool } from '../../../src/tools/gateway/search-knowledge-base.ts';
import type { Tool } from '../../../src/tools/tool.ts';
import { toolCall } from '../../support/scripted-tool.ts';

let folder: string;
let tool: Tool;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'knowledge-bases-'));
  for (const name of ['guide', 'policies', 'empty']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'guide', 'a.md'), '# Mug care\n\nA mug likes soap.\n\n# Lamps\n\nNo soap.\n');
  await writeFile(join(folder, 'policies', 'b.md'), '# Mug returns\n\nA mug may come back.\n');
  tool = createSearchKnowledgeBaseTool(
    ['guide', 'policies', 'empty', 'gone'].map((name) => ({ name, folder: join(folder, name) })),
  );
});

afterAll(async () => await rm(folder, { recursive: true }));

async function search(args: Record<string, unknown>): Promise<string> {
  return (await tool.execute(toolCall(args))).text;
}

describe('search_knowledge_base', () => {
  test('searches one source', async () => {
    expect(await search({ query: 'mug', source: 'policies' })).toBe(
      '[1] policies/b.md — Mug returns\nA mug may come back.',
    );
    expect(await search({ query: 'zebra', source: 'guide' })).toBe('Nothing matches "zebra".');
    expect(await search({ query: 'mug', source: 'empty' })).toBe('Nothing matches "mug".');
  });

  test('searches all sources in turn', async () => {
    const both = createSearchKnowledgeBaseTool(
      ['guide', 'policies'].map((name) => ({ name, folder: join(folder, name) })),
    );
    const { text } = await both.execute(toolCall({ query: 'mug soap' }));
    expect(text.match(/^\[\d\] \S+/gm)).toEqual(['[1] guide/a.md', '[2] policies/b.md', '[3] guide/a.md']);
    const { text: first } = await both.execute(toolCall({ query: 'mug soap', limit: 1 }));
    expect(first).toMatch(/^\[1\] guide\/a\.md — Mug care\n[^[]*$/);
  });

  test('says which source cannot be read', async () => {
    await expect(search({ query: 'mug', source: 'gone' })).rejects.toThrow(
      'The documents of gone cannot be read.',
    );
  });

  test('knows its sources and no others', () => {
    expect(tool.validate({ query: 'mug', source: 'gone' })).toEqual([]);
    expect(tool.validate({ query: 'mug', source: '../etc' })).toEqual([
      expect.stringContaining('source must be one of'),
    ]);
    expect(tool.validate({ query: 'mug', limit: 21 }).length).toBe(1);
  });
});
