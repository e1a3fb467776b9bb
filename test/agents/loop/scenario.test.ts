import { describe, expect, test } from '@jest/globals';
import { ScriptedModel, type ScriptedReply } from '../../support/scripted-model.ts';
import { requestVariable } from '../../a2a/agent-revision.ts';
import { play, saidIn, storyOf, textsOf, type Scene } from './loop-fixture.ts';

const scenarios = [
  {
    name: 'refunds',
    description: 'Money back.',
    instructions: 'Be kind, {{customer-name}}.',
    examples: ['My money!'],
  },
  { name: 'orders', description: 'Where it is.', instructions: 'Look it up.', examples: [] },
];

function scene(...replies: ScriptedReply[]): Scene & { models: [ScriptedModel] } {
  const execution = {
    scenarios,
    fallbackMessage: 'Only orders, {{customer-name}}.',
    contextVariables: [requestVariable('customer-name')],
  };
  return { models: [new ScriptedModel(replies)], execution, contextValues: { 'customer-name': 'Ada' } };
}

describe('the choice', () => {
  test('is one silent model call, from the names that there are, with the conversation', async () => {
    const choosing = scene({ text: ['{"scenario":', '"refunds"}'] }, { text: ['Sure.'] });
    const played = await play({
      ...choosing,
      history: [
        { by: 'USER', text: 'Hi' },
        { by: 'AI', text: 'Hello' },
      ],
    });
    const [model] = choosing.models;
    expect(storyOf(played)).toEqual([
      'scenario_selection Choose a scenario in_progress',
      'scenario_selection Choose a scenario completed',
      'model_call Ask the model in_progress',
      '"Sure."',
      '""',
      'model_call Ask the model completed',
    ]);
    expect(model.requests[0]).toMatchObject({
      temperature: 0,
      responseSchema: { schema: { properties: { scenario: { enum: ['refunds', 'orders', 'none'] } } } },
      messages: [
        { role: 'system' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Hello' },
      ],
    });
    expect(model.requests[1]?.messages[0]?.content).toContain(
      '# refunds\nBe kind, Ada.\n\nExamples:\n- My money!',
    );
  });

  test.each([
    ['a bare name', ' orders \n'],
    ['a JSON string', '"orders"'],
    ['JSON in a fence', '```json\n{"scenario": "orders"}\n```'],
    ['a name in a fence', '```\norders\n```'],
  ])('counts as %s too', async (_name, text) => {
    const choosing = scene({ text: [text] }, { text: ['ok'] });
    await play(choosing);
    expect(choosing.models[0].requests[1]?.messages[0]?.content).toContain('# orders');
  });

  test.each([
    '{"scenario":"none"}',
    '{"scenario":"Refunds!"}',
    '{"scenario":["orders"], "x":1',
    '[]',
    '7',
    'null',
    '',
    '{"other":"orders"}',
    'toString',
  ])('%j: the fallback message is the answer, whole', async (text) => {
    const played = await play(scene({ text: [text] }));
    expect(textsOf(played)).toEqual([{ text: 'Only orders, Ada.', first: true, last: true }]);
    expect(played.outcome.state).toBe('completed');
    expect(saidIn(played)).not.toContain('{{');
  });
});
