import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { json, status, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, rpc, v03Text, v1Text, type RpcAnswer } from '../support/rpc.ts';
import { artifactText, seenTask, type SeenTask } from '../support/run-events.ts';
import { cardUrl, connectV03, connectV1 } from '../support/sdk-clients.ts';
import { sendingV03, sendingV1, type SentPart } from '../support/sdk-messages.ts';

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0xfb, 0xff, 0xbf]);
const image: SentPart = { raw: png, mediaType: 'image/png', filename: 'dot.png' };
const responseSchema = {
  type: 'object',
  properties: { total: { type: 'integer' } },
  required: ['total'],
  additionalProperties: false,
};

let model: ModelServer;
let gateway: TestGateway;
let folder: string;
let replies: Reply[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'a2a-gateway-providers-'));
  model = await startModelServer(() => replies.shift() ?? text('Seen.'));
  const providers = [
    { id: 'seer', baseUrl: model.baseUrl, model: 'seer-1', default: true, images: true },
    { id: 'reader', baseUrl: model.baseUrl, model: 'reader-1' },
  ];
  const path = join(folder, 'providers.yaml');
  await writeFile(path, stringify(providers));
  const skills = [{ id: 'see', name: 'See', description: 'Sees.', tags: ['t'], inputModes: ['image/*'] }];
  gateway = await startGateway({
    files: {
      'talker.yaml': agentFile('talker'),
      'viewer.yaml': agentFile(
        'viewer',
        { model: { llmId: 'seer', fallbackLlmIds: ['reader'] } },
        { skills },
      ),
      'counter.yaml': agentFile('counter', { responseSchema }),
    },
    env: { LLM_PROVIDERS_FILE: path },
  });
});

beforeEach(() => {
  replies = [];
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await rm(folder, { recursive: true });
});

interface Sending {
  acceptedOutputModes?: string[];
  referenceTaskIds?: string[];
  contextId?: string;
}

/** Sends with an SDK client of one version and reads the task in a form that both share. */
type Send = (agentId: string, parts: SentPart[], options?: Sending) => Promise<SeenTask>;

const clients: readonly [version: string, send: Send][] = [
  [
    '1.0',
    async (agentId, parts, options) => {
      const client = await connectV1(cardUrl(gateway, agentId));
      const sent = await client.sendMessage(sendingV1(parts, options));
      if (!('status' in sent)) throw new Error('A task was expected.');
      const got = await call(gateway.url, agentId, rpc('GetTask', { id: sent.id }));
      return seenTask(got.result);
    },
  ],
  [
    '0.3',
    async (agentId, parts, options) => {
      const client = await connectV03(cardUrl(gateway, agentId));
      return seenTask(await client.sendMessage(sendingV03(parts, options)));
    },
  ],
];

/** What the gateway said to refuse it; the v0.3 client has words of its own beside that. */
async function refusalOf(sending: Promise<unknown>): Promise<string> {
  const error: unknown = await sending.then(
    () => 'it was not refused',
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) return String(error);
  const answer = 'errorResponse' in error ? (error.errorResponse as RpcAnswer) : undefined;
  return answer?.error?.message ?? error.message;
}

/** What the model was told in its newest request, the system prompt left out. */
function told(): unknown[] {
  const messages = model.requests.at(-1)?.body.messages ?? [];
  return messages.slice(1).map(({ content }) => content);
}

describe.each(clients)('an unmodified SDK client of version %s', (_version, send) => {
  test('is refused a part that the agent does not take, before any task exists', async () => {
    const before = model.requests.length;
    expect(await refusalOf(send('talker', [{ text: 'Look' }, image]))).toBe(
      'message.parts[1] is image/png, which this agent does not take. It takes text/plain, application/json.',
    );
    expect(model.requests).toHaveLength(before);
  });

  test('sends images to an agent that takes them: the model sees them, in their order', async () => {
    const address = { url: 'https://files.example/photo.jpg', mediaType: 'image/jpeg' };
    await send('viewer', [{ text: 'Compare' }, image, address]);
    const url = `data:image/png;base64,${png.toString('base64')}`;
    expect(told()).toEqual([
      [
        { type: 'text', text: 'Compare' },
        { type: 'image_url', image_url: { url } },
        { type: 'image_url', image_url: { url: address.url } },
      ],
    ]);
  });

  test('a fallback that takes no images is told of them in words', async () => {
    replies = [status(401)];
    await send('viewer', [{ text: 'Look' }, image]);
    expect(model.requests.slice(-2).map(({ body }) => body.model)).toEqual(['seer-1', 'reader-1']);
    expect(told()).toEqual(['Look\n[dot.png: image/png]']);
  });

  test('gets of the answer what it accepts', async () => {
    replies = [text('Four.'), json({ total: 4 })];
    const task = await send('counter', [{ text: 'Count' }], { acceptedOutputModes: ['application/json'] });
    expect(task.artifacts.flatMap(({ parts }) => parts.map(({ data }) => data))).toEqual([{ total: 4 }]);
    expect(JSON.stringify([task.parts, task.artifacts])).not.toContain('Four.');
  });

  test('gets the whole answer rather than nothing, and is refused where nothing could fit', async () => {
    replies = [text('Only words.')];
    const task = await send('talker', [{ text: 'Hi' }], { acceptedOutputModes: ['application/json'] });
    expect(artifactText(task)).toBe('Only words.');
    const refused = send('talker', [{ text: 'Hi' }], { acceptedOutputModes: ['video/*'] });
    expect(await refusalOf(refused)).toMatch(/^This agent answers in text\/plain, application\/json: /);
  });

  test('refers to a task of another conversation: the model knows it; a foreign id changes nothing', async () => {
    replies = [text('Nice to meet you, Ada.'), text('Hello.'), text('You are Ada.')];
    const first = await send('talker', [{ text: 'I am Ada.' }]);
    const other = await send('talker', [{ text: 'Hi' }]);
    const elsewhere = await send('viewer', [{ text: 'At another agent' }]);
    const referenceTaskIds = [first.id, other.id, randomUUID(), elsewhere.id];
    await send('talker', [{ text: 'Who am I?' }], { contextId: other.contextId, referenceTaskIds });
    expect(told()).toEqual(['I am Ada.', 'Nice to meet you, Ada.', 'Hi', 'Hello.', 'Who am I?']);
  });
});

test('a negative history length is refused wherever there is one', async () => {
  const configuration = { historyLength: -1 };
  const asked = [
    rpc('SendMessage', { ...v1Text('Hi'), configuration }),
    rpc('SendStreamingMessage', { ...v1Text('Hi'), configuration }),
    rpc('GetTask', { id: 'any', ...configuration }),
    rpc('ListTasks', configuration),
    rpc('message/send', { ...v03Text('Hi'), configuration }),
    rpc('tasks/get', { id: 'any', ...configuration }),
  ];
  for (const body of asked) {
    const { error } = await call(gateway.url, 'talker', body);
    expect({ method: body.method, code: error?.code }).toEqual({ method: body.method, code: -32602 });
  }
});

test('nothing of an image is logged', async () => {
  await clients[0]?.[1]('viewer', [{ text: 'Look' }, image]);
  expect(gateway.logged()).not.toContain(png.toString('base64'));
});
