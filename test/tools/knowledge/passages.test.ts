import { describe, expect, test } from '@jest/globals';
import { maximumPassage } from '../../../src/tools/knowledge/passages.ts';
import type { Passage } from '../../../src/tools/knowledge/passages.ts';
import { readDocument } from '../../../src/tools/knowledge/read-document.ts';

async function splitDocument(name: string, content: string): Promise<Passage[]> {
  return (await readDocument(name, Buffer.from(content))).passages;
}

describe('the passages of a document', () => {
  test('Markdown: a passage for each section, with the headings above it', async () => {
    const content =
      '---\ntitle: "Guide"\n---\nIntro.\n\n# Shop ##\n\n### Deep\r\n\r\nText.\n\n## Lamps\n\nLight.\n';
    expect(await splitDocument('a.md', content)).toEqual([
      { heading: 'Guide', trail: 'Guide', text: 'Intro.', start: 4, end: 4 },
      { heading: 'Deep', trail: 'Shop Deep', text: 'Text.', start: 10, end: 10 },
      { heading: 'Lamps', trail: 'Shop Lamps', text: 'Light.', start: 14, end: 14 },
    ]);
  });

  test('Markdown: a comment in a code block is no heading', async () => {
    const content = '# Run\n\n```sh\n# first\nrun\n```\n\n# Stop\n\nhalt';
    expect((await splitDocument('a.md', content)).map(({ heading }) => heading)).toEqual(['Run', 'Stop']);
  });

  test('text: paragraphs are put together up to the maximum', async () => {
    const paragraph = 'word '.repeat(100).trim();
    const passages = await splitDocument('a.txt', Array.from({ length: 5 }, () => paragraph).join('\n\n'));
    expect(passages.map(({ text }) => text.length)).toEqual([1000, 1000, 499]);
  });

  test.each([
    ['lines', `${'x'.repeat(90)}\n`.repeat(60)],
    ['sentences', 'This is a sentence of some words. '.repeat(200)],
    ['words', 'word '.repeat(2000)],
    ['nothing to cut at', 'x'.repeat(5000)],
    ['characters of two units', `a${'😀'.repeat(2000)}`],
  ])('a long paragraph of %s is cut, and nothing of it lost', async (_case, paragraph) => {
    const texts = (await splitDocument('a.txt', paragraph)).map(({ text }) => text);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(maximumPassage);
    expect(texts.join('').replace(/\s/g, '')).toBe(paragraph.replace(/\s/g, ''));
    expect(texts.every((text) => text.isWellFormed())).toBe(true);
  });

  test('the pieces of a long paragraph each know their lines', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => `${index + 1} ${'x'.repeat(80)}`);
    for (const passage of await splitDocument('a.txt', `\n\n${lines.join('\n')}`)) {
      expect(passage.text.split('\n')).toEqual(lines.slice(passage.start - 3, passage.end - 2));
    }
  });

  test('JSON: one section for each element, named by its title', async () => {
    const content = JSON.stringify([
      { title: 'Lamp', price: { eur: 49 }, tags: ['desk', 'led'] },
      { sku: 1 },
      'loose',
    ]);
    expect(await splitDocument('a.json', content)).toMatchObject([
      { heading: '', trail: '', text: 'loose' },
      { heading: 'Lamp', trail: 'Lamp', text: 'title: Lamp\nprice.eur: 49\ntags: desk\ntags: led' },
      { heading: '', trail: '', text: 'sku: 1' },
    ]);
  });

  test('JSON: an object by its entries', async () => {
    const content = '{"shop": "Lamps", "hours": {"monday": "9 to 5"}}';
    expect(await splitDocument('a.json', content)).toMatchObject([
      { heading: '', trail: '', text: 'shop: Lamps' },
      { heading: 'hours', trail: 'hours', text: 'monday: 9 to 5' },
    ]);
  });

  test.each(['{"broken": ', `${'['.repeat(50_000)}1${']'.repeat(50_000)}`])(
    'JSON that cannot be read is text',
    async (content) => {
      expect((await splitDocument('a.json', content))[0]?.text).toBe(content.slice(0, maximumPassage).trim());
    },
  );

  test.each(['a.md', 'a.txt', 'a.json'])('an empty %s has no passage', async (name) => {
    expect(await splitDocument(name, ' \n\n ')).toEqual([]);
  });
});
