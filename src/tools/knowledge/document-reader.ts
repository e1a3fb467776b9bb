import { Worker } from 'node:worker_threads';
import type { DocumentAnswer, DocumentRequest } from './document-worker.ts';
import type { KnowledgeFile } from './knowledge-files.ts';
import { extensionOf, readDocumentFile } from './read-document.ts';
import type { ReadDocument } from './read-document.ts';

export interface ReaderLimits {
  /** For one document in the thread. */
  milliseconds: number;
  /** Of the thread's heap. */
  megabytes: number;
}

const defaultLimits: ReaderLimits = { milliseconds: 30_000, megabytes: 512 };
/** Splitting a text of this size takes a few milliseconds; larger ones would hold up the other work of the process. */
const largeBytes = 64_000;
const heavyExtensions: ReadonlySet<string> = new Set(['html', 'htm', 'pdf']);

/** A document that is left out; the message completes "… is left out: ". */
export class UnreadableError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'UnreadableError';
  }
}

/**
 * Reads documents one after the other. What takes long (HTML, PDF, large files) is read in a thread of its own, which
 * starts with the first of them and is ended when one takes too long or too much memory.
 */
export class DocumentReader {
  readonly #limits: ReaderLimits;
  #worker: Worker | undefined;

  constructor(limits: ReaderLimits = defaultLimits) {
    this.#limits = limits;
  }

  /** @throws UnreadableError */
  async read({ absolutePath, size }: KnowledgeFile): Promise<ReadDocument> {
    const isHeavy = size > largeBytes || heavyExtensions.has(extensionOf(absolutePath));
    if (isHeavy) return await this.#readInThread(absolutePath);
    try {
      return await readDocumentFile(absolutePath);
    } catch {
      throw new UnreadableError('it cannot be read');
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #readInThread(path: string): Promise<ReadDocument> {
    const answer = await this.#ask({ path });
    if ('document' in answer) return answer.document;
    throw new UnreadableError(answer.reason);
  }

  async #ask(request: DocumentRequest): Promise<DocumentAnswer> {
    const worker = (this.#worker ??= this.#start());
    const { promise, resolve } = Promise.withResolvers<DocumentAnswer>();
    const { milliseconds } = this.#limits;
    const tooLong = { reason: `it takes longer than ${milliseconds / 1000} s to read` };
    const timer = setTimeout(() => resolve(tooLong), milliseconds);
    const failed = (): void => resolve({ reason: 'it takes too much memory, or breaks its reader' });
    worker.once('message', resolve).once('error', failed).once('exit', failed);
    worker.postMessage(request, []);
    const answer = await promise;
    clearTimeout(timer);
    worker.off('message', resolve).off('error', failed).off('exit', failed);
    // It may be busy with that document for ever; the next one gets a thread of its own.
    if ('reason' in answer) await this.close();
    return answer;
  }

  #start(): Worker {
    const worker = new Worker(new URL('document-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.megabytes },
      // Secrets of the gateway have no business in a thread that reads documents.
      env: {},
    });
    // Told to whoever waits for a document; without a listener it would end the process.
    worker.on('error', () => undefined);
    worker.unref();
    return worker;
  }
}
