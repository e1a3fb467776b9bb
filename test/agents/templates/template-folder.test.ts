import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TemplateFolder } from '../../../src/agents/templates/template-folder.ts';
import { loadAgentFile } from '../../../src/agents/load.ts';
import { recordingLog } from '../../http/local-server.ts';

const good = `# A template.
template:
  name: Greeter
  description: Says hello.
  tags: [hello]
  needs: [A model.]
agent:
  schemaVersion: '1'
  id: greeter
  card:
    name: Greeter
    description: Says hello.
    version: 1.0.0
    skills: [{ id: hello, name: Hello, description: Says hello., tags: [hello] }]
  execution:
    # Keep it short.
    systemPrompt: Say hello.
    tools:
      - { name: docs, type: knowledge, source: ./docs }
`;

let root: string;
let agentFolder: string;
let log: ReturnType<typeof recordingLog>;
let reloads: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'templates-'));
  agentFolder = join(root, 'agents');
  await mkdir(join(agentFolder, 'docs'), { recursive: true });
  await mkdir(join(root, 'templates'));
  await writeTemplate('greeter.yaml', good);
  log = recordingLog();
  reloads = 0;
});

afterEach(async () => await rm(root, { recursive: true }));

async function writeTemplate(name: string, content: string): Promise<void> {
  await writeFile(join(root, 'templates', name), content);
}

function library(folder = join(root, 'templates')): TemplateFolder {
  return new TemplateFolder({
    folder,
    agentFolder,
    loading: {},
    isTaken: (id) => id === 'served',
    reload: async () => void (reloads += 1),
    log,
  });
}

/** What is in the agents' folder besides the documents. */
async function agentFiles(): Promise<string[]> {
  return (await readdir(agentFolder)).filter((name) => name !== 'docs');
}

describe('list', () => {
  test('has what can be read, and tells the log once of what cannot', async () => {
    await writeTemplate('broken.yaml', 'template: [');
    await writeTemplate('empty.yaml', '');
    await writeTemplate('headless.yml', 'agent: {}');
    await writeTemplate('strange.yaml', good.replace('needs:', 'wants: []\n  needs:'));
    await writeTemplate('twisted.yaml', 'a: &a [*a, *a]');
    await writeTemplate('big.yaml', '#'.repeat(300_000));
    await writeTemplate('.hidden.yaml', good);
    await writeTemplate('notes.txt', good);
    const templates = library();
    const expected = { id: 'greeter', name: 'Greeter', description: 'Says hello.', tags: ['hello'] };
    for (let count = 0; count < 2; count += 1) {
      expect(await templates.list()).toEqual([{ ...expected, needs: ['A model.'] }]);
    }
    const lines = log.entries.map(({ level, message }) => `${level} ${message}`);
    expect(lines.sort().map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual(
      ['big', 'broken', 'empty', 'headless', 'strange', 'twisted'].map(
        (name) => `warn The template ${name}.${name === 'headless' ? 'yml' : 'yaml'}`,
      ),
    );
  });

  test('says that the folder is gone', async () => {
    await expect(library(join(root, 'nowhere')).list()).rejects.toThrow(
      'The folder of templates cannot be read (ENOENT).',
    );
  });
});

describe('import', () => {
  test('writes the template’s own text under the new id, comments included', async () => {
    const imported = await library().import({
      template: 'greeter',
      id: 'my-desk',
      description: 'Greets: all.',
    });
    expect(imported).toEqual({ file: 'my-desk.yaml', needs: ['A model.'] });
    expect(reloads).toBe(1);
    expect(await agentFiles()).toEqual(['my-desk.yaml']);
    const path = join(agentFolder, 'my-desk.yaml');
    expect(await readFile(path, 'utf8')).toMatch(
      /^# Made from the template greeter\.\n[^]*# Keep it short\./,
    );
    const loaded = await loadAgentFile(path);
    expect(loaded).toMatchObject({
      definition: { id: 'my-desk', card: { name: 'Greeter', description: 'Greets: all.' } },
    });
  });

  test('can be done of one template many times', async () => {
    const templates = library();
    for (const id of ['one', 'two']) await templates.import({ template: 'greeter', id, name: `Desk ${id}` });
    expect(await loadAgentFile(join(agentFolder, 'one.yaml'))).toMatchObject({
      definition: { id: 'one', card: { name: 'Desk one' } },
    });
  });

  test.each(['my-desk.yaml', 'my-desk.yml', 'my-desk.json'])('leaves %s as it is', async (file) => {
    await writeFile(join(agentFolder, file), 'mine');
    await expect(library().import({ template: 'greeter', id: 'my-desk' })).rejects.toThrow('is taken');
    expect(await readFile(join(agentFolder, file), 'utf8')).toBe('mine');
    expect(await agentFiles()).toEqual([file]);
  });

  test('lets one of two at the same time win', async () => {
    const templates = library();
    const both = await Promise.allSettled(
      ['First', 'Second'].map((name) => templates.import({ template: 'greeter', id: 'my-desk', name })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [winner] = ['First', 'Second'].filter((_, index) => both[index]?.status === 'fulfilled');
    expect(await readFile(join(agentFolder, 'my-desk.yaml'), 'utf8')).toContain(`name: ${winner}`);
    expect(await agentFiles()).toEqual(['my-desk.yaml']);
  });

  test('takes no id that is served from elsewhere', async () => {
    await expect(library().import({ template: 'greeter', id: 'served' })).rejects.toThrow('is taken');
  });

  test('writes nothing that would not load', async () => {
    await rm(join(agentFolder, 'docs'), { recursive: true });
    await expect(library().import({ template: 'greeter', id: 'my-desk' })).rejects.toThrow(
      /^Not imported, because it would not load here: execution\.tools\[0\]\.source "\.\/docs" is not a folder/,
    );
    expect(await readdir(agentFolder)).toEqual([]);
    expect(reloads).toBe(0);
  });

  test('knows its own templates only', async () => {
    await writeFile(join(root, 'outside.yaml'), good);
    for (const template of ['../outside', 'nothing', 'greeter.yaml', '']) {
      await expect(library().import({ template, id: 'my-desk' })).rejects.toThrow('no such template');
    }
  });

  test('says that the folder of agents cannot be written', async () => {
    await rm(agentFolder, { recursive: true });
    await expect(library().import({ template: 'greeter', id: 'my-desk' })).rejects.toThrow(
      'The folder of agent files cannot be read (ENOENT).',
    );
  });
});
