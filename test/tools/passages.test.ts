import { describe, expect, test } from '@jest/globals';
import { maximumPassage, splitDocument } from '../../src/tools/knowledge/passages.ts';

describe('splitDocument', () => {
  test('Markdown: a passage for each section, with the headings above it', () => {
    const content =
      '---\ntitle: "Guide"\n---\nIntro.\n\n# Shop ##\n\n### Deep\r\n\r\nText.\n\n## Lamps\n\nLight.\n';
    expect(splitDocument('a.md', content)).toEqual([
      { heading: 'Guide', trail: 'Guide', text: 'Intro.' },
      { heading: 'Deep', trail: 'Shop Deep', text: 'Text.' },
      { heading: 'Lamps', trail: 'Shop Lamps', text: 'Light.' },
    ]);
  });

  test('Markdown: a comment in a code block is no heading', () => {
    const content = '# Run\n\n```sh\n# first\nrun\n```\n\n# Stop\n\nhalt';
    expect(splitDocument('a.md', content).map(({ heading }) => heading)).toEqual(['Run', 'Stop']);
  });

  test('text: paragraphs are put together up to the maximum', () => {
    const paragraph = 'word '.repeat(100).trim();
    const passages = splitDocument('a.txt', Array.from({ length: 5 }, () => paragraph).join('\n\n'));
    expect(passages.map(({ text }) => text.length)).toEqual([1000, 1000, 499]);
  });

  test.each([
    ['lines', `${'x'.repeat(90)}\n`.repeat(60)],
    ['sentences', 'This is a sentence of some words. '.repeat(200)],
    ['words', 'word '.repeat(2000)],
    ['nothing to cut at', 'x'.repeat(5000)],
    ['characters of two units', `a${'😀'.repeat(2000)}`],
  ])('a long paragraph of %s is cut, and nothing of it lost', (_case, paragraph) => {
    const texts = splitDocument('a.txt', paragraph).map(({ text }) => text);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(maximumPassage);
    expect(texts.join('').replace(/\s/g, '')).toBe(paragraph.replace(/\s/g, ''));
    expect(texts.every((text) => text.isWellFormed())).toBe(true);
  });

  test('JSON: one section for each element, named by its title', () => {
    const content = JSON.stringify([
      { title: 'Lamp', price: { eur: 49 }, tags: ['desk', 'led'] },
      { sku: 1 },
      'loose',
    ]);
    expect(splitDocument('a.json', content)).toEqual([
      { heading: '', trail: '', text: 'loose' },
      { heading: 'Lamp', trail: 'Lamp', text: 'title: Lamp\nprice.eur: 49\ntags: desk\ntags: led' },
      { heading: '', trail: '', text: 'sku: 1' },
    ]);
  });

  test('JSON: an object by its entries', () => {
    const content = '{"shop": "Lamps", "hours": {"monday": "9 to 5"}}';
    expect(splitDocument('a.json', content)).toEqual([
      { heading: '', trail: '', text: 'shop: Lamps' },
      { heading: 'hours', trail: 'hours', text: 'monday: 9 to 5' },
    ]);
  });

  test.each(['{"broken": ', `${'['.repeat(50_000)}1${']'.repeat(50_000)}`])(
    'JSON that cannot be read is text',
    (content) => {
      expect(splitDocument('a.json', content)[0]?.text).toBe(content.slice(0, maximumPassage).trim());
    },
  );

  test.each(['a.md', 'a.txt', 'a.json'])('an empty %s has no passage', (name) => {
    expect(splitDocument(name, ' \n\n ')).toEqual([]);
  });
});
