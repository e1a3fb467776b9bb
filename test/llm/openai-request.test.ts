import { describe, expect, test } from '@jest/globals';
import type { ModelPart } from '../../src/llm/model.ts';
import { toRequestBody } from '../../src/llm/openai-request.ts';

const bytes = Buffer.from([0xfb, 0xff, 0xbf, 0x01]);
const content: ModelPart[] = [
  { text: 'Compare' },
  {
    image: {
      source: { mediaType: 'image/png', base64: bytes.toString('base64url') },
      standIn: '[a.png: image/png]',
    },
  },
  { image: { source: { url: 'https://a.example/b.png' }, standIn: '[b.png: https://a.example/b.png]' } },
  { text: 'please' },
];

function saidBy(images: boolean | undefined): unknown {
  const provider = { model: 'm', ...(images !== undefined && { images }) };
  return toRequestBody(provider, { messages: [{ role: 'user', content }] }).messages;
}

describe('what a user says in parts', () => {
  test('comes with its images to a model that takes them, in standard base64', () => {
    expect(saidBy(true)).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Compare' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,+/+/AQ==' } },
          { type: 'image_url', image_url: { url: 'https://a.example/b.png' } },
          { type: 'text', text: 'please' },
        ],
      },
    ]);
  });

  test.each([false, undefined])('comes as text to one that does not (images: %j)', (images) => {
    expect(saidBy(images)).toEqual([
      { role: 'user', content: 'Compare\n[a.png: image/png]\n[b.png: https://a.example/b.png]\nplease' },
    ]);
  });
});
