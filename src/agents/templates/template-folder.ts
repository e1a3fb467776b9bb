import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Log } from '../../telemetry/log.ts';
import type { ImportRequest, Template, TemplateLibrary } from '../../tools/gateway/template-library.ts';
import { ToolError } from '../../tools/tool.ts';
import { checkAgentFile, errorCode, type LoadOptions } from '../load.ts';
import { parseTemplate, type TemplateFile } from './template-file.ts';

export interface TemplateFolderOptions {
  /** Where the templates are. */
  folder: string;
  /** AGENT_CARDS_DIR, where agent files are written. */
  agentFolder: string;
  /** How agent files are checked there. */
  loading: LoadOptions;
  isTaken(agentId: string): boolean;
  /** Reads the agent files again: resolves when a new one is served. */
  reload(): Promise<void>;
  log: Log;
}

const endings = ['.yaml', '.yml'];
const endingsOfAgents = ['.yaml', '.yml', '.json'];
const mostTemplates = 200;
const mostBytes = 256 * 1024;

/** The templates of a folder, read anew at each use. */
export class TemplateFolder implements TemplateLibrary {
  readonly #options: TemplateFolderOptions;
  /** Told once, not with every search. */
  readonly #told = new Set<string>();

  constructor(options: TemplateFolderOptions) {
    this.#options = options;
  }

  async list(): Promise<Template[]> {
    const files = await this.#files();
    const read = await Promise.all(files.map(async (file) => await this.#read(file)));
    return read.filter((one) => one !== undefined).map(({ template }) => template);
  }

  async import(request: ImportRequest): Promise<{ file: string; needs: string[] }> {
    const { agentFolder, loading } = this.#options;
    const files = await this.#files();
    const source = files.find((file) => templateId(file) === request.template);
    const found = source === undefined ? undefined : await this.#read(source);
    if (!found)
      throw new ToolError('There is no such template. search_templates lists those that there are.');
    await this.#requireFree(request.id);
    const file = `${request.id}.yaml`;
    const path = join(agentFolder, file);
    const text = found.agentFile(request);
    const checked = await checkAgentFile(path, text, loading);
    if ('problems' in checked) {
      const reasons = checked.problems.map(({ path: at, reason }) => `${at} ${reason}`.trim());
      throw new ToolError(`Not imported, because it would not load here: ${reasons.join('; ')}.`);
    }
    await writeNewFile(agentFolder, file, text);
    await this.#options.reload();
    return { file, needs: found.template.needs };
  }

  async #requireFree(id: string): Promise<void> {
    const { agentFolder } = this.#options;
    const names = await readdir(agentFolder).catch((error: unknown) => {
      throw new ToolError(`The folder of agent files cannot be read (${errorCode(error)}).`);
    });
    if (this.#options.isTaken(id) || endingsOfAgents.some((ending) => names.includes(id + ending)))
      throw taken(id);
  }

  async #files(): Promise<string[]> {
    try {
      const names = await readdir(this.#options.folder);
      const files = names.filter((name) => !name.startsWith('.') && endings.includes(extname(name)));
      return files.sort().slice(0, mostTemplates);
    } catch (error) {
      throw new ToolError(`The folder of templates cannot be read (${errorCode(error)}).`);
    }
  }

  async #read(file: string): Promise<TemplateFile | undefined> {
    const parsed = await this.#parse(file);
    if (!('reason' in parsed)) return parsed;
    const line = `The template ${file} ${parsed.reason}.`;
    if (!this.#told.has(line)) this.#options.log.warn(line);
    this.#told.add(line);
    return undefined;
  }

  async #parse(file: string): Promise<TemplateFile | { reason: string }> {
    const path = join(this.#options.folder, file);
    try {
      const found = await stat(path);
      if (!found.isFile() || found.size > mostBytes) return { reason: 'is no file of at most 256 kB' };
      return parseTemplate(templateId(file), await readFile(path, 'utf8'));
    } catch (error) {
      return { reason: `cannot be read (${errorCode(error)})` };
    }
  }
}

function templateId(file: string): string {
  return basename(file, extname(file));
}

/** Whole or not at all, and never over another file: a link is refused where the name is taken. */
async function writeNewFile(folder: string, file: string, text: string): Promise<void> {
  // Hidden, so that it is nobody's agent file.
  const draft = join(folder, `.import-${randomUUID()}`);
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await link(draft, join(folder, file));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw taken(basename(file, extname(file)));
    throw new ToolError(`The folder of agent files cannot be written (${errorCode(error)}).`);
  } finally {
    await rm(draft, { force: true });
  }
}

function taken(id: string): ToolError {
  return new ToolError(`Not imported: the id ${id} is taken. Choose another one.`);
}
