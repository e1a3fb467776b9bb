import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, rpc, v1Text } from '../support/rpc.ts';
import { streamedText, seenEvent } from '../support/run-events.ts';
import { openOnSocket, type SseFrames } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

/** Large pieces, so that a few of them fill every buffer between the gateway and its reader. */
const pieces = Array.from({ length: 160 }, (_, index) => `${index} ${'x'.repeat(100_000)} `);

let model: ModelServer;
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(text(...pieces));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: modelEnv(model.baseUrl),
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

const params = v1Text('Go');

/** Opens the stream without reading it, and hands out the response on the gateway's side too. */
async function openSlowly(): Promise<{ frames: SseFrames; response: ServerResponse }> {
  const responses: ServerResponse[] = [];
  const remember = (message: unknown): void => {
    const { response } = message as { response: ServerResponse };
    if (response.req.headers['x-slow']) responses.push(response);
  };
  subscribe('http.server.request.start', remember);
  const { frames } = await openOnSocket(`${gateway.url}/a2a/talker`, {
    method: 'POST',
    headers: {
      Authorization: `SSWS ${adminKey}`,
      'Content-Type': 'application/json',
      'A2A-Version': '1.0',
      'X-Slow': 'yes',
    },
    body: JSON.stringify(rpc('SendStreamingMessage', params)),
  });
  unsubscribe('http.server.request.start', remember);
  const [response] = responses;
  if (!response) throw new Error('The gateway did not see the request.');
  return { frames, response };
}

async function isCompleted(): Promise<boolean> {
  const list = await call<{ tasks: { status: { state: string } }[] }>(
    gateway.url,
    'talker',
    rpc('ListTasks', {}),
  );
  return list.result?.tasks[0]?.status.state === 'TASK_STATE_COMPLETED';
}

// The first one runs the agent, the second one replays its log from the store.
test.each(['while the run goes on', 'from the stored log'])(
  'a reader that does not read %s costs the gateway less than 1 MB, and then still gets everything',
  async () => {
    const { frames, response } = await openSlowly();
    let most = 0;
    const full = (): boolean => {
      most = Math.max(most, response.writableLength);
      return response.writableNeedDrain;
    };
    await until(async () => full() && (await isCompleted()), {
      what: 'the socket to be full and the task done',
    });
    full();
    expect(most).toBeLessThan(1_000_000);
    const events = [];
    for await (const frame of frames) events.push(seenEvent(frame));
    expect(streamedText(events)).toBe(pieces.join(''));
  },
);
