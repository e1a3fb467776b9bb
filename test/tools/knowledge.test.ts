import { toolCall } from '../support/scripted-tool.ts';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { listKnowledgeFiles } from '../../src/tools/knowledge/knowledge-files.ts';
import { KnowledgeIndex } from '../../src/tools/knowledge/knowledge-index.ts';
import { createKnowledgeTool } from '../../src/tools/knowledge/knowledge-tool.ts';
import { ToolError } from '../../src/tools/tool.ts';
import type { ToolResult } from '../../src/tools/tool.ts';

let folder = '';
let outside = '';

async function write(path: string, content: string): Promise<void> {
  const target = join(folder, path);
  await mkdir(join(target, '..'), { recursive: true });
  await writeFile(target, content);
}

function search(query: string, limit?: number, signal = new AbortController().signal): Promise<ToolResult> {
  const tool = createKnowledgeTool({ name: 'search', type: 'knowledge', source: folder, topK: 3 });
  return tool.execute(toolCall({ query, ...(limit && { limit }) }, { signal }));
}

async function found(index: KnowledgeIndex, query: string): Promise<string[]> {
  return (await index.search(query, 10)).map(({ path }) => path);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'knowledge-'));
  outside = await mkdtemp(join(tmpdir(), 'outside-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
  await rm(outside, { recursive: true });
});

describe('the tool', () => {
  test('answers with numbered excerpts that name their source', async () => {
    await write(
      'guide/returns.md',
      '# Returns\n\n## Time limit\n\nThirty days.\n\n## Cost\n\nReturns cost nothing.',
    );
    await write('hours.txt', 'We open at nine.');
    const result = await search('how long is the time limit for returns?');
    const name = basename(folder);
    expect(result.summary).toBe('2 passages found');
    expect(result.text).toBe(
      `[1] ${name}/guide/returns.md — Time limit\nThirty days.\n\n` +
        `[2] ${name}/guide/returns.md — Cost\nReturns cost nothing.`,
    );
    expect(await search('nine')).toEqual({
      text: `[1] ${name}/hours.txt\nWe open at nine.`,
      summary: '1 passage found',
    });
  });

  test('forgives word endings, typing errors and accents', async () => {
    await write('a.md', 'A refund takes five days. Le café est ouvert.');
    for (const query of ['refunds', 'refnd', 'REFU', 'cafe'])
      expect((await search(query)).summary).toMatch(/^1 /);
  });

  test('puts a passage whose heading matches first', async () => {
    await write('a.md', '# Delivery\n\nWe ship daily, see also warranty.');
    await write('b.md', '# Warranty\n\nTwo years on lamps.');
    expect((await search('warranty')).text).toMatch(/^\[1\] \S+\/b\.md — Warranty/);
  });

  test('says plainly that nothing matches', async () => {
    await write('a.md', 'The shop sells lamps in the city.');
    const result = await search('what is the weather on mars');
    expect(result.text).toBe(`Nothing in ${basename(folder)} matches "what is the weather on mars".`);
    expect(result.summary).toBe('No passages found');
  });

  test('keeps to the limit of the call, else of its definition', async () => {
    await write('a.md', Array.from({ length: 30 }, (_, index) => `# Lamp ${index}\n\nlamp`).join('\n'));
    expect((await search('lamp')).summary).toBe('3 passages found');
    expect((await search('lamp', 20)).summary).toBe('20 passages found');
  });

  test('validates its arguments', () => {
    const tool = createKnowledgeTool({ name: 'search', type: 'knowledge', source: folder, topK: 3 });
    expect(tool.validate({ query: 'a', limit: 20 })).toEqual([]);
    expect(tool.validate({})).toEqual(['query is required']);
    for (const args of [
      { query: '' },
      { query: 'a'.repeat(1001) },
      { query: 'a', limit: 21 },
      { query: 'a', x: 1 },
    ]) {
      expect(tool.validate(args)).toHaveLength(1);
    }
    expect(tool.sideEffects).toBe(false);
  });

  test('names a folder that is not there, and finds it once it is', async () => {
    const source = join(folder, 'later');
    const tool = createKnowledgeTool({ name: 'search', type: 'knowledge', source, topK: 3 });
    const call = toolCall({ query: 'lamp' });
    const error: unknown = await tool.execute(call).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolError);
    expect((error as Error).message).toBe('The documents in later cannot be read.');
    await write('later/a.md', 'lamp');
    expect((await tool.execute(call)).summary).toBe('1 passage found');
  });

  test('ends with the reason of the signal', async () => {
    await write('a.md', 'lamp');
    const stop = new AbortController();
    const running = search('lamp', 1, stop.signal);
    stop.abort(new Error('canceled'));
    await expect(running).rejects.toThrow('canceled');
    await expect(search('lamp', 1, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });
});

describe('the index', () => {
  test('follows files that are added, changed and removed', async () => {
    await write('a.md', 'lamp');
    const index = new KnowledgeIndex(folder, 0);
    expect(await found(index, 'lamp')).toEqual(['a.md']);
    await write('b.md', 'lamp and more');
    expect((await found(index, 'lamp')).sort()).toEqual(['a.md', 'b.md']);
    await write('a.md', 'candle light');
    expect(await found(index, 'lamp')).toEqual(['b.md']);
    expect(await found(index, 'candle')).toEqual(['a.md']);
    await rm(join(folder, 'b.md'));
    expect(await found(index, 'lamp')).toEqual([]);
  });

  test('is not looked up again within its interval', async () => {
    await write('a.md', 'lamp');
    const index = new KnowledgeIndex(folder, 60_000);
    expect(await found(index, 'lamp')).toEqual(['a.md']);
    await write('b.md', 'lamp');
    expect(await found(index, 'lamp')).toEqual(['a.md']);
  });

  test('is built once for all who ask at first', async () => {
    await write('a.md', 'lamp');
    const index = new KnowledgeIndex(folder, 0);
    const first = index.search('lamp', 1);
    await Promise.all([first, ...Array.from({ length: 20 }, () => index.search('lamp', 1))]).then(
      (results) => {
        // Passages of one build are the same objects.
        expect(new Set(results.map(([passage]) => passage)).size).toBe(1);
      },
    );
  });
});

describe('the files', () => {
  test('are Markdown, text and JSON; hidden ones and links that leave the folder are not read', async () => {
    await write('b.md', 'b');
    await write('a/c.TXT', 'c');
    await write('a/d.json', '{}');
    await write('a/image.png', 'no');
    await write('.git/e.md', 'no');
    await write('.hidden.md', 'no');
    await write('..data/f.md', 'linked from within, as a mounted volume does');
    await writeFile(join(outside, 'secret.md'), 'no');
    await symlink(join(outside, 'secret.md'), join(folder, 'secret.md'));
    await symlink(outside, join(folder, 'elsewhere'));
    await symlink(join(folder, 'nowhere'), join(folder, 'broken.md'));
    await symlink(folder, join(folder, 'a', 'loop'));
    await symlink(join(folder, '..data', 'f.md'), join(folder, 'f.md'));
    const files = await listKnowledgeFiles(folder);
    expect(files.map(({ path }) => path)).toEqual(['a/c.TXT', 'a/d.json', 'b.md', 'f.md']);
  });

  test('keep to the limits', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await write(`${name}.md`, name.repeat(100));
    await write('large.md', 'x'.repeat(200));
    const names = async (files: number, bytes: number): Promise<string[]> =>
      (await listKnowledgeFiles(folder, { files, bytesPerFile: 150, bytes })).map(({ path }) => path);
    expect(await names(10, 10_000)).toEqual(['a.md', 'b.md', 'c.md', 'd.md']);
    expect(await names(2, 10_000)).toEqual(['a.md', 'b.md']);
    expect(await names(10, 350)).toEqual(['a.md', 'b.md', 'c.md']);
  });
});
