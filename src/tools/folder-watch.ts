import { readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

export interface FolderWatchOptions {
  folder: string;
  /** Something in the folder or below it changed. Never called twice at once. */
  onChange: () => void;
  /** Watching failed for some of it. */
  onError: (error: Error) => void;
  /** How long it must be quiet before `onChange`, milliseconds. */
  quietMilliseconds?: number;
}

/** However busy the folder is, a change is told after so many quiet times. */
const maxPostponements = 10;
/** Each of them takes a watcher of the system, and a look at every change. */
const maxDirectories = 1000;
/** Where watching fails (folder gone, no watchers left in the system) it looks this often instead. */
const pollMilliseconds = 2000;

/**
 * Watches a folder and those below it. One watcher per directory: node:fs's recursive mode follows files by
 * inode on Linux, so it misses the second save of an editor that writes a new file and renames it.
 */
export class FolderWatch {
  readonly #options: Required<FolderWatchOptions>;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #firstAt = 0;
  #lastError = '';
  #closed = false;

  /** Watches from now on. */
  constructor(options: FolderWatchOptions) {
    this.#options = { quietMilliseconds: 100, ...options };
    this.#renew();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #noticed(): void {
    if (this.#closed) return;
    const { quietMilliseconds } = this.#options;
    const now = Date.now();
    if (this.#timer === undefined) this.#firstAt = now;
    else if (now - this.#firstAt > maxPostponements * quietMilliseconds) return;
    this.#schedule(quietMilliseconds);
  }

  #schedule(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // Watch first, tell then: what changes in between is noticed again.
      this.#renew();
      this.#options.onChange();
    }, milliseconds);
    this.#timer.unref();
  }

  /** Anew each time: a directory that was deleted and made again has the same name, yet its watcher is dead. */
  #renew(): void {
    const old = this.#watchers;
    this.#watchers = [];
    try {
      const directories = directoriesIn(this.#options.folder);
      for (const directory of directories) this.#watchOne(directory);
      if (directories.length <= maxDirectories) this.#lastError = '';
      else this.#failed(new Error(`${this.#options.folder} has more than ${maxDirectories} folders in it`));
    } catch (error) {
      this.#failed(error instanceof Error ? error : new Error(String(error)));
      this.#schedule(pollMilliseconds);
    }
    for (const watcher of old) watcher.close();
  }

  #watchOne(directory: string): void {
    const watcher = watch(directory, { persistent: false }, () => this.#noticed());
    watcher.on('error', (error) => this.#failed(error));
    this.#watchers.push(watcher);
  }

  /** Tells of the same error once, not with every look. */
  #failed(error: Error): void {
    if (error.message === this.#lastError) return;
    this.#lastError = error.message;
    this.#options.onError(error);
  }
}

/** The folder and the directories below it, hidden ones left out, the upper ones first; links are not followed. */
function directoriesIn(folder: string): string[] {
  const found = [folder];
  // The list grows while it is gone through.
  for (const directory of found) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      if (found.push(join(directory, entry.name)) > maxDirectories) return found;
    }
  }
  return found;
}
