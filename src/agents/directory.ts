import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Log } from '../telemetry/log.ts';
import { FolderWatch } from '../tools/folder-watch.ts';
import { errorCode, loadAgentFile, type FileProblem, type LoadOptions } from './load.ts';
import { missingAgents } from './missing-agents.ts';
import type { AgentRegistry } from './registry.ts';
import { makeRevision } from './revision.ts';

export interface AgentDirectoryOptions extends LoadOptions {
  /** `AGENT_CARDS_DIR`. */
  folder: string;
  registry: AgentRegistry;
  log: Log;
}

const endings: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

/**
 * Keeps the registry as the agent files are: a changed file is a new revision, a deleted one takes its agent
 * with it, a broken one is reported and leaves the running revision in place.
 */
export class AgentDirectory {
  readonly #options: AgentDirectoryOptions;
  /** Ids that this directory has put into the registry. */
  readonly #served = new Set<string>();
  #problems: FileProblem[] = [];
  #missing: ReadonlySet<string> = new Set();
  #watch: FolderWatch | undefined;
  #reloading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: AgentDirectoryOptions) {
    this.#options = options;
  }

  /**
   * Loads every file and watches the folder from then on.
   * @throws Error that names the folder when it cannot be read.
   */
  async start(): Promise<void> {
    const { folder, log } = this.#options;
    await agentFiles(folder);
    // Before the first look, so that no change falls between the two.
    const watch = new FolderWatch({
      folder,
      onChange: () => void this.reload().catch((error: unknown) => this.#reloadFailed(error)),
      onError: (error) => log.warn(`Agent files in ${folder} cannot all be watched: ${error.message}`),
    });
    this.#watch = watch;
    try {
      await this.reload();
    } catch (error) {
      watch.close();
      throw error;
    }
  }

  /**
   * Reads all files again. One reload after the other; the promise settles when this one is done.
   * @throws Error that names the folder when it cannot be read; the agents stay as they are then.
   */
  reload(): Promise<void> {
    const reload = this.#reloading.then(() => this.#scan());
    this.#reloading = reload.catch(() => undefined);
    return reload;
  }

  /** What is wrong with the files now, by file and line. */
  problems(): FileProblem[] {
    return [...this.#problems];
  }

  /** Stops watching and waits for a reload under way. The registry stays as it is. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watch?.close();
    await this.#reloading;
  }

  async #scan(): Promise<void> {
    if (this.#closed) return;
    const files = await agentFiles(this.#options.folder);
    const problems: FileProblem[] = [];
    const servedBy = new Map<string, string>();
    for (const file of files) {
      const id = file.slice(0, -extname(file).length);
      const first = servedBy.get(id);
      if (first === undefined) {
        servedBy.set(id, file);
        problems.push(...(await this.#load(id, file)));
      } else {
        problems.push(this.#duplicate(id, file, first));
      }
    }
    for (const id of this.#served) if (!servedBy.has(id)) this.#remove(id);
    this.#report(problems);
    this.#reportMissing();
  }

  async #load(id: string, file: string): Promise<FileProblem[]> {
    const { folder, registry, log } = this.#options;
    const path = join(folder, file);
    const loaded = await loadAgentFile(path, this.#options);
    if ('problems' in loaded) return loaded.problems;
    const previous = this.#served.has(id) ? registry.get(id) : undefined;
    const current = makeRevision(loaded.definition, previous, previous ? new Date() : await modifiedAt(path));
    if (current === previous) return [];
    this.#served.add(id);
    log.info(`Agent ${id} is served in revision ${current.revision}.`, { agent: id });
    registry.put(current);
    return [];
  }

  #remove(id: string): void {
    this.#served.delete(id);
    this.#options.log.info(`Agent ${id} is gone: its file was removed.`, { agent: id });
    this.#options.registry.remove(id);
  }

  #duplicate(id: string, file: string, first: string): FileProblem {
    const reason = `declares the agent ${JSON.stringify(id)} a second time: ${first} serves, ${file} does not`;
    return { file: join(this.#options.folder, file), line: 1, path: '', reason };
  }

  /** Logs what is new; `problems()` holds all of it. */
  #report(problems: FileProblem[]): void {
    const known = new Set(this.#problems.map(describeProblem));
    this.#problems = problems;
    for (const line of problems.map(describeProblem)) if (!known.has(line)) this.#options.log.error(line);
  }

  #reportMissing(): void {
    const { registry, log } = this.#options;
    const missing = new Set(missingAgents(registry.list()));
    for (const sentence of missing) if (!this.#missing.has(sentence)) log.warn(sentence);
    this.#missing = missing;
  }

  #reloadFailed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#options.log.error(`The agents stay as they are: ${message}`);
  }
}

/** `agent-cards/docs.yaml:12 execution.tools[0].url — reason`. */
export function describeProblem({ file, line, path, reason }: FileProblem): string {
  return `${file}:${line} ${path === '' ? '' : `${path} `}— ${reason}`;
}

/** Names of the agent files at the top level of the folder, sorted; hidden files are editors' and not ours. */
async function agentFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => !name.startsWith('.') && endings.has(extname(name))).sort();
  } catch (error) {
    throw new Error(`The folder of agent files, ${folder}, cannot be read (${errorCode(error)}).`, {
      cause: error,
    });
  }
}

/** When the file was last changed, so that an agent's times survive a restart. */
async function modifiedAt(path: string): Promise<Date> {
  try {
    return (await stat(path)).mtime;
  } catch {
    // Deleted since it was read: the next look removes it.
    return new Date();
  }
}
