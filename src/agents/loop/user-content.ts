import type { ModelImage, ModelPart } from '../../llm/model.ts';
import type { Part } from '../../runs/message.ts';

/** What the models that take images take. */
const imageTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** A larger one is refused by the providers. */
const mostImageBytes = 20 * 1024 * 1024;

/**
 * What the user says, as the model is shown it: text as it is, data as JSON, small text files by their content,
 * images as they are and other files by their name. Plain text where there is no image.
 */
export function contentOf(parts: readonly Part[]): string | ModelPart[] {
  const shown = parts.map(modelPart);
  // Providers refuse a piece of text that is empty.
  if (shown.some(({ image }) => image)) return shown.filter(({ text }) => text !== '');
  return shown.map(({ text }) => text).join('\n');
}

function modelPart(part: Part): ModelPart {
  const image = imageOf(part);
  return image ? { image } : { text: partText(part) };
}

function imageOf(part: Part): ModelImage | undefined {
  const mediaType = essenceOf(part);
  if (!imageTypes.has(mediaType)) return undefined;
  if (part.url !== undefined) {
    const { url } = part;
    return /^https:\/\//i.test(url) ? { source: { url }, standIn: partText(part) } : undefined;
  }
  if (!part.raw || isTooLarge(part.raw)) return undefined;
  return { source: { mediaType, base64: part.raw }, standIn: partText(part) };
}

function partText(part: Part): string {
  if (part.text !== undefined) return part.text;
  if (part.data !== undefined) return JSON.stringify(part.data);
  const name = part.filename ?? 'file';
  if (part.url !== undefined) return `[${name}: ${part.url}]`;
  const isText = /^(text\/|application\/json)/.test(part.mediaType ?? '');
  if (isText) return `${name}:\n${Buffer.from(part.raw ?? '', 'base64').toString('utf8')}`;
  const tooLarge = imageTypes.has(essenceOf(part)) && isTooLarge(part.raw ?? '');
  return `[${name}: ${part.mediaType ?? 'unknown type'}${tooLarge ? ', not shown: larger than 20 MB' : ''}]`;
}

/** The media type in lower case and without parameters. */
function essenceOf({ mediaType = '' }: Part): string {
  return mediaType.replace(/;.*$/s, '').trim().toLowerCase();
}

function isTooLarge(base64: string): boolean {
  return Buffer.byteLength(base64, 'base64') > mostImageBytes;
}
