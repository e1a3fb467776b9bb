import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { call, post, rpc } from '../support/rpc.ts';
import { collect, readSse } from '../support/sse-reader.ts';

const files = { 'talker.yaml': agentFile('talker', {}, { defaultInputModes: ['*/*'] }) };
const everyByte = Buffer.from(Array.from({ length: 256 }, (_zero, byte) => byte));

/** Each spelling of base64 that a caller may use, and the content of every kind of part. */
const bytes = [
  everyByte.toString('base64'),
  everyByte.toString('base64').replace(/=+$/, ''),
  everyByte.toString('base64url'),
  `${everyByte.toString('base64url')}==`,
  '+/-_',
  '',
];
const data = {
  list: [1, 1.5, -0.25, 1e21, true, null, ''],
  nested: { 'key "quoted"': 'ä\u2028🙂' },
  none: {},
};
const metadata = { 'urn:x': { deep: [null, 'ü'] } };
const address = 'https://files.example/a%20b.png?signature=%2B%2f#page=2';
const name = 'Übersicht (1) "final".bin';
const type = 'Application/X-Thing; v="1;2"';

const partsOf: Readonly<Record<TestVersion['version'], readonly object[]>> = {
  '1.0': [
    { text: 'Look: \t ä🙂', mediaType: 'text/plain; charset=UTF-8', filename: 'a.txt', metadata },
    { text: '' },
    ...bytes.map((raw) => ({ raw, mediaType: type, filename: name })),
    { url: address, mediaType: 'image/PNG', filename: name, metadata },
    { data, mediaType: 'application/json', filename: 'data.json', metadata },
    ...[null, 0, false, '', [], 'text', 9_007_199_254_740_991].map((value) => ({ data: value })),
  ],
  '0.3': [
    { kind: 'text', text: 'Look: \t ä🙂', metadata },
    { kind: 'text', text: '' },
    ...bytes.map((content) => ({ kind: 'file', file: { bytes: content, mimeType: type, name } })),
    { kind: 'file', file: { uri: address, mimeType: 'image/PNG', name }, metadata },
    { kind: 'data', data, metadata },
    { kind: 'data', data: {} },
  ],
};

let dataDir: string;
let model: ModelServer;
let gateway: TestGateway;

async function open(): Promise<void> {
  gateway = await startGateway({ files, env: modelEnv(model.baseUrl), dataDir });
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-parts-'));
  model = await startModelServer(text('Seen.'));
  await open();
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await rm(dataDir, { recursive: true });
});

interface Shown {
  id: string;
  history?: { parts: object[] }[];
}

function options(version: TestVersion): { headers: Record<string, string> } {
  return { headers: { 'A2A-Version': version.version } };
}

/** The parts of the first message that a result shows. */
async function ask(version: TestVersion, method: string, params: object): Promise<Shown> {
  const answer = await call(gateway.url, 'talker', rpc(method, params), options(version));
  const { result } = answer as { result?: Shown & { task?: Shown; tasks?: Shown[] } };
  const shown = result?.task ?? result?.tasks?.[0] ?? result;
  if (!shown) throw new Error(JSON.stringify(answer));
  return shown;
}

async function firstOfStream(version: TestVersion, params: object): Promise<Shown> {
  const response = await post(gateway.url, 'talker', rpc(version.stream, params), options(version));
  const [frame] = await collect(readSse(response));
  const { result } = JSON.parse(frame?.data ?? '{}') as { result: Shown & { task?: Shown } };
  return result.task ?? result;
}

function partsIn({ history }: Shown): object[] | undefined {
  return history?.[0]?.parts;
}

describe.each(testVersions)('parts of version $version come back exactly as they were sent', (version) => {
  const parts = partsOf[version.version];
  const params = version.params(parts, { contextId: `context-${version.version}` });

  test('in the answer, on a stream, when asked for, in a list, and after a restart', async () => {
    const sent = await ask(version, version.send, params);
    expect(partsIn(sent)).toEqual(parts);
    expect(partsIn(await firstOfStream(version, version.params(parts)))).toEqual(parts);
    // The same message again: the run is read from its log.
    expect(partsIn(await firstOfStream(version, params))).toEqual(parts);
    expect(partsIn(await ask(version, version.get, { id: sent.id }))).toEqual(parts);
    await gateway.stop();
    await open();
    expect(partsIn(await ask(version, version.get, { id: sent.id }))).toEqual(parts);
  });
});

test('what one version sends, the other shows as it can: bytes, addresses, names and types whole', async () => {
  const [v1, v03] = testVersions as [TestVersion, TestVersion];
  const sent = await ask(v03, v03.send, v03.params(partsOf['0.3']));
  const shown = partsIn(await ask(v1, v1.get, { id: sent.id }));
  expect(shown?.slice(0, 9)).toEqual([
    { text: 'Look: \t ä🙂', metadata },
    { text: '' },
    ...bytes.map((raw) => ({ raw, mediaType: type, filename: name })),
    { url: address, mediaType: 'image/PNG', filename: name, metadata },
  ]);
  const other = await ask(
    v1,
    v1.send,
    v1.params([{ raw: '-_8', mediaType: type, filename: name }, { data: null }]),
  );
  // v0.3 data is always an object.
  expect(partsIn(await ask(v03, v03.get, { id: other.id }))).toEqual([
    { kind: 'file', file: { bytes: '-_8', mimeType: type, name } },
    { kind: 'data', data: { value: null } },
  ]);
});

test('a list shows them too', async () => {
  const [v1] = testVersions as [TestVersion];
  const contextId = 'context-of-a-list';
  await ask(v1, v1.send, v1.params(partsOf['1.0'], { contextId }));
  expect(partsIn(await ask(v1, 'ListTasks', { contextId }))).toEqual(partsOf['1.0']);
  const cut = await ask(v1, 'ListTasks', { contextId, historyLength: 0 });
  expect(cut).not.toHaveProperty('history');
});
