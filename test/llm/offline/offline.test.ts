import { describe, expect, test } from '@jest/globals';
import type { ModelMessage, ModelTool } from '../../../src/llm/model.ts';
import { createOfflineProvider } from '../../../src/llm/offline/provider.ts';
import { afterTool, answered, ask, excerpts, user } from './conversation.ts';

const search: ModelTool = {
  name: 'search_policies',
  description: 'Searches the policies.',
  parameters: {
    type: 'object',
    properties: { query: { type: 'string' }, limit: { type: 'integer' } },
    required: ['query'],
  },
};
const getOrder: ModelTool = {
  name: 'get_order',
  description: 'Looks up the status of one order by its order number.',
  parameters: {
    type: 'object',
    properties: { order_id: { type: 'string', pattern: '^[A-Za-z0-9-]{1,32}$' } },
    required: ['order_id'],
  },
};

/** The calls that a conversation leads to: tool name and arguments. */
async function callsOf(
  tools: readonly ModelTool[],
  ...messages: ModelMessage[]
): Promise<[string, unknown][]> {
  const { finished } = await ask({ messages, tools });
  return (finished?.toolCalls ?? []).map((call) => [call.name, JSON.parse(call.arguments)]);
}

describe('without tools', () => {
  test('it says what it is and how to connect a model, in several chunks with usage', async () => {
    const { text, chunks, finished } = await ask({ messages: [user('Hello there')] });
    expect(text).toMatch(/^No language model is configured\. .*OPENAI_API_KEY.*You wrote: Hello there$/);
    expect(chunks).toBeGreaterThan(5);
    expect(finished).toMatchObject({
      finishReason: 'stop',
      usage: { promptTokens: 2 },
    });
    expect(finished?.usage?.completionTokens).toBeGreaterThan(20);
  });

  test('the same request always gets the same answer', async () => {
    const request = { messages: [user('Where is order A-1001?')], tools: [search, getOrder] };
    expect(await ask(request)).toEqual(await ask(request));
  });

  test('a follow-up knows the turn before it', async () => {
    const messages = [user('My cat is called Mia'), answered('Fine.'), user('What is it called?')];
    expect((await ask({ messages })).text).toContain('You wrote: My cat is called Mia What is it called?');
  });

  test('an image is not looked at, and it says so, in words and never in data', async () => {
    const image = { source: { mediaType: 'image/png', base64: 'AAAA' }, standIn: '[a.png: image/png]' };
    const content = [{ text: 'What is on it?' }, { image }];
    const { text } = await ask({ messages: [{ role: 'user', content }] });
    expect(text).toMatch(/You wrote: What is on it\?\n\nImages were not looked at: .* reads text only\.$/);
    expect(text).not.toContain('AAAA');
    const { text: without } = await ask({ messages: [user('What is on it?')] });
    expect(without).not.toContain('Images');
  });

  test('another address than the chat completions does not exist', async () => {
    const { fetch: offline } = createOfflineProvider();
    expect((await offline?.('http://offline/v1/models', { method: 'GET' }))?.status).toBe(404);
  });
});

describe('with tools', () => {
  test('it searches with the words of the user and looks up what is named, in one turn', async () => {
    const question = 'Where is order A-1001?';
    expect(await callsOf([search, getOrder], user(question))).toEqual([
      ['search_policies', { query: question }],
      ['get_order', { order_id: 'A-1001' }],
    ]);
  });

  test('a tool that is about something else, or lacks its value, is not called', async () => {
    const weather = { ...getOrder, name: 'get_weather', description: 'The weather of a city.' };
    expect(await callsOf([weather], user('Where is order A-1001?'))).toEqual([]);
    expect(await callsOf([getOrder], user('Where is my order?'))).toEqual([]);
  });

  test.each<[string, object, string, unknown]>([
    [
      'an identifier before any label',
      { type: 'string', pattern: '^[A-Za-z0-9-]{1,32}$' },
      'Has A-1002 been ordered?',
      'A-1002',
    ],
    ['the number behind the label', { type: 'integer' }, 'Customer 7 asks for order 42.', 42],
    [
      'a pattern in upper case',
      { type: 'string', pattern: '^[A-Z]-\\d+$' },
      'order a-1001, please',
      'A-1001',
    ],
    ['a value of an enum', { enum: ['shipped', 'open'] }, 'Which orders are open?', 'open'],
    ['a number within its bounds', { type: 'integer', minimum: 10 }, 'the 3 orders of 2024', 2024],
    ['words in quotes', { type: 'string' }, 'the order "Blue Sofa"', 'Blue Sofa'],
    ['a date', { type: 'string', format: 'date' }, 'orders since 2026-01-31?', '2026-01-31'],
    ['a default', { type: 'integer', default: 5 }, 'my orders', 5],
  ])('it finds %s', async (_case, schema, question, expected) => {
    const tool = {
      ...getOrder,
      parameters: { type: 'object', properties: { order_id: schema }, required: ['order_id'] },
    };
    expect(await callsOf([tool], user(question))).toEqual([['get_order', { order_id: expected }]]);
  });

  test('a statement is never made up', async () => {
    const sql = {
      name: 'orders',
      description: 'Queries orders.',
      parameters: { properties: { sql: { type: 'string' } }, required: ['sql'] },
    };
    expect(await callsOf([sql], user('Delete order 42 "now"'))).toEqual([]);
  });

  test('a follow-up takes what the turn before it named', async () => {
    const turns = [user('I have order A-1001.'), answered('Yes?'), user('When will it arrive?')];
    expect(await callsOf([search, getOrder], ...turns)).toEqual([
      ['search_policies', { query: 'I have order A-1001. When will it arrive?' }],
      ['get_order', { order_id: 'A-1001' }],
    ]);
    const other = [...turns.slice(0, 2), user('How long do refunds usually take?')];
    expect(await callsOf([search, getOrder], ...other)).toEqual([
      ['search_policies', { query: 'How long do refunds usually take?' }],
    ]);
  });
});

describe('after the tools', () => {
  const reply = async (messages: ModelMessage[]): Promise<string> =>
    (await ask({ messages, tools: [search, getOrder] })).text;

  test('it quotes the best sentences with their source and calls nothing again', async () => {
    const messages = afterTool('When are refunds paid?', 'search_policies', excerpts);
    const { text, finished } = await ask({ messages, tools: [search] });
    expect(text).toBe(
      'From the documentation:\n' +
        '- Refunds are paid within 14 days. (policies/refunds.md — Refunds)\n' +
        '- They are paid to the card that you used. (policies/refunds.md — Refunds)',
    );
    expect(finished?.toolCalls).toEqual([]);
  });

  test('data becomes lines', async () => {
    const data = {
      order_id: 'A-1001',
      status: 'shipped',
      items: [{ sku: 'S1', count: 2 }],
      note: null,
      tags: ['a', 'b'],
    };
    expect(
      await reply(afterTool('Where is A-1001?', 'get_order', JSON.stringify(data), { order_id: 'A-1001' })),
    ).toBe('From get_order:\norder_id: A-1001\nstatus: shipped\nitems:\n- sku: S1, count: 2\ntags: a, b');
  });

  test.each([
    ['nothing that fits', excerpts, 'Who is the chancellor?'],
    ['nothing at all', 'Nothing in policies matches "chancellor".', 'Who is the chancellor?'],
    ['empty data', '[]', 'Who is the chancellor?'],
  ])('with %s it says so', async (_case, result, question) => {
    const text = await reply(afterTool(question, 'search_policies', result));
    expect(text).toMatch(/^Nothing about this was found .*without a language model.*OPENAI_API_KEY/);
  });

  test('tools that do not fit the question are nothing found either', async () => {
    const { text } = await ask({ messages: [user('Where is my order?')], tools: [getOrder] });
    expect(text).toContain('Nothing about this was found');
  });

  test('a failure of a tool is shown', async () => {
    const text = await reply(
      afterTool('refunds', 'search_policies', 'Error: The tool did not answer within 5 s.'),
    );
    expect(text).toBe('From search_policies:\nError: The tool did not answer within 5 s.');
  });
});
