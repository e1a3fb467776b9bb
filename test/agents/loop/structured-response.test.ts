import { describe, expect, test } from '@jest/globals';
import { compileResponseSchema } from '../../../src/agents/response-schema.ts';
import { ScriptedModel } from '../../support/scripted-model.ts';
import { play, saidIn, secretVariable, storyOf } from './loop-fixture.ts';

const responseSchema = {
  type: 'object',
  properties: { total: { type: 'integer' }, note: { type: 'string' } },
  required: ['total'],
  additionalProperties: false,
};

describe('after the answer', () => {
  test('the model says it once more as JSON, unheard', async () => {
    const model = new ScriptedModel([{ text: ['Four.'] }, { text: ['{"total":', '4}'] }]);
    const played = await play({ models: [model], execution: { responseSchema } });
    expect(storyOf(played).slice(-3)).toEqual([
      'answer Structured response in_progress',
      'answer Structured response completed',
      '{"total":4}',
    ]);
    expect(saidIn(played)).toBe('Four.');
    expect(model.requests[1]).toMatchObject({
      temperature: 0,
      responseSchema: { name: 'response', schema: responseSchema },
    });
    expect(model.requests[1]?.messages.slice(-2)).toMatchObject([
      { role: 'assistant', content: 'Four.' },
      { role: 'user' },
    ]);
  });

  test('one that does not fit is repaired once, with what was wrong', async () => {
    const model = new ScriptedModel([
      { text: ['Four.'] },
      { text: ['{"total":"four"}'] },
      { text: ['```json\n{"total":4}\n```'] },
    ]);
    const played = await play({ models: [model], execution: { responseSchema } });
    expect(played.outcome.state).toBe('completed');
    expect(storyOf(played).at(-1)).toBe('{"total":4}');
    expect(model.requests[2]?.messages.at(-1)?.content).toContain('/total must be integer');
  });

  test('twice wrong is a failure that says what is wrong; the answer stands', async () => {
    const model = new ScriptedModel([{ text: ['Four.'] }, { text: ['four'] }, { text: ['{"note":1}'] }]);
    const played = await play({ models: [model], execution: { responseSchema } });
    expect(played.outcome).toMatchObject({ state: 'failed', failure: { code: 'provider_error' } });
    expect(played.outcome.failure?.message).toContain("must have required property 'total'");
    expect(saidIn(played)).toBe('Four.');
    expect(model.unused).toBe(0);
  });

  test('secrets are masked in it, and it stays an object', async () => {
    const model = new ScriptedModel([{ text: ['ok'] }, { text: ['{"total":1234,"note":"pin 1234"}'] }]);
    const execution = { responseSchema, contextVariables: [secretVariable('pin')] };
    const played = await play({ models: [model], execution, contextValues: { pin: '1234' } });
    expect(storyOf(played).at(-1)).toBe('{"total":"[redacted]","note":"pin [redacted]"}');
  });
});

describe('the check', () => {
  const check = compileResponseSchema(responseSchema);

  test.each([
    '{"total":1}',
    ' {"total":1} ',
    '```json\n{"total":1}\n```',
    '```\n{"total":1}```',
    ' ```json {"total":1} ``` \n',
  ])('%j fits', (text) => {
    expect(check.parse(text)).toEqual({ data: { total: 1 } });
  });

  test.each([
    ['', 'it is not JSON'],
    ['Sure: {"total":1}', 'it is not JSON'],
    ['```', 'it is not JSON'],
    ['``````', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
    ['"text"', 'it is not a JSON object'],
    ['{"total":1.5}', '/total must be integer'],
    ['{}', "the object must have required property 'total'"],
  ])('%j does not: %s', (text, problem) => {
    expect(check.parse(text).problems).toEqual([problem]);
  });

  test('names a few of very many problems', () => {
    const many = compileResponseSchema({ type: 'object', additionalProperties: { type: 'string' } });
    const text = JSON.stringify(
      Object.fromEntries(Array.from({ length: 10_000 }, (_value, index) => [`n${index}`, index])),
    );
    expect(many.parse(text).problems?.length).toBeLessThanOrEqual(10);
  });

  test.each([
    ['an open fence and white space', `\`\`\`${' '.repeat(50_000)}x`],
    ['white space', ' '.repeat(50_000)],
    ['line breaks in a fence', `\`\`\`json${'\n'.repeat(50_000)}x\n\`\``],
  ])('takes no time over %s', (_name, text) => {
    const startedAt = performance.now();
    expect(check.parse(text).problems).toEqual(['it is not JSON']);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
