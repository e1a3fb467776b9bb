import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { attack, expectRefusal, refusals, type Body, type Door } from '../support/hostile-requests.ts';

const door: Door = {
  name: 'execute',
  path: (name) => `/api/v1/tools/${name}/execute`,
  headers: {},
  good: { query: 'mug' },
  shape: 'rest',
};
const good = JSON.stringify(door.good);
const agent = 'desk.docs';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({
    files: {
      'desk.yaml': agentFile('desk', {
        contextVariables: [{ name: 'customer', schema: { type: 'string' } }],
        tools: [{ name: 'docs', type: 'knowledge', source: './docs' }],
      }),
      'docs/mugs.md': 'A mug.',
    },
    env: { MAX_BODY_BYTES: '20000' },
  });
});

afterAll(async () => await gateway.stop());

describe('bodies', () => {
  test.each([
    ['half of it', good.slice(0, -3), refusals.malformed],
    ['no JSON', 'query=mug', refusals.malformed],
    ['no UTF-8', Buffer.from('{"query":"\xff\xfe"}', 'latin1'), refusals.malformed],
    ['200,000 levels', '['.repeat(9_000) + ']'.repeat(9_000), refusals.noRequest],
    ['__proto__', '{"query":"mug","__proto__":{"limit":1}}', refusals.noRequest],
    ['a lone surrogate', String.raw`{"query":"\ud800"}`, refusals.noRequest],
    ['NUL', String.raw`{"query":"\u0000"}`, refusals.noRequest],
    ['a list', '[]', refusals.invalid],
    ['a text', '"mug"', refusals.invalid],
    ['null', 'null', refusals.invalid],
    ['30 kB', JSON.stringify({ query: 'x'.repeat(30_000) }), refusals.tooLarge],
  ])('%s is refused', async (_what, body: Body, refusal) => {
    await expectRefusal(gateway.url, { door, body }, refusal, { agent });
  });

  test('a long name of the caller’s own does not grow the answer', async () => {
    const body = JSON.stringify({ query: 'mug', ['x'.repeat(10_000)]: 1 });
    await expectRefusal(gateway.url, { door, body }, refusals.invalid, { agent });
  });

  test('none is no arguments', async () => {
    const { body } = await attack(gateway.url, { door, body: undefined }, { agent });
    expect(body).toMatchObject({ error: { details: { fields: { query: 'is required' } } } });
  });
});

describe('the header X-Context-Values', () => {
  const header = (value: string) => ({ agent, headers: { 'X-Context-Values': value } });

  test.each([
    ['no JSON', 'customer=C-7'],
    ['a list', '["C-7"]'],
    ['a text', '"C-7"'],
    ['two of them', '{"customer":"a"}, {"customer":"b"}'],
    ['__proto__', '{"__proto__":{"customer":"C-7"}}'],
    ['80 levels', `{"customer":${'['.repeat(80)}${']'.repeat(80)}}`],
    ['no UTF-8', '{"customer":"\xe9"}'],
  ])('%s is refused', async (_what, value) => {
    const { status, body } = await attack(gateway.url, { door, body: good }, header(value));
    expect({ status, code: body.error?.code }).toEqual({ status: 400, code: 'invalid_request' });
  });

  test('is read as UTF-8', async () => {
    const bytes = Buffer.from('{"customer":"José"}').toString('latin1');
    expect((await attack(gateway.url, { door, body: good }, header(bytes))).status).toBe(200);
  });
});

test.each(['%ff', '%00', '..%2f..%2fetc', 'desk%2edocs%00', 'x'.repeat(500), 'constructor', '__proto__.x'])(
  'there is no tool %s',
  async (name) => {
    const { status } = await attack(gateway.url, { door, body: good }, { agent: name });
    expect(status).toBe(name === '%ff' ? 400 : 404);
  },
);

test('no other method is answered', async () => {
  const { status } = await attack(gateway.url, { door, body: undefined }, { agent, method: 'GET' });
  expect(status).toBe(404);
});
