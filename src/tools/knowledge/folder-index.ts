import type { Log } from '../../telemetry/log.ts';
import { DocumentReader, UnreadableError } from './document-reader.ts';
import { pathFields } from './fields.ts';
import { listKnowledgeFiles } from './knowledge-files.ts';
import type { KnowledgeFile } from './knowledge-files.ts';
import { PassageIndex } from './passage-index.ts';
import type { IndexedPassage } from './passage-index.ts';

/** Bounds the memory: about 1.2 MB of text for each thousand, and several times that for its index. */
export const maximumPassages = 20_000;

export interface FolderIndexOptions {
  folder: string;
  log: Log;
  maximumPassages?: number;
}

interface KnownFile {
  stamp: string;
  ids: number[];
  /** There was no room for all of it. */
  cut: boolean;
}

/** What one update puts in and takes out; committed at its end, at once. */
interface Change {
  added: IndexedPassage[];
  removed: number[];
  files: Map<string, KnownFile>;
  /** Passages that may still be added. */
  left: number;
}

/** The index of one folder's documents, brought up to date on request: only files that changed are read again. */
export class FolderIndex {
  readonly index = new PassageIndex();
  readonly #options: Required<FolderIndexOptions>;
  readonly #closing = new AbortController();
  #files = new Map<string, KnownFile>();
  #updating: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #lastLeftOut = '';

  constructor(options: FolderIndexOptions) {
    this.#options = { maximumPassages, ...options };
  }

  /**
   * Reads what changed since the last update. Until it resolves, searches find what they found before; whoever asks
   * while an update runs gets one that begins after it.
   * @throws the file system's error when the folder cannot be read.
   */
  async update(): Promise<void> {
    if (!this.#updating) {
      this.#updating = this.#update().finally(() => {
        this.#updating = undefined;
      });
      return await this.#updating;
    }
    this.#next ??= this.#updating
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.update();
      });
    await this.#next;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The knowledge is closed'));
    await this.#updating?.catch(() => undefined);
  }

  async #update(): Promise<void> {
    const start = performance.now();
    const { files, leftOut } = await listKnowledgeFiles(this.#options.folder);
    const change = this.#begin(files);
    const reader = new DocumentReader();
    try {
      for (const file of files) await this.#take(file, change, reader);
    } catch (error) {
      this.index.commit(
        [],
        change.added.map(({ id }) => id),
      );
      throw error;
    } finally {
      await reader.close();
    }
    this.index.commit(change.added, change.removed);
    this.#files = change.files;
    const cut = [...change.files].filter(([, file]) => file.cut).map(([path]) => path);
    this.#tell([...leftOut, ...cut]);
    if (change.added.length + change.removed.length === 0) return;
    this.#options.log.debug('The knowledge is indexed', {
      folder: this.#options.folder,
      files: files.length,
      passages: this.index.size,
      added: change.added.length,
      removed: change.removed.length,
      milliseconds: Math.round(performance.now() - start),
    });
  }

  /** What is gone or changed makes room at once: by the time of the commit it is out. Then cut files are tried again. */
  #begin(files: readonly KnowledgeFile[]): Change {
    const stamps = new Map(files.map(({ path, stamp }) => [path, stamp]));
    const room = (kept: Iterable<KnownFile>): number =>
      this.#options.maximumPassages - [...kept].reduce((sum, { ids }) => sum + ids.length, 0);
    let kept = new Map([...this.#files].filter(([path, { stamp }]) => stamps.get(path) === stamp));
    if (room(kept.values()) > 0) kept = new Map([...kept].filter(([, { cut }]) => !cut));
    const removed = [...this.#files].flatMap(([path, { ids }]) => (kept.has(path) ? [] : ids));
    return { added: [], removed, files: kept, left: room(kept.values()) };
  }

  async #take(file: KnowledgeFile, change: Change, reader: DocumentReader): Promise<void> {
    this.#closing.signal.throwIfAborted();
    if (change.files.has(file.path)) return;
    const read = change.left > 0 ? await this.#read(file, reader) : undefined;
    const fitting = read?.slice(0, change.left) ?? [];
    const staged = await this.index.stage(fitting, this.#closing.signal);
    change.left -= staged.length;
    change.added.push(...staged);
    const cut = !read || fitting.length < read.length;
    change.files.set(file.path, { stamp: file.stamp, ids: staged.map(({ id }) => id), cut });
  }

  /** A document that cannot be read has no passages, and is tried again when it changes. */
  async #read(file: KnowledgeFile, reader: DocumentReader): Promise<Omit<IndexedPassage, 'id'>[]> {
    const { path } = file;
    const { folder, log } = this.#options;
    try {
      const document = await reader.read(file);
      if (document.incomplete)
        log.warn('The end of a document is left out of the knowledge', { folder, path });
      const ofPath = pathFields(path);
      const ofDocument = { ...document.fields, ...ofPath };
      return document.passages.map(({ fields, ...passage }) => ({
        ...passage,
        path,
        fields: fields ? { ...document.fields, ...fields, ...ofPath } : ofDocument,
      }));
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      log.warn('A document is left out of the knowledge', { folder, path, reason: error.message });
      return [];
    }
  }

  /** Once for the same documents, not with each update. */
  #tell(leftOut: readonly string[]): void {
    const paths = leftOut.join('\n');
    if (paths === this.#lastLeftOut) return;
    this.#lastLeftOut = paths;
    if (leftOut.length === 0) return;
    const { folder, log } = this.#options;
    const fields = { folder, documents: leftOut.length, first: leftOut.slice(0, 5) };
    log.warn('Documents are left out of the knowledge, or cut: the folder is larger than its limits', fields);
  }
}
