import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

type Fields = Record<string, unknown>;

/** A folder of agent files of its own, removed at the end. */
export class AgentFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<AgentFolder> {
    return new AgentFolder(await mkdtemp(join(tmpdir(), 'agents-')));
  }

  /** Writes a file (and its folders) and gives back its path. */
  async write(name: string, content: string): Promise<string> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A small valid agent; `execution` and `card` are merged in. */
export function agentFields(id: string, execution: Fields = {}, card: Fields = {}): Fields {
  return {
    schemaVersion: '1',
    id,
    card: {
      name: id,
      description: 'Answers.',
      version: '1.0.0',
      skills: [{ id: 'answer', name: 'Answer', description: 'Answers.', tags: [] }],
      ...card,
    },
    execution: { systemPrompt: 'You answer.', ...execution },
  };
}

export function agentYaml(id: string, execution: Fields = {}, card: Fields = {}): string {
  return stringify(agentFields(id, execution, card));
}

// Parts of an `execution`, valid as they are; `fields` change them.

export const variable = (fields: object) => ({ name: 'customer', schema: { type: 'string' }, ...fields });
export const http = (fields: object) => ({
  name: 'call',
  type: 'http',
  method: 'GET',
  url: 'https://shop.example/orders',
  ...fields,
});
export const withTool = (fields: object) => ({ tools: [http(fields)] });
export const scenario = (fields: object) => ({ name: 'one', description: 'One.', ...fields });
export const knowledge = (fields: object) => ({
  name: 'search',
  type: 'knowledge',
  source: 'docs',
  ...fields,
});
