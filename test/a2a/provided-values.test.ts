import { describe, expect, test } from '@jest/globals';
import { CONVERSATION_HISTORY_URI, PROVIDED_VALUES_URI } from '../../src/a2a/extensions.ts';
import { redactSecrets, takeConversationHistory, takeProvidedValues } from '../../src/a2a/provided-values.ts';
import type { Json, Message, Part } from '../../src/runs/message.ts';
import { refusedFields } from './refusal.ts';

const text: Part = { text: 'hi' };
const activated = [PROVIDED_VALUES_URI];

function messageOf(...parts: Part[]): Message {
  return { messageId: 'm', role: 'ROLE_USER', contextId: 'c', parts };
}

function marked(part: Part, mark: Json = true): Part {
  return { ...part, metadata: { [PROVIDED_VALUES_URI]: mark } };
}

describe('takeProvidedValues', () => {
  test('marked parts are merged in order and taken out', () => {
    const message = messageOf(
      marked({ data: { a: 1, b: 1 } }),
      text,
      marked({ data: { b: 2, c: { d: 3 } } }),
    );
    expect(takeProvidedValues(message, activated)).toEqual({
      message: messageOf(text),
      provided: { a: 1, b: 2, c: { d: 3 } },
    });
    expect(message.parts).toHaveLength(3);
  });

  test.each([false, 'true', 1, null, { a: true }])('a mark that is %j is none', (mark) => {
    const message = messageOf(text, marked({ data: { a: 1 } }, mark));
    expect(takeProvidedValues(message, activated)).toStrictEqual({ message });
  });

  test('an unmarked message provides nothing', () => {
    expect(takeProvidedValues(messageOf(text), activated)).toStrictEqual({ message: messageOf(text) });
  });

  test('a marked part without members provides an empty object', () => {
    expect(takeProvidedValues(messageOf(marked({ data: {} })), activated).provided).toEqual({});
  });

  test('not activated: values do not count, and the part is hidden all the same', () => {
    const message = messageOf(marked({ data: { a: 1 } }), text, marked({ text: 'secret' }));
    for (const uris of [[], ['urn:other'], [PROVIDED_VALUES_URI.toUpperCase()]]) {
      expect(takeProvidedValues(message, uris)).toStrictEqual({ message: messageOf(text) });
    }
  });

  test.each<Part>([
    { data: [1] },
    { data: 'a' },
    { data: null },
    { text: '{"a":1}' },
    { url: 'https://a.example' },
  ])('a marked part that is %j is refused by name', (part) => {
    expect(refusedFields(() => takeProvidedValues(messageOf(text, marked(part)), activated))).toEqual({
      'message.parts[1].data': 'must be an object, as its metadata marks it as provided values',
    });
  });

  test('a member called __proto__ stays a member', () => {
    const data = JSON.parse('{"__proto__":{"polluted":true},"a":1}') as Record<string, Json>;
    const { provided } = takeProvidedValues(
      messageOf(marked({ data }), marked({ data: { b: 2 } })),
      activated,
    );
    expect(Object.keys(provided ?? {})).toEqual(['__proto__', 'a', 'b']);
    expect(Object.getPrototypeOf(provided)).toBe(Object.prototype);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('redactSecrets', () => {
  const names = ['shop_token'];

  test('secret values in marked parts are cut out, and the message itself is left alone', () => {
    const data = { shop_token: 'geheim', customer: '42' };
    const message = messageOf(text, marked({ data }), { data });
    expect(redactSecrets(message, names)).toEqual(
      messageOf(text, marked({ data: { shop_token: '[redacted]', customer: '42' } }), { data }),
    );
    expect(message.parts[1]?.data).toEqual({ shop_token: 'geheim', customer: '42' });
  });

  test.each<Part>([{ text: 'geheim' }, { raw: 'Z2Vo' }, { url: 'https://a/?geheim' }, { data: ['geheim'] }])(
    'a marked part that is %j goes whole',
    (part) => {
      expect(redactSecrets(messageOf(marked(part)), names).parts).toEqual([marked({ data: '[redacted]' })]);
    },
  );

  test('without secret variables nothing changes', () => {
    const message = messageOf(marked({ data: { a: 1 } }), marked({ text: 'b' }));
    expect(redactSecrets(message, [])).toBe(message);
  });
});

describe('takeConversationHistory', () => {
  const uris = [CONVERSATION_HISTORY_URI];

  function carrying(conversationHistory: Json): Message {
    return messageOf(text, { data: { conversationHistory } });
  }

  test('the conversation is taken out of the message', () => {
    const turns: Json[] = [
      { by: 'USER', text: 'Where is 42?', extra: 1 },
      { by: 'AI', text: '' },
    ];
    expect(takeConversationHistory(carrying(turns), uris)).toStrictEqual({
      message: messageOf(text),
      history: [
        { by: 'USER', text: 'Where is 42?' },
        { by: 'AI', text: '' },
      ],
    });
  });

  test('an empty conversation is one', () => {
    expect(takeConversationHistory(carrying([]), uris)).toStrictEqual({
      message: messageOf(text),
      history: [],
    });
  });

  test('not activated it is a data part like any other', () => {
    expect(takeConversationHistory(carrying([]), [PROVIDED_VALUES_URI])).toStrictEqual({
      message: carrying([]),
    });
  });

  test.each<Part>([{ text: 'conversationHistory' }, { data: [] }, { data: { history: [] } }])(
    'a part that is %j carries none',
    (part) => {
      expect(takeConversationHistory(messageOf(part), uris)).toStrictEqual({ message: messageOf(part) });
    },
  );

  const turn = { by: 'USER', text: 'a' };
  test.each<[string, Json, string, string]>([
    ['text', 'hi', 'conversationHistory', 'must be an array'],
    ['null', null, 'conversationHistory', 'must be an array'],
    ['no speaker', [turn, { text: 'a' }], 'conversationHistory[1].by', 'is required'],
    [
      'a speaker of another name',
      [{ by: 'BOT', text: 'a' }],
      'conversationHistory[0].by',
      'must be one of USER, AI',
    ],
    ['no text', [{ by: 'AI' }], 'conversationHistory[0].text', 'is required'],
    ['text that is a number', [{ by: 'AI', text: 1 }], 'conversationHistory[0].text', 'must be a string'],
    ['a turn that is text', ['a'], 'conversationHistory[0]', 'must be an object'],
    [
      'a long text',
      [{ by: 'AI', text: 'x'.repeat(100_001) }],
      'conversationHistory[0].text',
      'must not be longer than 100000 characters',
    ],
    [
      'many turns',
      Array.from({ length: 201 }, () => turn),
      'conversationHistory',
      'must not have more than 200 entries',
    ],
  ])('%s is refused', (_what, history, field, reason) => {
    expect(refusedFields(() => takeConversationHistory(carrying(history), uris))).toEqual({
      [field]: reason,
    });
  });

  test('200 turns of 100,000 characters are not too many', () => {
    const long = { by: 'AI', text: 'x'.repeat(100_000) };
    const { history } = takeConversationHistory(carrying(Array.from({ length: 200 }, () => long)), uris);
    expect(history).toHaveLength(200);
  });

  test('two conversations are one too many', () => {
    const part = { data: { conversationHistory: [] } };
    expect(refusedFields(() => takeConversationHistory(messageOf(part, part), uris))).toEqual({
      conversationHistory: 'must stand in one part only',
    });
  });
});
