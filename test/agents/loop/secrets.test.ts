import { describe, expect, test } from '@jest/globals';
import { SecretMask } from '../../../src/agents/loop/secrets.ts';
import { ModelError } from '../../../src/llm/model.ts';
import type { Json, JsonObject } from '../../../src/runs/message.ts';
import { ToolError } from '../../../src/tools/tool.ts';
import { requestVariable } from '../../a2a/agent-revision.ts';
import { callOf, ScriptedModel } from '../../support/scripted-model.ts';
import { ScriptedTool } from '../../support/scripted-tool.ts';
import { play, secretVariable } from './loop-fixture.ts';

function maskOf(...secrets: Json[]): SecretMask {
  const named = secrets.map((secret, index): [string, Json] => [`secret_${index}`, secret]);
  return new SecretMask(
    named.map(([name]) => secretVariable(name)),
    Object.fromEntries(named),
  );
}

describe('text', () => {
  test.each<[string, Json, string, string]>([
    ['a word', 'hunter22', 'it is hunter22, hunter22!', 'it is [redacted], [redacted]!'],
    ['a number', 123456, 'pin 123456', 'pin [redacted]'],
    [
      'what stands in an object',
      { user: 'ada', keys: ['k-123', { deep: 'k-456' }] },
      'k-123 and k-456',
      '[redacted] and [redacted]',
    ],
    ['as JSON writes it', 'a"b\\c\n', String.raw`{"x":"a\"b\\c\n"}`, '{"x":"[redacted]"}'],
    ['as a URL writes it', 'a b&c/d', '?q=a%20b%26c%2Fd', '?q=[redacted]'],
    ['with signs of a replacement', '$&$1', 'x $&$1 x', 'x [redacted] x'],
    ['a lone surrogate', 'key\ud800', 'x key\ud800 x', 'x [redacted] x'],
  ])('%s', (_name, secret, text, masked) => {
    expect(maskOf(secret).text(text)).toBe(masked);
  });

  test('of two secrets, one within the other, nothing is left', () => {
    expect(maskOf('hunter', 'hunter22').text('hunter22 hunter')).toBe('[redacted] [redacted]');
  });

  test('what is shorter than four characters cannot be told from ordinary text, and stays', () => {
    expect(maskOf('abc', 12, '', true, false, null).text('abc 12 true false null')).toBe(
      'abc 12 true false null',
    );
  });

  test('values that are not secret, or not there, stay', () => {
    const mask = new SecretMask([requestVariable('open'), secretVariable('gone')], { open: 'visible' });
    expect(mask.text('visible undefined')).toBe('visible undefined');
  });
});

describe('JSON stays JSON', () => {
  const value: Json = {
    name: 'true',
    list: [1234, 12345, true, null, 'a":"b'],
    'key-1234': { '"': '\\' },
    __proto__x: 0.5,
  };

  test.each<[string, string | number]>([
    ['a quote', '"'],
    ['four quotes', '""""'],
    ['structure', '":"'],
    ['structure between members', '","list":['],
    ['a backslash', '\\\\\\\\'],
    ['digits', '1234'],
    ['a number', 1234],
    ['true', 'true'],
    ['null', 'null'],
    ['one', '1'],
    ['a name', 'name'],
  ])('with %s as the secret', (_name, secret) => {
    const masked = maskOf(secret).json(value);
    expect(JSON.parse(JSON.stringify(masked))).toEqual(masked);
    if (String(secret).length >= 4) expect(JSON.stringify(leavesOf(masked))).not.toContain(String(secret));
  });

  test('numbers, names and texts that hold it are masked, the others are as they were', () => {
    expect(maskOf(1234).json({ pin: 1234, longer: 912345, other: 99, 'at 1234': '1234!' })).toEqual({
      pin: '[redacted]',
      longer: expect.stringContaining('[redacted]'),
      other: 99,
      'at [redacted]': '[redacted]!',
    });
  });

  test('a member named __proto__ stays a member', () => {
    const masked = maskOf('hunter22').json(JSON.parse('{"__proto__":{"a":"hunter22"}}') as Json);
    expect(JSON.stringify(masked)).toBe('{"__proto__":{"a":"[redacted]"}}');
  });

  test('the value itself is not changed', () => {
    const given = { a: ['hunter22'] };
    maskOf('hunter22').json(given);
    expect(given).toEqual({ a: ['hunter22'] });
  });
});

function leavesOf(value: Json): Json[] {
  if (value === null || typeof value !== 'object') return [value];
  return Object.entries(value).flatMap(([name, member]) =>
    Array.isArray(value) ? leavesOf(member) : [name, ...leavesOf(member)],
  );
}

describe('in a run', () => {
  const secret = 'hunter22-"quoted"';
  const contextValues: JsonObject = { token: secret, pin: 987_654, place: 'Rome' };
  const execution = {
    contextVariables: [secretVariable('token'), secretVariable('pin'), requestVariable('place')],
    systemPrompt: `At {{place}}, with {{token}} and {{pin}}. Never say ${secret}.`,
  };

  test('no secret reaches the model, an event or the outcome, wherever it comes from', async () => {
    const echo = new ScriptedTool('echo', ({ context }) => ({
      text: JSON.stringify(context),
      summary: `sent ${secret}`,
    }));
    const broken = new ScriptedTool('broken', () => Promise.reject(new ToolError(`401 for ${secret}`)));
    const model = new ScriptedModel([
      {
        toolCalls: [callOf('echo', { pin: 987_654, note: secret }), callOf('broken', `{"half": "${secret}`)],
      },
      { toolCalls: [callOf('broken', { again: secret })] },
      { error: new ModelError('rejected', 'scripted', `Refused: ${secret}`) },
    ]);
    const played = await play({ models: [model], tools: [echo, broken], execution, contextValues });
    const events = JSON.stringify(played.events);
    for (const part of ['hunter22', '987654']) {
      expect(events).not.toContain(part);
      expect(JSON.stringify(played.outcome)).not.toContain(part);
    }
    const read = model.requests.flatMap(({ messages }) => messages.filter(({ role }) => role === 'tool'));
    expect(read).toHaveLength(5);
    expect(JSON.stringify(read)).not.toMatch(/hunter22|987654/);
    expect(model.requests[0]?.messages[0]?.content).toContain('At Rome, with  and .');
    expect(model.requests[0]?.messages[0]?.content).toContain('Context values: {"place":"Rome"}');
  });

  test('secrets that no UTF-8 can hold do not stop it', async () => {
    const played = await play({
      models: [new ScriptedModel([{ text: ['ok'] }])],
      execution,
      contextValues: { token: '\ud800\ud800\ud800\ud800' },
    });
    expect(played.outcome.state).toBe('completed');
  });
});
