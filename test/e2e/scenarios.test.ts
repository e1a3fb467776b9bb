import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { json, text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RequestBody } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { expectWhole, readEvents, stepsOf, streamedText, type SeenEvent } from '../support/run-events.ts';
import { startService, type Service } from '../support/service.ts';

let model: ModelServer;
let service: Service;
let gateway: TestGateway;
let replies: Reply[] = [];

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  service = await startService(({ path }) => ({ body: { path } }));
  const tool = (name: string): object => ({
    name,
    type: 'http',
    method: 'GET',
    url: `${service.url}/${name}`,
  });
  gateway = await startGateway({
    files: {
      'router.yaml': agentFile('router', {
        tools: [tool('look_up'), tool('forecast')],
        contextVariables: [{ name: 'topic', schema: { type: 'string' }, default: 'clouds' }],
        fallbackMessage: 'Not {{topic}}, sorry.',
        scenarios: [
          {
            name: 'weather',
            description: 'About weather.',
            instructions: 'Speak of {{topic}}.',
            tools: ['forecast'],
            examples: ['Rain?'],
          },
          { name: 'things', description: 'About things.', instructions: 'Look it up.', tools: ['look_up'] },
          { name: 'anything', description: 'About all else.', instructions: 'Be brief.' },
        ],
      }),
    },
    env: modelEnv(model.baseUrl),
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await service.close();
});

beforeEach(() => {
  replies = [];
});

async function stream(words: string): Promise<{ events: SeenEvent[]; asked: RequestBody[] }> {
  const before = model.requests.length;
  const body = rpc('SendStreamingMessage', v1Text(words));
  const events = await readEvents(
    await post(gateway.url, 'router', body, { headers: { 'A2A-Version': '1.0' } }),
  );
  expectWhole(events);
  return { events, asked: model.requests.slice(before).map((request) => request.body) };
}

function toolNames(body: RequestBody | undefined): string[] {
  return (body?.tools ?? []).map((tool) => tool.function.name);
}

test('the chosen scenario brings its instructions, examples and tools to the model', async () => {
  replies = [json({ scenario: 'weather' }), text('Sunny.')];
  const { events, asked } = await stream('Will it rain?');
  const [choice, answer] = asked;
  expect(choice?.response_format?.type).toBe('json_schema');
  expect(choice?.messages[0]?.content).toContain('things: About things.');
  expect(choice?.tools).toBeUndefined();
  expect(toolNames(answer)).toEqual(['forecast']);
  expect(answer?.messages[0]?.content).toContain('Speak of clouds.');
  expect(answer?.messages[0]?.content).toContain('- Rain?');
  expect(answer?.messages[0]?.content).not.toContain('Look it up.');
  expect(stepsOf(events)[0]?.type).toBe('scenario_selection');
  expect(streamedText(events)).toBe('Sunny.');
});

test("a scenario that names no tools has all of the agent's", async () => {
  replies = [json({ scenario: 'anything' }), text('ok')];
  const { asked } = await stream('Hm?');
  expect(toolNames(asked[1])).toEqual(['look_up', 'forecast']);
});

test.each([
  ['none fits', json({ scenario: 'none' })],
  ['a scenario that there is not', json({ scenario: 'cooking' })],
  ['an answer that is no choice', text('I would say that this is hard to tell.')],
  ['JSON of another shape', json([1, 2])],
  ['nothing at all', text()],
])('%s: the fallback message is the answer', async (_name, choice) => {
  replies = [choice];
  const { events, asked } = await stream('Sing!');
  expect(asked).toHaveLength(1);
  expect(streamedText(events)).toBe('Not clouds, sorry.');
  expect(events.at(-1)?.state).toBe('completed');
});

test('a bare name counts as the choice', async () => {
  replies = [text(' things\n'), text('ok')];
  const { asked } = await stream('What is it?');
  expect(toolNames(asked[1])).toEqual(['look_up']);
});

test('a tool that the scenario does not have is not executed', async () => {
  replies = [json({ scenario: 'weather' }), toolCalls([{ name: 'look_up', arguments: {} }]), text('ok')];
  const { asked } = await stream('Will it rain?');
  expect(asked[2]?.messages.at(-1)).toMatchObject({
    role: 'tool',
    content: 'Error: There is no tool look_up. There are: forecast.',
  });
  expect(service.requests).toEqual([]);
});
