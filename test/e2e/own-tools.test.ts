import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { rest, type RestAnswer, type RestRequest } from '../support/rest.ts';
import { storeKeys } from '../support/stored-keys.ts';
import { until } from '../support/wait.ts';

let dataDir: string;
let keys: Record<'ann' | 'max', string>;
let gateway: TestGateway;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-own-tools-'));
  keys = await storeKeys(dataDir, { ann: {}, max: { user: { role: 'manager' } } });
  await writeFile(join(dataDir, 'tools.yaml'), stringify(toolsFile));
  const files = {
    'talker.yaml': agentFile('talker'),
    'guide/mugs.md': '# Mugs\n\nA mug holds coffee.\n',
    'policies/returns.md': '# Returns\n\nA mug may be returned.\n',
    'templates/greeter.yaml': template(agentFile('greeter')),
    'templates/broken.yaml': template(
      agentFile('broken', { tools: [{ name: 'x', type: 'nothing' }] }),
      'Broken',
    ),
  };
  gateway = await startGateway({ files, env: { TOOLS_FILE: join(dataDir, 'tools.yaml') }, dataDir });
});

afterAll(async () => {
  await gateway.stop();
  await rm(dataDir, { recursive: true });
});

const toolsFile = {
  search_knowledge_base: null,
  search_templates: null,
  import_template: { agentic: true, priceUsd: 0.01 },
  create_support_ticket: {},
};

function template(agent: object, name = 'Greeter'): string {
  const header = { name, description: `Says ${name}.`, tags: ['salutation'], needs: ['A model.'] };
  return stringify({ template: header, agent }).replace('agent:', 'agent: # of the greeter');
}

async function execute(
  tool: string,
  body: object = {},
  request: RestRequest = {},
): Promise<{ status: number; body: RestAnswer['body'] }> {
  const { status, body: answer } = await rest(gateway.url, `/tools/${tool}/execute`, { body, ...request });
  return { status, body: answer };
}

describe('the list', () => {
  test('is what is configured, and what the caller may use', async () => {
    const names = async (key: string) =>
      (await rest(gateway.url, '/tools', { key })).body.tools?.map(({ name, agentic }) => [name, agentic]);
    const forUsers = [
      ['search_knowledge_base', false],
      ['search_templates', false],
      ['create_support_ticket', false],
    ];
    expect(await names(keys.ann)).toEqual(forUsers);
    expect(await names(keys.max)).toEqual(forUsers);
    const all = (await rest(gateway.url, '/tools')).body.tools?.map(({ name, agentic }) => [name, agentic]);
    expect(all).toEqual([...forUsers.slice(0, 2), ['import_template', true], ...forUsers.slice(2)]);
  });

  test('what is not configured does not exist', async () => {
    expect((await execute('host_cli', { command: 'ls' })).status).toBe(404);
    expect((await execute('host_list_commands')).status).toBe(404);
  });
});

describe('search_knowledge_base', () => {
  test('searches the guide where no source is named in the file', async () => {
    const { body } = await execute('search_knowledge_base', { query: 'mug' }, { key: keys.ann });
    expect(body).toEqual({
      tool: 'search_knowledge_base',
      result: '[1] guide/mugs.md — Mugs\nA mug holds coffee.',
      success: true,
    });
  });

  test('needs credentials, and takes no context values', async () => {
    expect((await execute('search_knowledge_base', { query: 'mug' }, { key: null })).status).toBe(401);
    expect((await execute('nothing', {}, { key: null })).status).toBe(401);
    const headers = { 'X-Context-Values': '{"customer":"C-7"}' };
    expect(await execute('search_knowledge_base', { query: 'mug' }, { headers })).toMatchObject({
      status: 400,
      body: { error: { details: { fields: { customer: expect.any(String) } } } },
    });
  });
});

describe('support tickets', () => {
  test('are created by users and read by administrators', async () => {
    const ticket = { subject: 'No answer', description: 'The desk is silent.', email: 'ann@shop.example' };
    const created = await execute('create_support_ticket', ticket, { key: keys.ann });
    expect(created.body).toMatchObject({ success: true, result: { status: 'created' } });
    const { ticket_id: id } = created.body.result as { ticket_id: string };
    const { body } = await rest(gateway.url, '/support-tickets');
    expect(body).toMatchObject({ total: 1, limit: 50, offset: 0 });
    expect(body.support_tickets?.[0]).toEqual({
      id,
      user_id: 'ann',
      ...ticket,
      priority: 'normal',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(gateway.logged()).not.toContain('The desk is silent.');
    expect((await rest(gateway.url, `/support-tickets/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await rest(gateway.url, `/support-tickets/${id}`, { method: 'DELETE' })).status).toBe(404);
    expect((await rest(gateway.url, '/support-tickets')).body.total).toBe(0);
  });

  test.each(['ann', 'max'] as const)('are not for %s to read or delete', async (user) => {
    const key = keys[user];
    expect(await rest(gateway.url, '/support-tickets', { key })).toMatchObject({
      status: 403,
      body: { error: { code: 'permission_denied', details: { required_role: 'admin' } } },
    });
    expect((await rest(gateway.url, '/support-tickets/x', { key, method: 'DELETE' })).status).toBe(403);
    expect((await rest(gateway.url, '/support-tickets', { key: null })).status).toBe(401);
  });

  test('are refused where they are ill-formed', async () => {
    const { body } = await execute('create_support_ticket', { subject: '', priority: 'now', email: 'ann' });
    expect(Object.keys(body.error?.details['fields'] as object).sort()).toEqual([
      'description',
      'email',
      'priority',
      'subject',
    ]);
  });
});

describe('templates', () => {
  test('are found by their words', async () => {
    const found = { template: 'greeter', name: 'Greeter', description: 'Says Greeter.' };
    const { body } = await execute('search_templates', { query: 'greter' }, { key: keys.ann });
    expect(body.result).toMatchObject({
      templates: [{ ...found, tags: ['salutation'], needs: ['A model.'] }],
      count: 1,
    });
    expect((await execute('search_templates', { query: 'zebra' })).body.result).toMatchObject({ count: 0 });
    expect((await execute('search_templates')).body.result).toMatchObject({ count: 2 });
  });

  test('become agents, which are served at once', async () => {
    const { body } = await execute('import_template', {
      template: 'greeter',
      id: 'hello-desk',
      name: 'Hello',
    });
    const cardUrl = `${gateway.url}/a2a/hello-desk/.well-known/agent-card.json`;
    expect(body).toEqual({
      tool: 'import_template',
      result: { agent_id: 'hello-desk', file: 'hello-desk.yaml', card_url: cardUrl, needs: ['A model.'] },
      success: true,
    });
    const card = (await (await fetch(cardUrl)).json()) as object;
    expect(card).toMatchObject({ name: 'Hello', description: 'The agent greeter.' });
    const written = await readFile(join(gateway.folder, 'hello-desk.yaml'), 'utf8');
    expect(written).toMatch(/^# Made from the template greeter\./);
    expect((await rest(gateway.url, '/agents/hello-desk', { key: keys.ann })).status).toBe(200);
  });

  test('are not imported over an agent, nor where they would not load', async () => {
    const before = await readdir(gateway.folder);
    const taken = await execute('import_template', { template: 'greeter', id: 'talker' });
    expect(taken.body).toMatchObject({ success: false, result: expect.stringContaining('is taken') });
    const broken = await execute('import_template', { template: 'broken', id: 'new-desk' });
    expect(broken.body).toMatchObject({
      success: false,
      result: expect.stringContaining('execution.tools[0].type'),
    });
    const missing = await execute('import_template', { template: '../talker', id: 'new-desk' });
    expect(missing.body).toMatchObject({
      success: false,
      result: expect.stringContaining('no such template'),
    });
    expect(await execute('import_template', { template: 'greeter', id: '../x' })).toMatchObject({
      status: 400,
    });
    expect(await readdir(gateway.folder)).toEqual(before);
  });

  test.each(['ann', 'max'] as const)('are not for %s to import', async (user) => {
    const args = { template: 'greeter', id: 'of-a-user' };
    expect(await execute('import_template', args, { key: keys[user] })).toMatchObject({
      status: 403,
      body: { error: { code: 'permission_denied', details: { required_role: 'admin' } } },
    });
  });

  test('are no agents themselves, and make no noise', async () => {
    expect(gateway.agents.get('greeter')).toBeUndefined();
    await gateway.write('templates/late.yaml', template(agentFile('late')));
    await gateway.write('later.yaml', stringify(agentFile('later')));
    await until(() => gateway.agents.get('later'), { what: 'the agent that was written after it' });
    expect(gateway.agents.get('late')).toBeUndefined();
    expect(gateway.logged()).not.toMatch(/"level":"(warn|error)"/);
  });
});
