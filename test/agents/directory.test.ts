import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentDirectory } from '../../src/agents/directory.ts';
import { AgentRegistry, type AgentChange } from '../../src/agents/registry.ts';
import { AgentFolder, agentFields, agentYaml } from './agent-folder.ts';

let folder: AgentFolder;
let registry: AgentRegistry;
let directory: AgentDirectory;
let errors: string[];
let wakeOnError: () => void;

const log = {
  error: (message: string): void => {
    errors.push(message);
    wakeOnError();
  },
  warn: (message: string): void => void errors.push(message),
  info: (): void => undefined,
  debug: (): void => undefined,
};

beforeEach(async () => {
  folder = await AgentFolder.create();
  registry = new AgentRegistry();
  errors = [];
  wakeOnError = () => undefined;
  directory = new AgentDirectory({ folder: folder.path, registry, log });
});

afterEach(async () => {
  await directory.close();
  await folder.remove();
});

/** Does something to the files and waits until the registry has changed by it. */
async function changeBy(action: () => Promise<unknown>): Promise<AgentChange> {
  const { promise, resolve } = Promise.withResolvers<AgentChange>();
  const stop = registry.onChange(resolve);
  await action();
  const change = await promise;
  stop();
  return change;
}

async function errorBy(action: () => Promise<unknown>): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  wakeOnError = resolve;
  await action();
  await promise;
  return errors.at(-1) ?? '';
}

const prompt = (text: string) => agentYaml('desk', { systemPrompt: text });
const promptNow = () => {
  const execution = registry.get('desk')?.definition.execution;
  return execution?.kind === 'declared' ? execution.systemPrompt : undefined;
};

describe('at the start', () => {
  test('every agent file at the top level is loaded, others are not', async () => {
    await folder.write('a.yaml', agentYaml('a'));
    await folder.write('b.yml', agentYaml('b'));
    await folder.write('c.json', '{}');
    await folder.write('.hidden.yaml', 'broken: [');
    await folder.write('readme.md', '# No agent');
    await folder.write('below/d.yaml', agentYaml('d'));
    await directory.start();
    expect(registry.list().map(({ id }) => id)).toEqual(['a', 'b']);
    expect(new Set(directory.problems().map(({ file }) => file))).toEqual(
      new Set([join(folder.path, 'c.json')]),
    );
  });

  test('a missing folder is an error that names it', async () => {
    const missing = join(folder.path, 'nowhere');
    const other = new AgentDirectory({ folder: missing, registry, log });
    await expect(other.start()).rejects.toThrow(missing);
    await other.close();
  });

  test('a problem is one line with file, line, field and reason; the others are served', async () => {
    const path = await folder.write('bad.yaml', agentYaml('bad', { access: 'everyone' }));
    await folder.write('good.yaml', agentYaml('good'));
    await directory.start();
    expect(errors).toEqual([`${path}:14 execution.access — must be one of authenticated, assigned, public`]);
    expect(registry.list().map(({ id }) => id)).toEqual(['good']);
  });

  test('of two files with one id the first by name serves, and both are named', async () => {
    await folder.write('desk.yaml', prompt('From yaml.'));
    await folder.write('desk.yml', prompt('From yml.'));
    await directory.start();
    expect(promptNow()).toBe('From yaml.');
    expect(directory.problems()).toHaveLength(1);
    expect(errors[0]).toMatch(/desk\.yml:1 .*desk\.yaml serves, desk\.yml does not/);
  });

  test('an agent is as old as its file', async () => {
    const path = await folder.write('desk.yaml', prompt('Old.'));
    await directory.start();
    expect(registry.get('desk')?.createdAt).toBe((await stat(path)).mtime.toISOString());
  });
});

describe('reload', () => {
  test('an unchanged file makes no new revision, a comment neither', async () => {
    await folder.write('desk.yaml', prompt('Same.'));
    await directory.reload();
    const first = registry.get('desk');
    await folder.write('desk.yaml', `# A comment.\n${prompt('Same.')}`);
    await directory.reload();
    expect(first).toBeDefined();
    expect(registry.get('desk')).toBe(first);
  });

  test('a known problem is told once, and forgotten when it is repaired', async () => {
    await folder.write('desk.yaml', 'broken: [');
    await directory.reload();
    const told = errors.length;
    await directory.reload();
    expect(told).toBeGreaterThan(0);
    expect(errors).toHaveLength(told);
    await folder.write('desk.yaml', prompt('Repaired.'));
    await directory.reload();
    expect(directory.problems()).toEqual([]);
    expect(promptNow()).toBe('Repaired.');
  });

  test('agents of others stay', async () => {
    await folder.write('desk.yaml', prompt('Mine.'));
    await directory.reload();
    const mine = registry.get('desk');
    if (mine) registry.put({ ...mine, id: 'other' });
    await rm(join(folder.path, 'desk.yaml'));
    await directory.reload();
    expect(registry.list().map(({ id }) => id)).toEqual(['other']);
  });
});

describe('while it watches', () => {
  beforeEach(async () => {
    await folder.write('desk.yaml', prompt('One.'));
    await directory.start();
  });

  test('changed → new revision; broken → the old one stays; repaired → picked up; deleted → gone', async () => {
    const first = registry.get('desk');
    const change = await changeBy(() => folder.write('desk.yaml', prompt('Two.')));
    expect(change.previous).toBe(first);
    expect(change.current).toMatchObject({ createdAt: first?.createdAt });
    expect(promptNow()).toBe('Two.');

    const error = await errorBy(() => folder.write('desk.yaml', `${prompt('Three.')}nonsense: 1\n`));
    expect(error).toContain('nonsense — is not a field');
    expect(promptNow()).toBe('Two.');

    await changeBy(() => folder.write('desk.yaml', prompt('Four.')));
    expect(promptNow()).toBe('Four.');
    expect(directory.problems()).toEqual([]);

    const gone = await changeBy(() => rm(join(folder.path, 'desk.yaml')));
    expect(gone.current).toBeUndefined();
    expect(registry.get('desk')).toBeUndefined();
  });

  test('editors that write a new file and rename it are followed, every time', async () => {
    for (const text of ['Two.', 'Three.', 'Four.']) {
      const written = await folder.write('desk.yaml.new', prompt(text));
      await changeBy(() => rename(written, join(folder.path, 'desk.yaml')));
      expect(promptNow()).toBe(text);
    }
  });

  test('a prompt file counts too, also in a folder that is made later, deleted and made again', async () => {
    const error = await errorBy(() =>
      folder.write('desk.yaml', agentYaml('desk', { systemPrompt: { file: 'prompts/desk.md' } })),
    );
    expect(error).toContain('prompts/desk.md');
    await changeBy(() => folder.write('prompts/desk.md', 'First.'));
    expect(promptNow()).toBe('First.');
    await changeBy(() => folder.write('prompts/desk.md', 'Second.'));
    expect(promptNow()).toBe('Second.');
    await errorBy(() => rm(join(folder.path, 'prompts'), { recursive: true }));
    await changeBy(() => folder.write('prompts/desk.md', 'Third.'));
    await changeBy(() => folder.write('prompts/desk.md', 'Fourth.'));
    expect(promptNow()).toBe('Fourth.');
  });

  test('a new file is a new agent', async () => {
    const change = await changeBy(() => folder.write('shop.json', JSON.stringify(agentFields('shop'))));
    expect(change.id).toBe('shop');
  });

  test('nothing happens after close', async () => {
    await directory.close();
    await folder.write('desk.yaml', prompt('Two.'));
    await directory.reload();
    expect(promptNow()).toBe('One.');
  });
});

test('a tool that asks an agent which nobody serves is told of once', async () => {
  const tools = [{ name: 'ask', type: 'agent', agent: 'other' }];
  await folder.write('desk.yaml', agentYaml('desk', { tools }));
  await directory.start();
  const told = ['The tool ask of agent desk asks the agent other, which is not served: it fails.'];
  expect(errors).toEqual(told);
  await directory.reload();
  expect(errors).toEqual(told);
  await changeBy(async () => await folder.write('other.yaml', agentYaml('other')));
  await directory.reload();
  expect(errors).toEqual(told);
});
