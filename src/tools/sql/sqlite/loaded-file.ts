import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { FileSource } from '../../data-source.ts';
import { ToolError } from '../../tool.ts';
import type { ChildPool } from './child-pool.ts';

const loadTimeoutMs = 60_000;

/** A database made of a script or of CSV or JSON files, in a folder that only this user reads; anew when they change. */
export class LoadedFile {
  readonly #source: FileSource;
  readonly #pool: ChildPool;
  #folder: Promise<string> | undefined;
  #versions = 0;
  #current: { state: string; path: Promise<string> } | undefined;

  constructor(source: FileSource, pool: ChildPool) {
    this.#source = source;
    this.#pool = pool;
  }

  /**
   * The database file of the files as they are now.
   * @throws ToolError that says what is wrong with them
   */
  async path(): Promise<string> {
    const { files, state } = await this.#look();
    if (this.#current?.state !== state) {
      const previous = this.#current;
      const current = { state, path: this.#load(files) };
      this.#current = current;
      current.path.then(
        () => void previous?.path.then((path) => rm(path, { force: true })).catch(ignore),
        // The next one tries again.
        () => this.#current === current && (this.#current = undefined),
      );
    }
    return await (this.#current as { path: Promise<string> }).path;
  }

  async close(): Promise<void> {
    const folder = await this.#folder?.catch(ignore);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  async #load(files: readonly string[]): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'a2a-gateway-data-'));
    this.#versions += 1;
    const target = join(await this.#folder, `${this.#versions}.db`);
    const { type } = this.#source;
    await this.#pool.run<'load'>(
      { kind: 'load', type: type === 'sqlite' ? 'script' : type, files, target },
      // Others wait for it, too: whoever leaves does not stop it.
      { timeoutMs: loadTimeoutMs, signal: new AbortController().signal },
    );
    return target;
  }

  /** The files, and what changes when one of them does. */
  async #look(): Promise<{ files: string[]; state: string }> {
    const { path, type } = this.#source;
    try {
      const isFolder = (await stat(path)).isDirectory();
      const ending = type === 'sqlite' ? '.sql' : `.${type}`;
      const names = isFolder ? (await readdir(path)).filter((name) => extname(name) === ending).sort() : [];
      const files = isFolder ? names.map((name) => join(path, name)) : [path];
      const states = files.map(async (file) => {
        const { size, mtimeMs } = await stat(file);
        return [file, size, mtimeMs];
      });
      return { files, state: JSON.stringify(await Promise.all(states)) };
    } catch (error) {
      throw new ToolError(`The files of ${basename(path)} cannot be read.`, { cause: error });
    }
  }
}

function ignore(): undefined {}
