import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadAgentFile, type FileProblem } from '../../../src/agents/load.ts';
import { makeRevision } from '../../../src/agents/revision.ts';
import { AgentFolder, agentYaml, variable } from '../agent-folder.ts';

let folder: AgentFolder;
let outside: string;

const ok = { responses: { '200': { description: 'Fine.' } } };
const shop = {
  openapi: '3.0.3',
  info: { title: 'Shop', version: '1' },
  paths: { '/orders': { get: { operationId: 'listOrders', ...ok }, post: { operationId: 'order', ...ok } } },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
};

beforeAll(async () => {
  folder = await AgentFolder.create();
  outside = await mkdtemp(join(tmpdir(), 'outside-'));
  await writeFile(join(outside, 'shop.json'), JSON.stringify(shop));
  await folder.write('apis/shop.yaml', stringify(shop));
  await folder.write('apis/old.json', '{"swagger":"2.0"}');
  await folder.write('apis/large.yaml', ' '.repeat(5_000_001));
  await symlink(join(outside, 'shop.json'), join(folder.path, 'apis/link.json'));
});

afterAll(async () => {
  await folder.remove();
  await rm(outside, { recursive: true });
});

const tool = (fields: object) => ({
  name: 'shop',
  type: 'openapi',
  document: 'apis/shop.yaml',
  operations: ['listOrders'],
  ...fields,
});

async function load(fields: object) {
  const yaml = agentYaml('desk', { tools: [tool(fields)], contextVariables: [variable({})] });
  return await loadAgentFile(await folder.write('desk.yaml', yaml));
}

async function problemOf(fields: object): Promise<FileProblem | undefined> {
  const loaded = await load(fields);
  return 'problems' in loaded ? loaded.problems[0] : undefined;
}

async function definitionOf(fields: object) {
  const loaded = await load(fields);
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.definition;
}

describe('what is wrong with a tool is told by field', () => {
  test.each<[fields: object, path: string, reason: RegExp]>([
    [{ operations: [] }, 'operations', /fewer than 1/],
    [{ operations: undefined }, 'operations', /required/],
    [{ document: 'apis/none.yaml' }, 'document', /"apis\/none.yaml" does not exist or cannot be read/],
    [{ document: '../shop.yaml' }, 'document', /must stay inside the folder of the agent file$/],
    [
      { document: 'apis/link.json' },
      'document',
      /must stay inside the folder of the agent file, its links too/,
    ],
    [{ document: 'apis/large.yaml' }, 'document', /is larger than 5 MB/],
    [{ document: 'apis/old.json' }, 'document', /is Swagger 2: convert it to OpenAPI 3 first/],
    [{ document: 'https://a:b@shop.example/api.json' }, 'document', /must not hold a user name or password/],
    [{ document: 'https://[/api.json' }, 'document', /is not a valid address/],
    [
      { operations: ['listOrders', 'nope'] },
      'operations[1]',
      /"nope" is not an operation of apis\/shop.yaml/,
    ],
    [{ server: 'ftp://shop.example' }, 'server', /must be an http\(s\) address or a path/],
    [{ server: 'https://a:b@shop.example' }, 'server', /must not hold a user name or password/],
    [{ headers: { Authorization: 'Bearer abc' } }, 'headers.Authorization', /never a literal/],
    [{ credentials: { key: 'abc' } }, 'credentials.key', /object/],
    [{ credentials: { key: { context: 'nobody' } } }, 'credentials.key', /not a declared context variable/],
    [{ credentials: { key: {} } }, 'credentials.key', /exactly one of env and context/],
    [
      { credentials: { other: { env: 'A' } } },
      'credentials.other',
      /is not a security scheme of apis\/shop.yaml/,
    ],
    [{ method: 'GET' }, 'method', /is not a field of this release/],
  ])('%j', async (fields, path, reason) => {
    expect(await problemOf(fields)).toMatchObject({
      path: `execution.tools[0].${path}`,
      reason: expect.stringMatching(reason),
    });
  });
});

describe('the definition', () => {
  test('has the real path, a hash of the document and its defaults', async () => {
    const { execution } = await definitionOf({ credentials: { key: { context: 'customer' } } });
    expect(execution).toMatchObject({
      onReplicaLoss: 'rerun',
      tools: [
        {
          document: join(await realpath(folder.path), 'apis/shop.yaml'),
          documentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          headers: {},
          sideEffects: false,
        },
      ],
    });
  });

  test.each<[fields: object, sideEffects: boolean, declared: boolean | undefined]>([
    [{ operations: ['listOrders', 'GET /orders'] }, false, undefined],
    [{ operations: ['listOrders', 'order'] }, true, undefined],
    [{ operations: ['*'] }, true, undefined],
    [{ operations: ['*'], sideEffects: false }, false, false],
    [{ operations: ['listOrders'], sideEffects: true }, true, true],
    [{ document: 'https://shop.example/api.json', operations: ['GET /orders'] }, false, undefined],
    [{ document: 'https://shop.example/api.json', operations: ['listOrders'] }, true, undefined],
    [{ document: 'https://shop.example/api.json', operations: ['*'] }, true, undefined],
  ])('%j may change something: %s', async (fields, sideEffects, declared) => {
    const { execution } = await definitionOf(fields);
    const [defined] = execution.kind === 'declared' ? execution.tools : [];
    expect(defined).toMatchObject({ sideEffects });
    expect((defined as { declaredSideEffects?: boolean }).declaredSideEffects).toBe(declared);
    expect(execution.onReplicaLoss).toBe(sideEffects ? 'fail' : 'rerun');
  });

  test('of a changed document is a new revision', async () => {
    const now = new Date(0);
    const first = makeRevision(await definitionOf({}), undefined, now);
    expect(makeRevision(await definitionOf({}), first, now)).toBe(first);
    await folder.write('apis/shop.yaml', stringify({ ...shop, info: { title: 'Shop', version: '2' } }));
    expect(makeRevision(await definitionOf({}), first, now).revision).not.toBe(first.revision);
  });
});
