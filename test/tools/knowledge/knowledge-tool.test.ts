import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { knowledgeLimits, listKnowledgeFiles } from '../../../src/tools/knowledge/knowledge-files.ts';
import { ToolError } from '../../../src/tools/tool.ts';
import type { ToolResult } from '../../../src/tools/tool.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { KnowledgeFolder } from './knowledge-folder.ts';

let folder: KnowledgeFolder;

async function write(path: string, content: string): Promise<void> {
  await folder.write(path, content);
}

function search(query: string, limit?: number, signal = new AbortController().signal): Promise<ToolResult> {
  return folder.tool().execute(toolCall({ query, ...(limit && { limit }) }, { signal }));
}

beforeEach(async () => {
  folder = await KnowledgeFolder.create();
});

afterEach(async () => {
  await folder.remove();
});

describe('the tool', () => {
  test('answers with numbered excerpts that name their source', async () => {
    await write(
      'guide/returns.md',
      '# Returns\n\n## Time limit\n\nThirty days.\n\n## Cost\n\nReturns cost nothing.',
    );
    await write('hours.txt', 'We open at nine.');
    const result = await search('how long is the time limit for returns?');
    const { name } = folder;
    expect(result.summary).toBe('2 passages found');
    expect(result.text).toBe(
      `[1] ${name}/guide/returns.md:5 — Time limit\nThirty days.\n\n` +
        `[2] ${name}/guide/returns.md:9 — Cost\nReturns cost nothing.`,
    );
    await write('more.txt', 'Late opening:\n\non Fridays\nuntil ten.');
    await folder.open().refresh();
    expect((await search('ten')).text).toBe(
      `[1] ${name}/more.txt:1-4\nLate opening:\n\non Fridays\nuntil ten.`,
    );
  });

  test('tells the probe where the passages are, and which words matched', async () => {
    await write(
      'hours.txt',
      'We open at nine.\nWe close at **six** on Fridays, and on Friday nights at ten.',
    );
    const { detail } = await search('open on friday');
    expect(detail).toEqual({
      mode: 'words',
      passages: [
        {
          source: `${folder.name}/hours.txt`,
          line: 1,
          endLine: 2,
          score: expect.any(Number),
          excerpt:
            'We **open** at nine. We close at **six** on **Fridays**, and on **Friday** nights at ten.',
        },
      ],
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
    expect((await search('warranty')).text).toMatch(/^\[1\] \S+\/b\.md:3 — Warranty/);
  });

  test('says plainly that nothing matches', async () => {
    await write('a.md', 'The shop sells lamps in the city.');
    const result = await search('what is the weather on mars');
    expect(result.text).toBe(`Nothing in ${folder.name} matches "what is the weather on mars".`);
    expect(result.summary).toBe('No passages found');
  });

  test('keeps to the limit of the call, else of its definition', async () => {
    await write('a.md', Array.from({ length: 30 }, (_, index) => `# Lamp ${index}\n\nlamp`).join('\n'));
    expect((await search('lamp')).summary).toBe('3 passages found');
    expect((await search('lamp', 20)).summary).toBe('20 passages found');
  });

  test('validates its arguments', () => {
    const tool = folder.tool();
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
    const tool = folder.tool({ source: join(folder.path, 'later') });
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

describe('the files', () => {
  test('are documents; hidden ones and links that leave the folder are not read', async () => {
    await write('b.md', 'b');
    await write('a/c.TXT', 'c');
    await write('a/d.json', '{}');
    await write('a/image.png', 'no');
    await write('e.html', 'e');
    await write('g.PDF', 'g');
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    await write('.git/e.md', 'no');
    await write('.hidden.md', 'no');
    await write('..data/f.md', 'linked from within, as a mounted volume does');
    await writeFile(join(outside, 'secret.md'), 'no');
    await symlink(join(outside, 'secret.md'), join(folder.path, 'secret.md'));
    await symlink(outside, join(folder.path, 'elsewhere'));
    await symlink(join(folder.path, 'nowhere'), join(folder.path, 'broken.md'));
    await symlink(folder.path, join(folder.path, 'a', 'loop'));
    await symlink(join(folder.path, '..data', 'f.md'), join(folder.path, 'f.md'));
    const { files, leftOut } = await listKnowledgeFiles(folder.path);
    expect(files.map(({ path }) => path)).toEqual(['a/c.TXT', 'a/d.json', 'b.md', 'e.html', 'f.md', 'g.PDF']);
    expect(leftOut).toEqual([]);
    await rm(outside, { recursive: true });
  });

  test('keep to the limits', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await write(`${name}.md`, name.repeat(100));
    await write('large.md', 'x'.repeat(200));
    await write('large.pdf', 'x'.repeat(200));
    const names = async (files: number, bytes: number): Promise<[string[], string[]]> => {
      const limits = { ...knowledgeLimits, files, bytesPerFile: 150, bytes };
      const { files: found, leftOut } = await listKnowledgeFiles(folder.path, limits);
      return [found.map(({ path }) => path), leftOut];
    };
    expect(await names(10, 10_000)).toEqual([['a.md', 'b.md', 'c.md', 'd.md', 'large.pdf'], ['large.md']]);
    expect(await names(2, 10_000)).toEqual([
      ['a.md', 'b.md'],
      ['c.md', 'd.md', 'large.md', 'large.pdf'],
    ]);
    expect(await names(10, 350)).toEqual([
      ['a.md', 'b.md', 'c.md', 'large.pdf'],
      ['d.md', 'large.md'],
    ]);
  });
});
