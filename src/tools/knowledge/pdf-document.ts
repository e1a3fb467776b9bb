import type { getDocumentProxy } from 'unpdf';
import type { Section, StructuredDocument } from './document.ts';
import { toFields } from './fields.ts';

const limits = { pages: 1000, characters: 2_000_000 };

/** One section for each page, whose number stands where others have lines; `title`, `author` and such are metadata. */
export async function readPdf(bytes: Uint8Array): Promise<StructuredDocument> {
  const unpdf = await import('unpdf');
  // The library takes the bytes for its own, and refuses a Buffer.
  const pdf = await unpdf.getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  try {
    const fields = infoFields(await pdf.getMetadata().catch(() => undefined));
    const title = typeof fields['title'] === 'string' ? fields['title'] : '';
    const sections: Section[] = [];
    let characters = 0;
    let number = 1;
    for (; number <= Math.min(pdf.numPages, limits.pages); number += 1) {
      const text = await pageText(pdf, number);
      characters += text.length;
      if (characters > limits.characters) break;
      const page = number;
      const lines = text.split('\n').map((line) => ({ text: line, start: page, end: page }));
      sections.push({ headings: title ? [title] : [], lines });
    }
    return { fields, sections, incomplete: number <= pdf.numPages };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** Empty for a page that cannot be read: the others are still worth finding. */
async function pageText(pdf: Pdf, number: number): Promise<string> {
  try {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
  } catch {
    return '';
  }
}

function infoFields(metadata: { info: object } | undefined): ReturnType<typeof toFields> {
  const info = (metadata?.info ?? {}) as Record<string, unknown>;
  const named = {
    title: info['Title'],
    author: info['Author'],
    subject: info['Subject'],
    keywords: info['Keywords'],
  };
  return toFields(Object.fromEntries(Object.entries(named).filter(([, value]) => value)));
}
