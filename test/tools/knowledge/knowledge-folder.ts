import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { KnowledgeToolDefinition } from '../../../src/agents/tool-types/knowledge.ts';
import type { Log, LogFields } from '../../../src/telemetry/log.ts';
import { EgressGuard } from '../../../src/tools/egress/egress-guard.ts';
import { KnowledgeLibrary } from '../../../src/tools/knowledge/knowledge-library.ts';
import { createKnowledgeTool } from '../../../src/tools/knowledge/knowledge-tool.ts';
import type { Knowledge, KnowledgeOptions } from '../../../src/tools/knowledge/knowledge.ts';
import type { Tool } from '../../../src/tools/tool.ts';

export interface LogLine {
  level: keyof Log;
  message: string;
  fields: LogFields;
}

/** A folder of documents, and the gateway's library that searches it. */
export class KnowledgeFolder {
  readonly path: string;
  readonly name: string;
  readonly library: KnowledgeLibrary;
  readonly lines: LogLine[] = [];
  readonly #guard = new EgressGuard({ allow: [] });
  #waiting: { fits: (line: LogLine) => boolean; resolve: (line: LogLine) => void }[] = [];

  static async create(env: Record<string, string> = {}): Promise<KnowledgeFolder> {
    return new KnowledgeFolder(await mkdtemp(join(tmpdir(), 'knowledge-')), env);
  }

  constructor(path: string, env: Record<string, string>) {
    this.path = path;
    this.name = basename(path);
    const times = { questionMs: 1000, retryMs: 20 };
    this.library = new KnowledgeLibrary({ log: this.#log(), guard: this.#guard, env, times });
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const target = join(this.path, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }

  async remove(): Promise<void> {
    await this.library.close();
    await this.#guard.close();
    await rm(this.path, { recursive: true, force: true });
  }

  open(options: Partial<KnowledgeOptions> = {}): Knowledge {
    return this.library.open({ folder: this.path, ...options });
  }

  tool(changes: Partial<KnowledgeToolDefinition> = {}): Tool {
    const definition = { name: 'search', type: 'knowledge' as const, source: this.path, topK: 3, ...changes };
    return createKnowledgeTool(definition, { knowledge: this.library });
  }

  /** Does something, and waits until a line of the log that fits has come by it. */
  async loggedBy(message: RegExp, action: () => unknown): Promise<LogLine> {
    const { promise, resolve } = Promise.withResolvers<LogLine>();
    this.#waiting.push({ fits: (line) => message.test(line.message), resolve });
    await action();
    return await promise;
  }

  /** Does something to the files, and waits until the index has followed. */
  async indexedBy(action: () => unknown): Promise<LogFields> {
    return (await this.loggedBy(/^The knowledge is indexed/, action)).fields;
  }

  #log(): Log {
    const write =
      (level: keyof Log) =>
      (message: string, fields: LogFields = {}): void => {
        const line = { level, message, fields };
        this.lines.push(line);
        for (const one of this.#waiting.filter(({ fits }) => fits(line))) one.resolve(line);
        this.#waiting = this.#waiting.filter(({ fits }) => !fits(line));
      };
    return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };
  }
}
