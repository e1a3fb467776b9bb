import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FolderIndex } from '../../../src/tools/knowledge/folder-index.ts';
import { PassageIndex } from '../../../src/tools/knowledge/passage-index.ts';
import { KnowledgeFolder } from './knowledge-folder.ts';

let folder: KnowledgeFolder;

beforeEach(async () => {
  folder = await KnowledgeFolder.create();
});

afterEach(async () => {
  await folder.remove();
});

async function found(query: string): Promise<string[]> {
  const { hits } = await folder.open().search(query, { limit: 20 });
  return hits.map(({ path }) => path).toSorted();
}

describe('while it is open', () => {
  test('files that are added, changed and removed are followed, and only they are read', async () => {
    await folder.write('a.md', 'lamp');
    await folder.write('same.md', 'lamp too');
    expect(await found('lamp')).toEqual(['a.md', 'same.md']);
    expect(await folder.indexedBy(() => folder.write('b.md', 'lamp and more'))).toMatchObject({
      files: 3,
      passages: 3,
      added: 1,
      removed: 0,
    });
    expect(await found('lamp')).toEqual(['a.md', 'b.md', 'same.md']);
    expect(await folder.indexedBy(() => folder.write('a.md', 'candle light'))).toMatchObject({
      added: 1,
      removed: 1,
    });
    expect(await found('lamp')).toEqual(['b.md', 'same.md']);
    expect(await found('candle')).toEqual(['a.md']);
    expect(await folder.indexedBy(() => rm(join(folder.path, 'b.md')))).toMatchObject({
      added: 0,
      removed: 1,
    });
    expect(await found('lamp')).toEqual(['same.md']);
  });

  test('a new folder in it is followed too, and a save by renaming', async () => {
    await folder.write('a.md', 'lamp');
    expect(await found('lamp')).toEqual(['a.md']);
    await folder.indexedBy(() => folder.write('deep/er/b.md', 'lamp'));
    expect(await found('lamp')).toEqual(['a.md', 'deep/er/b.md']);
    await folder.indexedBy(async () => {
      await folder.write('deep/er/b.tmp', 'candle');
      await rename(join(folder.path, 'deep/er/b.tmp'), join(folder.path, 'deep/er/b.md'));
    });
    expect(await found('candle')).toEqual(['deep/er/b.md']);
  });

  test('a folder that is taken away is told, and searched again once it is back', async () => {
    await folder.write('shop/a.md', 'lamp');
    const shop = folder.open({ folder: join(folder.path, 'shop') });
    expect((await shop.search('lamp', { limit: 1 })).hits).toHaveLength(1);
    await folder.loggedBy(/^The knowledge cannot be read/, () =>
      rename(join(folder.path, 'shop'), join(folder.path, 'gone')),
    );
    await expect(shop.search('lamp', { limit: 1 })).rejects.toThrow('ENOENT');
    await folder.write('shop/b.md', 'lamp');
    const { hits } = await shop.search('lamp', { limit: 5 });
    expect(hits.map(({ path }) => path)).toEqual(['b.md']);
  });
});

describe('the index', () => {
  test('is the same for all who search the folder', async () => {
    await folder.write('a.md', 'lamp');
    const [one, other] = [folder.open(), folder.open()];
    expect(one).toBe(other);
    expect(folder.open({ embeddings: { baseUrl: 'http://127.0.0.1:9', model: 'm' } })).not.toBe(one);
    await Promise.all(Array.from({ length: 20 }, () => found('lamp')));
    expect(folder.lines.filter(({ message }) => message.startsWith('The knowledge is indexed'))).toHaveLength(
      1,
    );
  });

  test('a search while it is brought up to date finds what it found before', async () => {
    await folder.write('a.md', 'lamp');
    await found('lamp');
    for (let index = 0; index < 50; index += 1) await folder.write(`b${index}.md`, 'lamp');
    await folder.write('a.md', 'candle');
    const updated = folder.open().refresh();
    expect(await found('lamp')).toEqual(['a.md']);
    await updated;
    expect(await found('lamp')).toHaveLength(20);
    expect(await found('candle')).toEqual(['a.md']);
  });

  test('has room for so many passages; what is left out is told once, and has its turn when there is room', async () => {
    await folder.write('a.md', '# One\nlamp\n# Two\nlamp');
    await folder.write('b.md', '# One\nlamp\n# Two\nlamp');
    await folder.write('c.md', 'lamp');
    const warned = folder.lines;
    const log = {
      error: () => {},
      info: () => {},
      debug: () => {},
      warn: (message: string, fields = {}) => void warned.push({ level: 'warn', message, fields }),
    };
    const small = new FolderIndex({ folder: folder.path, log, maximumPassages: 3 });
    const paths = (): string[] => [...small.index.passages()].map(({ path }) => path).toSorted();
    await small.update();
    await small.update();
    expect(paths()).toEqual(['a.md', 'a.md', 'b.md']);
    expect(warned.map(({ fields }) => fields)).toEqual([
      { folder: folder.path, documents: 2, first: ['b.md', 'c.md'] },
    ]);
    await rm(join(folder.path, 'a.md'));
    await small.update();
    expect(paths()).toEqual(['b.md', 'b.md', 'c.md']);
    await small.close();
  });

  test('is made in pieces: the process has its turns in between', async () => {
    const index = new PassageIndex();
    const passages = Array.from({ length: 300 }, (_, position) => {
      const text = Array.from({ length: 100 }, (_word, word) => `word${(position * 31 + word * 7) % 5000}`);
      return {
        path: 'a.md',
        heading: '',
        trail: '',
        text: text.join(' '),
        start: position,
        end: position,
        fields: {},
      };
    });
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    index.commit(await index.stage(passages), []);
    counting = false;
    expect(turns).toBeGreaterThan(5);
    const accepts = (): boolean => true;
    expect(await index.find('word31', { fuzzy: false, accepts, limit: 1 })).toHaveLength(1);
  });
});
