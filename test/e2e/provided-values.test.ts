import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startServer, type LocalServer } from '../auth/jwks-server.ts';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RecordedRequest } from '../support/model-server.ts';
import {
  conversationHistoryUri,
  providedValuesUri,
  testVersions,
  type TestVersion,
} from '../support/protocol-versions.ts';
import { call, post, rpc, type RpcAnswer } from '../support/rpc.ts';
import { collect, readSse } from '../support/sse-reader.ts';

let model: ModelServer;
let shop: LocalServer;
let gateway: TestGateway;
/** Headers of the requests that came to the http tool's server. */
const shopRequests: Record<string, unknown>[] = [];

beforeAll(async () => {
  model = await startModelServer((request) =>
    request.body.tools && !request.body.messages.some(({ role }) => role === 'tool')
      ? toolCalls([{ name: 'find_order', arguments: { number: 7 } }])
      : text('Your order is on its way.'),
  );
  shop = await startServer((request, response) => {
    shopRequests.push(request.headers);
    response.setHeader('Content-Type', 'application/json').end('{"state":"sent"}');
  });
  gateway = await startGateway({ files: agents(shop.url), env: modelEnv(model.baseUrl) });
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([model.close(), shop.close()]);
});

function agents(shopUrl: string): Record<string, object> {
  const customer = { name: 'customer', schema: { type: 'string' } };
  const limit = { name: 'limit', schema: { type: 'integer' } };
  const token = { name: 'shop_token', schema: { type: 'string' }, secret: true };
  const findOrder = {
    name: 'find_order',
    type: 'http',
    method: 'GET',
    url: `${shopUrl}/orders/{number}`,
    parameters: { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] },
    headers: {
      'X-Customer': { context: 'customer' },
      Authorization: { context: 'shop_token', prefix: 'Bearer ' },
    },
  };
  const systemPrompt = 'You help customer {{customer}}.';
  return {
    'desk.yaml': agentFile('desk', {
      systemPrompt,
      contextVariables: [{ ...customer, default: 'nobody' }, limit, token],
      tools: [findOrder],
    }),
    'strict.yaml': agentFile('strict', {
      systemPrompt,
      contextVariables: [{ ...customer, required: true }, limit],
    }),
    'talker.yaml': agentFile('talker'),
  };
}

interface Sending {
  agent?: string;
  activate?: string;
  stream?: boolean;
  contextId?: string;
}

function request(
  version: TestVersion,
  parts: object[],
  { agent = 'desk', activate, ...sending }: Sending,
): Promise<Response> {
  const method = sending.stream ? version.stream : version.send;
  const params = version.params(parts, sending.contextId ? { contextId: sending.contextId } : {});
  return post(gateway.url, agent, rpc(method, params), {
    headers: { 'A2A-Version': version.version, ...(activate && { [version.extensionsHeader]: activate }) },
  });
}

async function send(version: TestVersion, parts: object[], sending: Sending = {}): Promise<RpcAnswer> {
  return (await (await request(version, parts, sending)).json()) as RpcAnswer;
}

/** What the model was sent since the request with this index. */
function seenByModel(from: number): readonly RecordedRequest[] {
  return model.requests.slice(from);
}

/** Names of the fields that the answer's BadRequest detail complains about. */
function violations(answer: RpcAnswer): unknown[] {
  const detail = answer.error?.data?.find(
    (one) => one['@type'] === 'type.googleapis.com/google.rpc.BadRequest',
  );
  return ((detail?.fieldViolations ?? []) as { field: string }[]).map(({ field }) => field);
}

describe.each(testVersions)('provided values in A2A $version', (version) => {
  const words = version.text('Where is my order?');
  const marked = (values: unknown): object => version.data(values, providedValuesUri);

  test('activated: the prompt and the http tool see them, merged in order; the secret reaches the tool only', async () => {
    const from = model.requests.length;
    const parts = [
      marked({ customer: 'Ada', limit: 1 }),
      words,
      marked({ customer: 'Grace', shop_token: 'tok-4711' }),
    ];
    const answer = await send(version, parts, { activate: providedValuesUri });
    expect(version.task(answer).status.state).toMatch(/completed$/i);
    const [first] = seenByModel(from);
    expect(first?.body.messages[0]?.content).toContain('You help customer Grace.');
    expect(first?.body.messages[0]?.content).toContain('"limit":1');
    expect(first?.body.messages.at(-1)?.content).toBe('Where is my order?');
    expect(shopRequests.at(-1)).toMatchObject({ 'x-customer': 'Grace', authorization: 'Bearer tok-4711' });
    expect(JSON.stringify(seenByModel(from).map(({ body }) => body))).not.toContain('tok-4711');
  });

  test('not activated: they do not count, and no model is shown them', async () => {
    const from = model.requests.length;
    const answer = await send(version, [words, marked({ customer: 'Mallory', shop_token: 'tok-0815' })]);
    expect(version.task(answer).status.state).toMatch(/completed$/i);
    expect(shopRequests.at(-1)).toMatchObject({ 'x-customer': 'nobody' });
    expect(shopRequests.at(-1)).not.toHaveProperty('authorization');
    expect(seenByModel(from)[0]?.body.messages[0]?.content).toContain('You help customer nobody.');
    expect(JSON.stringify(seenByModel(from).map(({ body }) => body))).not.toMatch(/Mallory|tok-0815/);
    expect(JSON.stringify(answer)).not.toContain('tok-0815');
  });

  test.each([
    ['of the wrong type', { limit: 'many' }, ['limit']],
    ['that the agent does not declare', { colour: 'red' }, ['colour']],
    ['with the name of an inherited property', { constructor: 'x' }, ['constructor']],
    ['of the wrong type in a secret', { shop_token: { inner: 'tok-leaked' } }, ['shop_token']],
  ])('a value %s: -32602 naming the field', async (_name, values, fields) => {
    const answer = await send(version, [words, marked(values)], { activate: providedValuesUri });
    expect(answer.error?.code).toBe(-32602);
    expect(violations(answer)).toEqual(fields);
    expect(JSON.stringify(answer) + gateway.logged()).not.toContain('tok-leaked');
  });

  test.each([
    ['a list', ['customer']],
    ['a text', 'customer=Ada'],
    ['null', null],
  ])('a marked part whose data is %s: -32602 naming the part', async (_name, data) => {
    const answer = await send(version, [words, marked(data)], { activate: providedValuesUri });
    expect(answer.error?.code).toBe(-32602);
    expect(violations(answer)).toEqual([expect.stringContaining('message.parts[1]')]);
  });

  test('a required value that is missing: -32602 naming it; the extension not requested: -32008 and no task', async () => {
    const missing = await send(version, [words], { agent: 'strict', activate: providedValuesUri });
    expect(missing.error?.code).toBe(-32602);
    expect(violations(missing)).toEqual(['customer']);
    for (const stream of [false, true]) {
      const refused = await request(version, [words, marked({ customer: 'Ada' })], {
        agent: 'strict',
        stream,
      });
      expect(refused.headers.get('content-type')).toContain('application/json');
      expect(((await refused.json()) as RpcAnswer).error?.code).toBe(-32008);
    }
    const listed = await call<{ totalSize: number }>(gateway.url, 'strict', rpc('ListTasks', {}), {
      headers: { 'A2A-Extensions': providedValuesUri },
    });
    expect(listed.result?.totalSize).toBe(0);
  });

  test('the header of unary answers and of streams lists what was activated, and nothing unknown', async () => {
    const activate = ` urn:unknown , ${providedValuesUri},${providedValuesUri}/v2, ${conversationHistoryUri}`;
    for (const stream of [false, true]) {
      const response = await request(version, [words], { activate, stream });
      expect(response.headers.get(version.extensionsHeader)).toBe(
        `${providedValuesUri}, ${conversationHistoryUri}`,
      );
      const other = testVersions.find((one) => one !== version);
      expect(response.headers.get(other?.extensionsHeader ?? '')).toBeNull();
      if (stream) expect((await collect(readSse(response))).length).toBeGreaterThan(2);
      else expect(version.task((await response.json()) as RpcAnswer).status.state).toMatch(/completed$/i);
    }
    const none = await request(version, [words], { activate: 'urn:unknown' });
    expect(none.headers.get(version.extensionsHeader)).toBeNull();
    expect(none.status).toBe(200);
  });

  test("the other version's request header is read too", async () => {
    const other = testVersions.find((one) => one !== version)?.extensionsHeader ?? '';
    const body = rpc(version.send, version.params([words]));
    const headers = { 'A2A-Version': version.version, [other]: providedValuesUri };
    const response = await post(gateway.url, 'desk', body, { headers });
    expect(response.headers.get(version.extensionsHeader)).toBe(providedValuesUri);
    await response.body?.cancel();
  });

  test('a carried conversation replaces the stored one, and nothing of it is remembered', async () => {
    const talk = async (
      words: string,
      sending: Sending,
      parts: object[] = [],
    ): Promise<(string | null)[]> => {
      const from = model.requests.length;
      const answer = await send(version, [version.text(words), ...parts], { agent: 'talker', ...sending });
      contextId = version.task(answer).contextId;
      return (seenByModel(from)[0]?.body.messages ?? []).slice(1).map(({ content }) => content);
    };
    let contextId = '';
    expect(await talk('I am Ada.', {})).toEqual(['I am Ada.']);
    const carried = version.data({
      conversationHistory: [
        { by: 'USER', text: 'I am Grace.' },
        { by: 'AI', text: 'Hi.' },
      ],
    });
    const sending = { contextId, activate: conversationHistoryUri };
    expect(await talk('Who am I?', sending, [carried])).toEqual(['I am Grace.', 'Hi.', 'Who am I?']);
    expect(await talk('And now?', { contextId })).toEqual([
      'I am Ada.',
      'Your order is on its way.',
      'And now?',
    ]);
  });
});

test('the same message with another secret value is other content', async () => {
  const body = (secret: string) =>
    rpc('SendMessage', {
      message: {
        messageId: 'the-same-message',
        role: 'ROLE_USER',
        parts: [{ text: 'Hi' }, { data: { shop_token: secret }, metadata: { [providedValuesUri]: true } }],
      },
    });
  const options = { headers: { 'A2A-Extensions': providedValuesUri } };
  const first = await call<{ task: { id: string } }>(gateway.url, 'desk', body('one-secret'), options);
  const again = await call<{ task: { id: string } }>(gateway.url, 'desk', body('one-secret'), options);
  expect(again.result?.task.id).toBe(first.result?.task.id);
  const other = await call(gateway.url, 'desk', body('two-secret'), options);
  expect(other.error?.code).toBe(-32602);
});
