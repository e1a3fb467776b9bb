import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asking, DelegatingAgents, storyOf } from '../support/delegating-agents.ts';
import { json, text, toolCalls, type Reply } from '../support/model-replies.ts';
import { providedValuesUri } from '../support/protocol-versions.ts';
import { call, rpc, v1Text } from '../support/rpc.ts';
import { streamedText } from '../support/run-events.ts';

let agents: DelegatingAgents;

beforeAll(async () => {
  agents = await DelegatingAgents.open();
});

afterAll(async () => {
  await agents.close();
});

describe('an agent that asks another one', () => {
  test('gets its answer, and its steps stand in the stream, below the call', async () => {
    agents.script({
      lead: [asking('worker', 'Look it up'), text('So be it.')],
      worker: [toolCalls([{ name: 'look', arguments: {} }]), text('It is ', 'there.')],
    });
    const events = await agents.stream('lead');
    expect(streamedText(events)).toBe('So be it.');
    expect(agents.told('lead')).toEqual(['It is there.']);
    expect(storyOf(events)).toEqual([
      '/Ask the model in_progress',
      '/Ask the model completed',
      '/ask_worker in_progress',
      'ask_worker/Ask the model in_progress',
      'ask_worker/Ask the model completed',
      'ask_worker/look in_progress',
      'ask_worker/look completed',
      'ask_worker/Ask the model in_progress',
      'ask_worker/Ask the model completed',
      '/ask_worker completed',
      '/Ask the model in_progress',
      '/Ask the model completed',
    ]);
    const asked = agents.asked('worker');
    expect(asked[0]?.body.messages.at(-1)).toMatchObject({ role: 'user', content: 'Look it up' });
    const offered = agents.asked('lead').at(-1)?.body.tools ?? [];
    expect(offered[0]?.function.description).toBe('Asks the agent worker: The agent worker.');
  });

  test('on another gateway gets its answer and its steps too', async () => {
    agents.script({
      lead: [asking('expert'), text('So be it.')],
      expert: [toolCalls([{ name: 'look', arguments: {} }]), text('Over there.')],
    });
    const events = await agents.stream('lead');
    expect(agents.told('lead')).toEqual(['Over there.']);
    expect(storyOf(events)).toEqual(
      expect.arrayContaining([
        'ask_expert/look in_progress',
        'ask_expert/look completed',
        'ask_expert/Ask the model completed',
        '/ask_expert completed',
      ]),
    );
  });

  test('gets a structured response as JSON', async () => {
    agents.script({ lead: [asking('shaped'), text('ok')], shaped: [text('Three.'), json({ n: 3 })] });
    await agents.stream('lead');
    expect(agents.told('lead')).toEqual(['Three.\n\n{"n":3}']);
  });

  test("does not see the other one's task in its list", async () => {
    agents.script({ lead: [asking('worker'), text('ok')], worker: [text('done')] });
    await agents.stream('lead');
    const { result } = await call(agents.gateway.url, 'worker', rpc('ListTasks', {}), {
      headers: { 'A2A-Version': '1.0' },
    });
    expect(result).toMatchObject({ tasks: [], totalSize: 0 });
  });

  test.each<[string, string, Reply[], RegExp]>([
    ['does not exist', 'nobody', [], /^Error: There is no agent nobody in this gateway\.$/],
    [
      'would have to wait for an approval',
      'careful',
      [toolCalls([{ name: 'risky', arguments: {} }])],
      /^Error: The agent careful failed: The tool risky waits for the user's word/,
    ],
  ])('is told why, when the other one %s', async (_name, agent, script, reason) => {
    agents.script({ lead: [asking(agent), text('ok')], [agent]: script });
    expect((await agents.stream('lead')).at(-1)?.state).toBe('completed');
    expect(agents.told('lead')).toEqual([expect.stringMatching(reason)]);
  });
});

describe('context values', () => {
  const values = { customer: 'ada', token: 'hunter22-secret', other: 'north' };
  const message = (): object => ({
    message: {
      ...v1Text('Go').message,
      parts: [{ text: 'Go' }, { data: values, metadata: { [providedValuesUri]: true } }],
    },
  });

  test('of the same name go along, secret ones do not', async () => {
    agents.script({
      teller: [asking('holder'), text('ok')],
      holder: [toolCalls([{ name: 'look', arguments: {} }]), text('done')],
    });
    await agents.stream('teller', message());
    expect(agents.model.requests.at(-2)?.body.messages[0]?.content).toMatch(/^holder\. For ada\./);
    expect(agents.told('holder')).toEqual(['/look without']);
  });

  test('that the tool maps go along, secret ones too; no model sees those', async () => {
    agents.script({
      teller: [asking('strict'), text('ok')],
      strict: [toolCalls([{ name: 'look', arguments: {} }]), text('done')],
    });
    await agents.stream('teller', message());
    expect(agents.told('teller')).toEqual(['done']);
    expect(agents.service.requests.at(-1)?.headers['x-token']).toBe('hunter22-secret');
    expect(agents.model.requests.at(-2)?.body.messages[0]?.content).toMatch(/^strict\. In north\./);
    expect(JSON.stringify(agents.model.requests.map(({ body }) => body))).not.toContain('hunter22-secret');
  });
});
