import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentReader } from '../../../src/tools/knowledge/document-reader.ts';
import { listKnowledgeFiles } from '../../../src/tools/knowledge/knowledge-files.ts';
import { readDocument } from '../../../src/tools/knowledge/read-document.ts';
import { KnowledgeFolder } from './knowledge-folder.ts';
import { encrypted, pdfFile } from './pdf-file.ts';

describe('HTML', () => {
  const page = [
    '<!doctype html><html lang="en"><head>',
    '<title>Returns &amp;\n refunds</title><meta name="Author" content="Ann"><style>p { color: red }</style>',
    '<script>if (a < b) document.write("<h1>never</h1>")</script></head>',
    '<body><p>Before any heading.</p>',
    '<h1 class="a',
    'b">Time <em>limit</em></h1>',
    '<p>Thirty',
    'd<b>ay</b>s, see <a href="https://shop.example">the shop</a>.</p><!-- <h2>not this</h2>',
    ' --><h3>Cost</h3>',
    '<table><tr><th>Lamp</th><td>5 EUR</td></tr>',
    '<tr><td>Desk<td>9 EUR</tr></table></body></html>',
  ].join('\n');

  test('passages by its headings, with their lines; scripts, styles and comments are dropped', async () => {
    const { fields, passages } = await readDocument('a.html', Buffer.from(page));
    expect(fields).toEqual({ title: 'Returns & refunds', author: 'Ann' });
    const title = 'Returns & refunds';
    expect(passages).toEqual([
      { heading: title, trail: title, text: 'Before any heading.', start: 5, end: 5 },
      { heading: 'Time limit', trail: 'Time limit', text: 'Thirty days, see the shop.', start: 8, end: 9 },
      {
        heading: 'Cost',
        trail: 'Time limit Cost',
        text: 'Lamp | 5 EUR\nDesk | 9 EUR',
        start: 11,
        end: 12,
      },
    ]);
  });

  test.each([
    ['a fragment', '<p>lamp', 'lamp'],
    ['marks that stand in the text', 'la\uE0007\uE001mp \uE0021', 'la7mp 1'],
    ['no tags at all, in UTF-16', Buffer.from('\uFEFFlämp', 'utf16le'), 'lämp'],
  ])('%s', async (_case, content, text) => {
    const { passages } = await readDocument('a.htm', Buffer.from(content as string));
    expect(passages).toEqual([{ heading: '', trail: '', text, start: 1, end: 1 }]);
  });
});

describe('front matter', () => {
  test('is metadata: texts, numbers, booleans and lists of them', async () => {
    const content =
      '---\ntitle: Lamps\ndate: 2026-01-05\ntags: [desk, led]\nprice: 49\nnested: {a: 1}\n---\nLight.';
    const { fields, passages } = await readDocument('a.md', Buffer.from(content));
    expect(fields).toEqual({ title: 'Lamps', date: '2026-01-05', tags: ['desk', 'led'], price: 49 });
    expect(passages).toEqual([{ heading: 'Lamps', trail: 'Lamps', text: 'Light.', start: 8, end: 8 }]);
  });

  test.each(['---\ntitle: [broken\n---\nLight.', '---\n- a list\n---\nLight.'])(
    'that is no mapping is passed over',
    async (content) => {
      expect(await readDocument('a.md', Buffer.from(content))).toMatchObject({
        fields: {},
        passages: [{ text: 'Light.' }],
      });
    },
  );
});

describe('JSON', () => {
  test('each record has its own lines and fields, whatever its keys and strings hold', async () => {
    const content =
      '{\n  "10": {"note": "a } in it, \\" and ["},\n  "2": [1,\n    2],\n  "shop": "Lamps",\n  "a": {}\n}';
    const { fields, passages } = await readDocument('a.json', Buffer.from(content));
    expect(fields).toEqual({ '2': [1, 2], shop: 'Lamps' });
    expect(passages.map(({ heading, start, end }) => [heading, start, end])).toEqual([
      ['', 5, 5],
      ['2', 3, 4],
      ['10', 2, 2],
    ]);
    expect(passages.at(-1)?.fields).toEqual({ note: 'a } in it, " and [' });
  });
});

describe('PDF', () => {
  let folder: KnowledgeFolder;

  beforeEach(async () => {
    folder = await KnowledgeFolder.create();
  });

  afterEach(async () => {
    await folder.remove();
  });

  test('is found by its pages', async () => {
    const info = '/Info << /Title (Lamp manual) /Author (Ann) >>';
    await folder.write(
      'manual.pdf',
      pdfFile([['Switch the lamp on.'], ['Clean the shade', 'once a year.']], info),
    );
    const { hits } = await folder.open().search('clean shade', { limit: 1 });
    expect(hits).toMatchObject([
      {
        path: 'manual.pdf',
        heading: 'Lamp manual',
        text: 'Clean the shade\nonce a year.',
        place: { unit: 'page', start: 2, end: 2 },
        excerpt: '**Clean** the **shade** once a year.',
        fields: { title: 'Lamp manual', author: 'Ann', extension: 'pdf' },
      },
    ]);
  });

  test('one that is broken or encrypted is left out with a warning, the others are found', async () => {
    await folder.write('broken.pdf', '%PDF-1.4 and nothing more');
    await folder.write('closed.pdf', pdfFile([['secret lamp']], encrypted));
    await folder.write('open.pdf', pdfFile([['a lamp']]));
    const { hits } = await folder.open().search('lamp', { limit: 9 });
    expect(hits.map(({ path }) => path)).toEqual(['open.pdf']);
    expect(folder.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { folder: folder.path, path: 'broken.pdf', reason: 'it is no PDF, or broken' },
      { folder: folder.path, path: 'closed.pdf', reason: 'it is encrypted' },
    ]);
  });

  test('one that takes too long is given up, and the next one is read', async () => {
    const line = 'some words that take their time';
    await folder.write(
      'a.pdf',
      pdfFile(Array.from({ length: 900 }, () => Array.from({ length: 60 }, () => line))),
    );
    await folder.write('b.html', '<p>lamp');
    const { files } = await listKnowledgeFiles(folder.path);
    const [long, short] = files;
    if (!long || !short) throw new Error('Two files were written');
    const hurried = new DocumentReader({ milliseconds: 50, megabytes: 256 });
    await expect(hurried.read(long)).rejects.toThrow('it takes longer than 0.05 s to read');
    await hurried.close();
    const patient = new DocumentReader();
    expect((await patient.read(short)).passages).toMatchObject([{ text: 'lamp' }]);
    await patient.close();
  });

  test('one that takes too much memory ends its thread only', async () => {
    await folder.write('a.html', '<p>x'.repeat(400_000));
    await folder.write('b.html', '<p>lamp');
    const reader = new DocumentReader({ milliseconds: 20_000, megabytes: 24 });
    const [large, small] = (await listKnowledgeFiles(folder.path)).files;
    if (!large || !small) throw new Error('Two files were written');
    await expect(reader.read(large)).rejects.toThrow('it takes too much memory');
    expect((await reader.read(small)).passages).toMatchObject([{ text: 'lamp' }]);
    await reader.close();
  });
});
