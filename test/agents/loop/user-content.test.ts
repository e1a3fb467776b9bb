import { describe, expect, test } from '@jest/globals';
import { contentOf } from '../../../src/agents/loop/user-content.ts';
import type { Json, Part } from '../../../src/runs/message.ts';
import { ScriptedModel } from '../../support/scripted-model.ts';
import { endsOf, play } from './loop-fixture.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const image: Part = { raw: base64('x'), mediaType: 'image/png', filename: 'a.png' };
const shownImage = { source: { mediaType: 'image/png', base64: image.raw }, standIn: '[a.png: image/png]' };

describe('without an image, the message is text', () => {
  test.each<[string, Part, string]>([
    ['text', { text: 'Hi' }, 'Hi'],
    ['empty text', { text: '' }, ''],
    ['data', { data: { a: [1, null] } }, '{"a":[1,null]}'],
    ['data that is null', { data: null as Json }, 'null'],
    [
      'a file by its address',
      { url: 'https://a.example/x', filename: 'x.pdf' },
      '[x.pdf: https://a.example/x]',
    ],
    ['a text file', { raw: base64('Grüße'), mediaType: 'text/plain', filename: 'a.txt' }, 'a.txt:\nGrüße'],
    ['a JSON file without a name', { raw: base64('{}'), mediaType: 'application/json' }, 'file:\n{}'],
    ['a file of no type', { raw: base64('x') }, '[file: unknown type]'],
    ['an image of another type', { raw: base64('x'), mediaType: 'image/tiff' }, '[file: image/tiff]'],
    ['an image without content', { raw: '', mediaType: 'image/png' }, '[file: image/png]'],
    [
      'an image that the provider could not fetch',
      { url: 'http://10.0.0.1/a.png', mediaType: 'image/png' },
      '[file: http://10.0.0.1/a.png]',
    ],
    [
      'an image that is too large, with the reason',
      { raw: 'A'.repeat(28_000_000), mediaType: 'image/png', filename: 'huge.png' },
      '[huge.png: image/png, not shown: larger than 20 MB]',
    ],
  ])('%s', (_name, part, text) => {
    expect(contentOf([part])).toBe(text);
  });

  test('one line after the other', () => {
    expect(contentOf([{ text: 'a' }, { data: 1 }])).toBe('a\n1');
  });
});

describe('with an image, the message is in parts', () => {
  test('in their order, each image with what stands for it in words', () => {
    const photo = { url: 'https://a.example/b', mediaType: 'image/webp', filename: 'b.webp' };
    expect(contentOf([{ text: 'Compare' }, image, { text: '' }, photo, { data: { n: 1 } }])).toEqual([
      { text: 'Compare' },
      { image: shownImage },
      { image: { source: { url: 'https://a.example/b' }, standIn: '[b.webp: https://a.example/b]' } },
      { text: '{"n":1}' },
    ]);
  });

  test.each(['image/png', 'IMAGE/PNG', 'image/png; x=y'])('whose type is written %s', (mediaType) => {
    expect(contentOf([{ ...image, mediaType }])).toEqual([
      { image: { ...shownImage, standIn: `[a.png: ${mediaType}]` } },
    ]);
  });

  test('the model is shown it, and the probe is not', async () => {
    const model = new ScriptedModel([{ text: ['A dot.'] }]);
    const played = await play({ models: [model], parts: [{ text: 'What is it?' }, image] });
    const content = [{ text: 'What is it?' }, { image: shownImage }];
    expect(model.requests[0]?.messages.at(-1)).toEqual({ role: 'user', content });
    expect(endsOf(played)[0]?.detail?.prompt).toBe('You help.');
    expect(JSON.stringify(played)).not.toContain(image.raw);
  });

  test('the choice of a scenario is shown it too', async () => {
    const model = new ScriptedModel([{ text: ['{"scenario":"dots"}'] }, { text: ['A dot.'] }]);
    const dots = { name: 'dots', description: 'Dots.', instructions: '', examples: [] };
    await play({ models: [model], parts: [image], execution: { scenarios: [dots] } });
    const shown = { role: 'user', content: [{ image: shownImage }] };
    expect(model.requests.map(({ messages }) => messages.at(-1))).toEqual([shown, shown]);
  });
});
