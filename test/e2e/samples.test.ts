import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Probe } from '../../src/runs/probe.ts';
import { adminKey, startGateway, type TestGateway } from '../support/gateway.ts';
import { call, post, rpc, v03Text, v1Text, type RpcAnswer } from '../support/rpc.ts';
import {
  artifactText,
  expectWhole,
  readEvents,
  seenTask,
  stepsOf,
  streamedText,
  textOf,
  type SeenEvent,
  type SeenTask,
} from '../support/run-events.ts';

const providedValues = 'https://dataworkz.com/agents/ext/provided-values/v1';
const shopToken = 'demo-shop-token';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({
    files: {},
    env: { AGENT_CARDS_DIR: join(import.meta.dirname, '../../agent-cards') },
  });
});

afterAll(async () => {
  await gateway.stop();
});

/** Streams over v0.3, as the printed curl does. */
async function stream(agentId: string, words: string, contextId?: string): Promise<SeenEvent[]> {
  const params = v03Text(words, contextId === undefined ? {} : { contextId });
  const events = await readEvents(await post(gateway.url, agentId, rpc('message/stream', params)));
  expectWhole(events);
  return events;
}

/** Asks the order desk with context values, over v1.0. */
async function askDesk(
  words: string,
  values: object,
  extensions: string | undefined = providedValues,
): Promise<RpcAnswer> {
  const marked = { data: values, metadata: { [providedValues]: true } };
  const params = v1Text('', { parts: [{ text: words }, marked] });
  const headers = { 'A2A-Version': '1.0', ...(extensions && { 'A2A-Extensions': extensions }) };
  return await call(gateway.url, 'order-desk', rpc('SendMessage', params), { headers });
}

async function desk(words: string): Promise<SeenTask & { structured: unknown }> {
  const { result } = await askDesk(words, { customer_id: 'C-9', shop_token: shopToken });
  const task = seenTask(result);
  return {
    ...task,
    structured: task.artifacts.find(({ artifactId }) => artifactId === 'structured-response')?.parts[0]?.data,
  };
}

test('both samples load without a word of complaint, and answer offline', () => {
  expect(gateway.agents.list().map(({ id }) => id)).toEqual(['docs-assistant', 'order-desk']);
  expect(gateway.models.usingOffline).toBe(true);
  expect(gateway.logged()).not.toMatch(/"level":"(error|warn)"/);
});

describe('docs-assistant', () => {
  test('answers a question from the guide, with its source and its steps', async () => {
    const events = await stream('docs-assistant', 'How do I write an agent file?');
    expect(streamedText(events)).toMatch(/An agent is one file in the folder `agent-cards`/);
    expect(streamedText(events)).toContain('guide/writing-an-agent.md');
    expect(textOf(events.at(-1)?.parts)).toBe(streamedText(events));
    expect(events.at(-1)).toMatchObject({ state: 'completed', final: true });
    expect(stepsOf(events).length).toBeGreaterThanOrEqual(2);
    expect(stepsOf(events).some(({ tool }) => tool === 'search_guide')).toBe(true);
  });

  test('answers a follow-up in the same context', async () => {
    const [first] = await stream('docs-assistant', 'How do I pass a context value?');
    const events = await stream('docs-assistant', 'And how do I mark one as secret?', first?.contextId);
    expect(events[0]?.contextId).toBe(first?.contextId);
    expect(streamedText(events)).toContain('context-values-and-secrets.md');
    expect(streamedText(events)).toMatch(/secret: true/);
  });

  test('says so when the guide has nothing on it', async () => {
    const events = await stream('docs-assistant', 'What is the capital of Mongolia?');
    expect(events.at(-1)?.state).toBe('completed');
    expect(streamedText(events)).toMatch(/^Nothing about this was found/);
  });

  test.each([
    'How do I write an agent file?',
    'How do I pass a context value?',
    'What happens without a model provider?',
  ])('its own example "%s" finds something', async (question) => {
    expect(streamedText(await stream('docs-assistant', question))).toMatch(/guide\/[a-z-]+\.md/);
  });
});

describe('order-desk', () => {
  test('gets an order from the shop with the values that the caller provides', async () => {
    const task = await desk('Where is order 42?');
    expect(task.state).toBe('completed');
    expect(artifactText(task)).toMatch(/status: processing/);
    expect(task.structured).toMatchObject({
      order_id: '42',
      status: 'processing',
      message: expect.stringContaining('processing'),
    });
  });

  test('never shows the token: not in the task, not in the log', async () => {
    const task = await desk('Where is order 42?');
    const again = await call(gateway.url, 'order-desk', rpc('GetTask', { id: task.id }), {
      headers: { 'A2A-Version': '1.0', 'A2A-Extensions': providedValues },
    });
    expect(seenTask(again.result).state).toBe('completed');
    expect(JSON.stringify(again)).not.toContain(shopToken);
    expect(gateway.logged()).not.toContain(shopToken);
  });

  test('without the token the shop refuses, and the answer says so', async () => {
    const { result } = await askDesk('Where is order 42?', { customer_id: 'C-9' });
    expect(artifactText(seenTask(result))).toContain('The demo shop needs its token.');
  });

  test('without the extension it is -32008, before any task exists', async () => {
    const refused = await askDesk('Where is order 42?', { customer_id: 'C-9' }, '');
    expect(refused.error).toMatchObject({ code: -32008, message: expect.stringContaining(providedValues) });
    const old = await call(gateway.url, 'order-desk', rpc('message/send', v03Text('Where is order 42?')));
    expect(old.error?.code).toBe(-32008);
  });

  test('a question about refunds chooses the other scenario and quotes the policy', async () => {
    const query = `userText=${encodeURIComponent('How long does a refund take?')}`;
    const response = await fetch(`${gateway.url}/api/v1/agents/order-desk/answer?${query}`, {
      method: 'POST',
      headers: { Authorization: `SSWS ${adminKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ contextValues: { customer_id: 'C-9' } }),
    });
    const { answer, structuredResponse, probe } = (await response.json()) as {
      answer: string;
      structuredResponse: unknown;
      probe: Probe;
    };
    expect(answer).toContain('within 5 business days');
    expect(answer).toContain('policies/refunds.md');
    expect(structuredResponse).toMatchObject({ order_id: null, status: null });
    expect(probe.steps[0]?.type).toBe('scenario_selection');
    const tools = probe.steps.flatMap(({ steps = [] }) => steps.map(({ tool }) => tool));
    expect(tools).toEqual(['search_policies']);
    expect(JSON.stringify(probe)).toContain('# refund-policy');
  });

  test.each([
    ['Show my order history', ['list_orders'], ['| 42 | 2026-11-22 | processing | 18 |', '| A-1003 |']],
    ['Which products are in stock?', ['list_products'], ['| Desk lamp | 49 | 12 |']],
  ])('%s is answered from the shop by a saved query', async (words, tools, lines) => {
    const task = await desk(words);
    expect(task.state).toBe('completed');
    for (const line of lines) expect(artifactText(task)).toContain(line);
    // Rows of the other customer are not there.
    expect(artifactText(task)).not.toContain('A-1001');
    expect(artifactText(task)).toContain(`From ${tools.join()}:`);
  });

  test('what fits no scenario gets the fallback message', async () => {
    const task = await desk('Sing me a song about the moon');
    expect(task.state).toBe('completed');
    expect(artifactText(task)).toBe('I can only help with orders, refunds, returns and shipping.');
  });
});
