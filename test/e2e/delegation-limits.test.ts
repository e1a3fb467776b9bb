import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asking, DelegatingAgents, storyOf } from '../support/delegating-agents.ts';
import { backKey } from '../support/fronted-gateways.ts';
import { hangAfter, text, type Reply } from '../support/model-replies.ts';
import { call, rpc } from '../support/rpc.ts';
import { seenEvent, seenTask, stepsOf } from '../support/run-events.ts';
import { collect, readSse, take } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

let agents: DelegatingAgents;

beforeAll(async () => {
  agents = await DelegatingAgents.open();
});

afterAll(async () => {
  await agents.close();
});

describe('a loop', () => {
  test('between two agents is stopped by the depth limit, with an error that names the chain', async () => {
    const [ping, pong] = [() => asking('ping'), () => asking('pong')];
    agents.script({
      ping: [pong(), pong(), pong(), text('p2'), text('p1'), text('p0')],
      pong: [ping(), ping(), text('q1'), text('q0')],
    });
    const events = await agents.stream('ping');
    expect(events.at(-1)?.state).toBe('completed');
    const results = agents.model.requests.flatMap(({ body }) =>
      body.messages.filter(({ role }) => role === 'tool'),
    );
    expect(results.map(({ content }) => content)).toContain(
      'Error: Not delegated: ping → pong → ping → pong → ping → pong would be deeper than the limit of 4 (limits.maxDepth). Answer without it.',
    );
    expect(
      stepsOf(events).filter(({ tool, status }) => tool === 'ask_pong' && status === 'failed'),
    ).toHaveLength(1);
  });

  test('that goes through another gateway counts from there', async () => {
    const mirror = (): Reply => asking('mirror');
    agents.script({
      lead: [asking('mirror'), text('ok')],
      mirror: [mirror(), mirror(), mirror(), mirror(), ...['a', 'b', 'c', 'd'].map((word) => text(word))],
    });
    await agents.stream('lead');
    const results = agents.model.requests.flatMap(({ body }) =>
      body.messages.filter(({ role }) => role === 'tool'),
    );
    expect(results.map(({ content }) => content)).toContain(
      'Error: Not delegated: mirror → mirror → mirror → mirror → mirror would be deeper than the limit of 4 (limits.maxDepth). Answer without it.',
    );
  });
});

describe('a cancel of the asking agent', () => {
  const headers = { 'A2A-Version': '1.0' };

  async function expertStates(): Promise<string[]> {
    const { result } = await call<{ tasks: unknown[] }>(agents.back.url, 'expert', rpc('ListTasks', {}), {
      headers,
      authorization: `SSWS ${backKey}`,
    });
    return (result?.tasks ?? []).map((task) => seenTask(task).state);
  }

  test.each(['worker', 'expert'])('cancels the run of %s', async (agent) => {
    agents.script({ lead: [asking(agent)], [agent]: [hangAfter('thinking')] });
    const frames = readSse(await agents.open('lead'));
    const [first] = (await take(frames, 1)).map(seenEvent);
    const asked = await until(() => agents.asked(agent).at(-1), { what: 'the other agent at work' });
    const id = first?.id;
    const canceled = await call(agents.gateway.url, 'lead', rpc('CancelTask', { id }), { headers });
    expect(seenTask(canceled.result).state).toBe('canceled');
    await asked.aborted;
    const rest = (await collect(frames)).map(seenEvent);
    expect(rest.at(-1)?.state).toBe('canceled');
    expect(storyOf(rest).filter((step) => step.endsWith('failed'))).toContain(`/ask_${agent} failed`);
    if (agent !== 'expert') return;
    await until(async () => (await expertStates())[0] === 'canceled', { what: 'the cancel over there' });
  });
});
