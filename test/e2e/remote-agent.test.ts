import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startFronted, backKey, type FrontedGateways } from '../support/fronted-gateways.ts';
import { text, type Reply } from '../support/model-replies.ts';
import { post, rpc, v03Text, v1Text } from '../support/rpc.ts';
import { collect, readSse } from '../support/sse-reader.ts';

let gateways: FrontedGateways;
let replies: Reply[] = [];

beforeAll(async () => {
  gateways = await startFronted(() => replies.shift() ?? text('no reply was scripted'));
});

afterAll(async () => {
  await gateways.stop();
});

const version = { 'A2A-Version': '1.0' };

/** The results of a stream, with what each gateway makes itself replaced: ids and times. */
async function streamOf(
  door: 'front' | 'back',
  agentId: string,
  params: object,
  v1 = true,
): Promise<unknown[]> {
  const response = await post(
    gateways[door].url,
    agentId,
    rpc(v1 ? 'SendStreamingMessage' : 'message/stream', params),
    {
      ...(door === 'back' && { authorization: `SSWS ${backKey}` }),
      headers: v1 ? version : {},
    },
  );
  return (await collect(readSse(response))).map(({ data }) =>
    neutral((JSON.parse(data) as { result: unknown }).result),
  );
}

const ownKeys = new Set(['id', 'taskId', 'contextId', 'messageId', 'timestamp', 'startedAt', 'durationMs']);

function neutral(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, item: unknown) =>
    ownKeys.has(key) ? `<${key}>` : item,
  ) as unknown;
}

describe('a stream through the front is that of the back', () => {
  test.each(['artifacts', 'ask', 'auth', 'refuse', 'reply', 'echo'])('%s', async (act) => {
    for (const v1 of [true, false]) {
      const params = (): object => (v1 ? v1Text(act) : v03Text(act));
      const direct = await streamOf('back', 'actor', params(), v1);
      const fronted = await streamOf('front', 'actor', params(), v1);
      expect(fronted).toEqual(direct);
    }
  });

  test('an agent of model and prompt', async () => {
    replies = [text('One ', 'two'), text('One ', 'two')];
    const direct = await streamOf('back', 'talker', v1Text('Count'));
    expect(await streamOf('front', 'talker', v1Text('Count'))).toEqual(direct);
    expect(direct.length).toBeGreaterThan(4);
  });
});
