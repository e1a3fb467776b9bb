import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { httpJson } from '../../support/http-json.ts';
import { post, rpc, v03ProtoText, v03Text, v1Text } from '../../support/rpc.ts';
import { combinations } from './connect.ts';
import { saying, taskIn, type ProtocolVersion } from './neutral.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

/** How a version may be named; v0.3 also by nothing (spec §3.6.2). */
const namesOf: Readonly<Record<ProtocolVersion, readonly string[]>> = {
  '1.0': ['1.0', '1.0.0', '1.0.5'],
  '0.3': ['0.3', '0.3.0', '0.3.1', ''],
};

describe.each(combinations)('VER-SERVER-001 A2A $version over $transport', (combination) => {
  test.each(namesOf[combination.version])(
    'is what an SDK client gets that names %j',
    async (namedVersion) => {
      const client = await world.connect(combination, { namedVersion });
      const task = taskIn(await client.send(saying('Hi')));
      expect(task.state).toBe('completed');
      expect(await client.get(task.id)).toEqual(task);
    },
  );
});

interface Row {
  named: string | undefined;
  method: string;
  params: object;
  state?: string;
  code?: number;
}

const v1 = { method: 'SendMessage', params: v1Text('Hi') };
const v03 = { method: 'message/send', params: v03Text('Hi') };

/** What the same address says, by the version that a request names. */
const rows: readonly Row[] = [
  { ...v1, named: '1.0', state: 'TASK_STATE_COMPLETED' },
  { ...v1, named: '1.0.5', state: 'TASK_STATE_COMPLETED' },
  { ...v03, named: '0.3', state: 'completed' },
  { ...v03, named: '0.3.1', state: 'completed' },
  { ...v03, named: '', state: 'completed' },
  { ...v03, named: ' ', state: 'completed' },
  { ...v03, named: undefined, state: 'completed' },
  { ...v03, named: '1.0', code: -32601 },
  { ...v1, named: '0.3', code: -32601 },
  { ...v1, named: '2.0', code: -32009 },
  { ...v03, named: '2.0', code: -32009 },
  { ...v03, named: '1', code: -32009 },
];

interface Answer {
  result?: { kind?: string; status?: { state: string }; task?: { status: { state: string } } };
  error?: { code: number };
}

test.each(rows)(
  'JSON-RPC: $method in version $named is its own',
  async ({ named, method, params, state, code }) => {
    const response = await post(world.gateway.url, 'talker', rpc(method, params), {
      headers: named === undefined ? {} : { 'A2A-Version': named },
    });
    const { result, error } = (await response.json()) as Answer;
    expect(error?.code).toBe(code);
    const wrapped = method === 'SendMessage';
    expect((wrapped ? result?.task : result)?.status?.state).toBe(state);
    if (state && !wrapped) expect(result?.kind).toBe('task');
  },
);

test.each([
  ['v1/message:send', '', 201, v03ProtoText('Hi')],
  ['v1/message:send', '0.3.1', 201, v03ProtoText('Hi')],
  ['message:send', '0.3', 201, v03ProtoText('Hi')],
  ['message:send', '1.0.5', 200, v1Text('Hi')],
  ['v1/message:send', '1.0', 200, v1Text('Hi')],
  ['message:send', '2.0', 400, v1Text('Hi')],
  ['v1/message:send', '2.0', 400, v03ProtoText('Hi')],
])('HTTP+JSON: %s in version %j is %i', async (path, named, status, body) => {
  const response = await httpJson(world.gateway.url, `talker/${path}`, {
    body,
    headers: { 'A2A-Version': named },
  });
  expect(response.status).toBe(status);
});
