import { describe, expect, test } from '@jest/globals';
import { openingMessages, render, systemPrompt } from '../../../src/agents/loop/prompt.ts';
import { agentRevision } from '../../a2a/agent-revision.ts';
import { ScriptedModel } from '../../support/scripted-model.ts';
import { play } from './loop-fixture.ts';

describe('a template', () => {
  const values = {
    name: 'Ada',
    'customer-id': 7,
    _under: true,
    list: [1, { a: null }],
    empty: '',
    nothing: null,
    sly: '{{name}} $& $1',
  };

  test.each<[string, string]>([
    ['Hello {{name}}.', 'Hello Ada.'],
    ['{{ name }}{{\tname\n}}', 'AdaAda'],
    ['{{customer-id}}/{{_under}}', '7/true'],
    ['{{list}}', '[1,{"a":null}]'],
    ['[{{empty}}{{nothing}}{{ unknown }}]', '[]'],
    ['{{sly}}', '{{name}} $& $1'],
    ['{{constructor}}{{toString}}{{__proto__}}{{hasOwnProperty}}', ''],
    ['{name} {{}} {{ }} {{a b}} {{1a}} {{{name}}}', '{name} {{}} {{ }} {{a b}} {{1a}} {Ada}'],
    ['', ''],
  ])('%j becomes %j', (template, text) => {
    expect(render(template, values)).toBe(text);
  });
});

describe('the system prompt', () => {
  const { execution } = agentRevision({ execution: { systemPrompt: 'You help {{name}}.' } }).definition;

  test("is the agent's own, then the scenario, then the values", () => {
    const scenario = {
      name: 'refunds',
      description: 'd',
      instructions: 'Be kind to {{name}}.',
      examples: ['a', 'b'],
    };
    expect(systemPrompt(execution, scenario, { name: 'Ada' })).toBe(
      'You help Ada.\n\n# refunds\nBe kind to Ada.\n\nExamples:\n- a\n- b\n\nContext values: {"name":"Ada"}',
    );
  });

  test('holds nothing of what there is not', () => {
    expect(systemPrompt(execution, { name: 's', description: '', instructions: 'i', examples: [] }, {})).toBe(
      'You help .\n\n# s\ni',
    );
    expect(systemPrompt(execution, undefined, {})).toBe('You help .');
  });
});

describe('the message', () => {
  test('stands after the conversation', () => {
    const history = [
      { by: 'USER' as const, text: 'a' },
      { by: 'AI' as const, text: 'b' },
    ];
    expect(openingMessages('s', history, [{ text: 'c' }, { text: 'd' }])).toEqual([
      { role: 'system', content: 's' },
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c\nd' },
    ]);
  });

  test('hides its hidden parts', async () => {
    const model = new ScriptedModel([{}]);
    await play({
      models: [model],
      parts: [{ data: { token: 'x' } }, { text: 'Hi' }, { text: 'hidden' }],
      hiddenParts: [0, 2],
    });
    expect(model.requests[0]?.messages.at(-1)).toEqual({ role: 'user', content: 'Hi' });
  });
});
