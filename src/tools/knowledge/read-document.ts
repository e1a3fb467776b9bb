import { readFile } from 'node:fs/promises';
import { numberedLines } from './document.ts';
import type { Fields, StructuredDocument } from './document.ts';
import { readHtml } from './html-document.ts';
import { readJson } from './json-document.ts';
import { readMarkdown } from './markdown-document.ts';
import { toPassages } from './passages.ts';
import type { Passage } from './passages.ts';
import { readPdf } from './pdf-document.ts';

/** A document that can be indexed; plain data, because it may come from another thread. */
export interface ReadDocument {
  fields: Fields;
  passages: Passage[];
  /** Its end is left out, because it is too long. */
  incomplete: boolean;
}

type Reader = (bytes: Uint8Array) => StructuredDocument | Promise<StructuredDocument>;

/** By extension. The libraries for HTML and PDF are loaded with the first such file. */
const readers: Readonly<Record<string, Reader>> = {
  md: (bytes) => readMarkdown(decode(bytes)),
  markdown: (bytes) => readMarkdown(decode(bytes)),
  txt: readText,
  text: readText,
  json: (bytes) => readJson(decode(bytes)),
  html: (bytes) => readHtml(decode(bytes)),
  htm: (bytes) => readHtml(decode(bytes)),
  pdf: readPdf,
};

export const knownExtensions: ReadonlySet<string> = new Set(Object.keys(readers));

/** The last part of a file's name, in lower case. */
export function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).toLowerCase();
}

/** @throws what its reader or the file system says of a file that cannot be read. */
export async function readDocumentFile(path: string): Promise<ReadDocument> {
  return await readDocument(path, await readFile(path));
}

/** The name's extension decides how the bytes are read: text where it is not known. */
export async function readDocument(name: string, bytes: Uint8Array): Promise<ReadDocument> {
  const read = readers[extensionOf(name)] ?? readText;
  const { fields, sections, incomplete = false } = await read(bytes);
  return { fields, passages: toPassages(sections), incomplete };
}

function readText(bytes: Uint8Array): StructuredDocument {
  return { fields: {}, sections: [{ headings: [], lines: numberedLines(decode(bytes)) }] };
}

/** UTF-8 (without its mark), or UTF-16 with its mark. */
function decode(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}
