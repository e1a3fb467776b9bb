import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import {
  byteByByte,
  cut,
  hang,
  hangAfter,
  html,
  malformed,
  status,
  text,
  trickle,
  truncated,
  type Reply,
} from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { post, rpc, v03Text } from '../support/rpc.ts';
import {
  expectWhole,
  readEvents,
  stepsOf,
  streamedText,
  textOf,
  type SeenEvent,
} from '../support/run-events.ts';

interface Fault {
  reply: Reply;
  /** Of the failure. */
  code: string;
  says: RegExp;
  /** Requests that the provider gets in all. */
  requests: number;
  /** What the caller got before it failed. */
  streamed?: string;
}

const timeoutSeconds = 0.5;
const unavailable = /cannot be reached or does not answer/;
const brokeOff = /broke off before the end/;
const noCompletion = /no chat completion stream/;
const tooSlow = /\(silent for 0\.5 s\) took longer than the time-out/;
const provider = 'provider_error';

/** Each fault is a provider record of its own, so that no breaker or budget of another one counts. */
const faults: Readonly<Record<string, Fault>> = {
  'too-many': { reply: status(429), code: 'rate_limited', says: /HTTP 429/, requests: 3 },
  'come-back-later': {
    reply: status(429, { headers: { 'retry-after': '3600' } }),
    code: 'rate_limited',
    says: /HTTP 429/,
    requests: 1,
  },
  'server-error': { reply: status(500), code: provider, says: unavailable, requests: 3 },
  'page-of-a-proxy': { reply: html(502), code: provider, says: unavailable, requests: 3 },
  'page-with-200': { reply: html(200), code: provider, says: noCompletion, requests: 1 },
  'bad-key': { reply: status(401), code: provider, says: /refused the credentials/, requests: 1 },
  'bad-request': { reply: status(400), code: provider, says: /refused the request as invalid/, requests: 1 },
  'hangs-before': { reply: hang(), code: 'timeout', says: tooSlow, requests: 1 },
  'hangs-inside': { reply: hangAfter('Half'), code: 'timeout', says: tooSlow, requests: 1, streamed: 'Half' },
  'byte-by-byte-for-ever': { reply: trickle(20), code: 'timeout', says: tooSlow, requests: 1 },
  'cut-before': { reply: cut(), code: provider, says: unavailable, requests: 3 },
  'cut-inside': { reply: cut('Half'), code: provider, says: brokeOff, requests: 1, streamed: 'Half' },
  'truncated-before': { reply: truncated(), code: provider, says: brokeOff, requests: 3 },
  'truncated-inside': {
    reply: truncated('Half'),
    code: provider,
    says: brokeOff,
    requests: 1,
    streamed: 'Half',
  },
  'malformed-before': { reply: malformed(), code: provider, says: noCompletion, requests: 1 },
  'malformed-inside': {
    reply: malformed('Half'),
    code: provider,
    says: noCompletion,
    requests: 1,
    streamed: 'Half',
  },
};

const recoveries: Readonly<Record<string, readonly Reply[]>> = {
  'once-too-many': [status(429, { headers: { 'retry-after': '0' } }), text('Back again.')],
  'twice-away': [status(503), cut(), text('Back again.')],
};

let model: ModelServer;
let gateway: TestGateway;
let folder: string;
/** By fault: the run on that model alone, and the run of an agent that declares a fallback. */
const alone = new Map<string, Promise<Timed>>();
const backed = new Map<string, Promise<Timed>>();

interface Timed {
  events: SeenEvent[];
  ms: number;
}

beforeAll(async () => {
  const scripts: Record<string, readonly Reply[]> = {
    ...recoveries,
    'slow-but-whole': [byteByByte('Back ', 'again.')],
    sound: [text('From the other.')],
  };
  for (const [id, { reply }] of Object.entries(faults)) scripts[id] = scripts[`${id}-backed`] = [reply];
  model = await startModelServer(({ body }) => {
    const replies = scripts[body.model] ?? [];
    const reply = replies[requestsOf(body.model) - 1] ?? replies.at(-1);
    if (!reply) throw new Error(`There is no script for ${body.model}`);
    return reply;
  });
  folder = await mkdtemp(join(tmpdir(), 'providers-'));
  const records = Object.keys(scripts).map((id) => ({
    id,
    baseUrl: model.baseUrl,
    model: id,
    timeoutSeconds,
  }));
  await writeFile(join(folder, 'providers.yaml'), stringify(records));
  const files = Object.keys(faults).map((id): [string, object] => [
    `${id}.yaml`,
    agentFile(id, { model: { llmId: `${id}-backed`, fallbackLlmIds: ['sound'] } }),
  ]);
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker'), ...Object.fromEntries(files) },
    env: { LLM_PROVIDERS_FILE: join(folder, 'providers.yaml') },
  });
  // All at once: most of them are waiting.
  for (const id of Object.keys(faults)) {
    alone.set(id, stream('talker', `?llmId=${id}`));
    backed.set(id, stream(id));
  }
  await Promise.all([...alone.values(), ...backed.values()]);
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await rm(folder, { recursive: true });
});

function requestsOf(name: string): number {
  return model.requests.filter(({ body }) => body.model === name).length;
}

async function stream(agentId: string, query = ''): Promise<Timed> {
  const startedAt = performance.now();
  const events = await readEvents(
    await post(gateway.url, agentId, rpc('message/stream', v03Text('Go')), { query }),
  );
  return { events, ms: performance.now() - startedAt };
}

/** Time for two waits before retries, of at most 250 and 500 ms. */
const retriesMs = 750;

describe.each(Object.entries(faults))('a model that is %s', (id, fault) => {
  test('fails the run with its reason, in time, tried again only before the first token', async () => {
    const { events, ms } = (await alone.get(id)) ?? { events: [], ms: NaN };
    expectWhole(events);
    expect(ms).toBeLessThan(timeoutSeconds * 1000 + 1_000 + (fault.requests > 1 ? retriesMs : 0));
    const last = events.at(-1);
    expect(last?.state).toBe('failed');
    expect(last?.parts[0]?.metadata).toEqual({ code: fault.code });
    expect(textOf(last?.parts)).toMatch(fault.says);
    expect(textOf(last?.parts)).toContain(JSON.stringify(id));
    expect(textOf(last?.parts)).not.toMatch(/127\.0\.0\.1|scripted|doctype/);
    expect(streamedText(events)).toBe(fault.streamed ?? '');
    expect(stepsOf(events).at(-1)?.status).toBe('failed');
    expect(requestsOf(id)).toBe(fault.requests);
  });

  test('the declared fallback answers in its place, unless the caller was shown something already', async () => {
    const { events } = (await backed.get(id)) ?? { events: [] };
    expectWhole(events);
    const fallsBack = fault.streamed === undefined && id !== 'bad-request';
    expect(events.at(-1)?.state).toBe(fallsBack ? 'completed' : 'failed');
    expect(streamedText(events)).toBe(fallsBack ? 'From the other.' : (fault.streamed ?? ''));
    expect(requestsOf(`${id}-backed`)).toBe(fault.requests);
  });
});

test.each(Object.entries(recoveries))(
  '%s: what passes by itself is not seen by the caller',
  async (id, replies) => {
    const { events } = await stream('talker', `?llmId=${id}`);
    expectWhole(events);
    expect(events.at(-1)?.state).toBe('completed');
    expect(streamedText(events)).toBe('Back again.');
    expect(requestsOf(id)).toBe(replies.length);
  },
);

test('a slow answer that keeps coming is no fault', async () => {
  const { events } = await stream('talker', '?llmId=slow-but-whole');
  expect(streamedText(events)).toBe('Back again.');
});
