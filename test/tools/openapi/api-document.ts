import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenApiToolDefinition } from '../../../src/agents/tool-types/openapi.ts';
import { EgressGuard } from '../../../src/tools/egress/egress-guard.ts';
import { OpenApiSource, type OpenApiDependencies } from '../../../src/tools/openapi/openapi-source.ts';
import { ToolError, type Tool } from '../../../src/tools/tool.ts';

export const ok = { responses: { '200': { description: 'Fine.' } } };

/** A whole document around `paths`; `more` is merged in at its root. */
export function apiDocument(paths: object, more: object = {}): object {
  return { openapi: '3.1.0', info: { title: 'Shop', version: '1' }, paths, ...more };
}

/** Documents in files of their own, the sources that read them, and what has to be released at the end. */
export class ApiDocuments {
  readonly folder: string;
  readonly guard = new EgressGuard({ allow: [] });
  readonly server: () => string;
  #count = 0;

  constructor(folder: string, server: () => string) {
    this.folder = folder;
    this.server = server;
  }

  /** @param server where the operations are, unless a declaration says otherwise */
  static async create(server: () => string): Promise<ApiDocuments> {
    return new ApiDocuments(await mkdtemp(join(tmpdir(), 'documents-')), server);
  }

  async source(
    document: object | string,
    declared: Partial<OpenApiToolDefinition> = {},
    deps: Partial<OpenApiDependencies> = {},
  ): Promise<OpenApiSource> {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const path = join(this.folder, `${(this.#count += 1)}.yaml`);
    await writeFile(path, text);
    const definition: OpenApiToolDefinition = {
      name: 'shop',
      type: 'openapi',
      document: path,
      documentHash: hash('sha256', text, 'hex'),
      operations: ['*'],
      server: this.server(),
      headers: {},
      credentials: {},
      ...declared,
    };
    return this.open(definition, deps);
  }

  open(definition: OpenApiToolDefinition, deps: Partial<OpenApiDependencies> = {}): OpenApiSource {
    return new OpenApiSource(definition, { env: {}, guard: this.guard, ownAddress: this.server, ...deps });
  }

  async tools(...given: Parameters<ApiDocuments['source']>): Promise<readonly Tool[]> {
    return await (await this.source(...given)).tools(new AbortController().signal);
  }

  /** The first tool of the document. */
  async tool(...given: Parameters<ApiDocuments['source']>): Promise<Tool> {
    const [tool] = await this.tools(...given);
    if (!tool) throw new Error('The document brought no tool');
    return tool;
  }

  /** Why the document brings no tools. */
  async refusal(document: object | string, operations = ['*']): Promise<string> {
    const error: unknown = await this.tools(document, { operations }).catch((thrown: unknown) => thrown);
    if (error instanceof ToolError) return error.message;
    throw new Error('The document was not refused', { cause: error });
  }

  async close(): Promise<void> {
    await this.guard.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
