import { parentPort } from 'node:worker_threads';
import { readDocumentFile } from './read-document.ts';

/** What the thread is asked, and what it answers: a document, or why there is none. */
export interface DocumentRequest {
  path: string;
}
export type DocumentAnswer = { document: Awaited<ReturnType<typeof readDocumentFile>> } | { reason: string };

parentPort?.on('message', ({ path }: DocumentRequest) => void answer(path));

async function answer(path: string): Promise<void> {
  let answered: DocumentAnswer;
  try {
    answered = { document: await readDocumentFile(path) };
  } catch (error) {
    answered = { reason: reasonOf(error) };
  }
  parentPort?.postMessage(answered, []);
}

/** A short sentence for the log; messages of the readers may quote the document, so they are not passed on. */
function reasonOf(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'PasswordException') return 'it is encrypted';
  if (name === 'InvalidPDFException') return 'it is no PDF, or broken';
  return `it cannot be read (${name || 'unknown error'})`;
}
