import { Server, ServerCredentials, type Metadata } from '@grpc/grpc-js';
import { AgentCard, TaskState } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore, type AgentExecutor } from '@a2a-js/sdk/server';
import { A2AService, grpcService, UserBuilder } from '@a2a-js/sdk/server/grpc';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serve, type LocalServer } from '../http/local-server.ts';
import { backKey, remoteAgent } from '../support/fronted-gateways.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import { seenEvent, seenTask, textOf } from '../support/run-events.ts';
import { collect, readSse } from '../support/sse-reader.ts';

const headers = { 'A2A-Version': '1.0' };
const remote = new Server();
let seen: Metadata[] = [];
let cards: LocalServer;
let front: TestGateway;

const addressAt = (url: string) => ({ url, protocolBinding: 'GRPC', protocolVersion: '1.0' });

/** Says back what it is told. */
const executor: AgentExecutor = {
  execute({ taskId, contextId, userMessage }, bus) {
    const ids = { taskId, contextId };
    const status = (state: TaskState) => ({ state, message: undefined, timestamp: undefined });
    const submitted = status(TaskState.TASK_STATE_SUBMITTED);
    bus.publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: submitted,
        artifacts: [],
        history: [],
        metadata: undefined,
      }),
    );
    const { parts } = userMessage;
    const artifact = {
      artifactId: 'echo',
      name: '',
      description: '',
      parts,
      metadata: undefined,
      extensions: [],
    };
    bus.publish(
      AgentEvent.artifactUpdate({ ...ids, artifact, append: false, lastChunk: true, metadata: undefined }),
    );
    const completed = status(TaskState.TASK_STATE_COMPLETED);
    bus.publish(AgentEvent.statusUpdate({ ...ids, status: completed, metadata: undefined }));
    bus.finished();
    return Promise.resolve();
  },
  cancelTask: () => Promise.resolve(),
};

beforeAll(async () => {
  const handler = new DefaultRequestHandler(
    AgentCard.fromJSON({
      supportedInterfaces: [addressAt('127.0.0.1:0')],
      capabilities: { streaming: true },
    }),
    new InMemoryTaskStore(),
    executor,
  );
  const service = grpcService({
    requestHandler: handler,
    userBuilder: async (grpcCall) => {
      seen.push(grpcCall.metadata);
      return await UserBuilder.noAuthentication();
    },
  });
  remote.addService(A2AService, service);
  const port = await new Promise<number>((resolve, reject) => {
    remote.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  cards = await serve((request, response) => {
    const host = request.url === '/elsewhere' ? 'localhost' : '127.0.0.1';
    const address = addressAt(`${host}:${port}`);
    response.end(JSON.stringify({ supportedInterfaces: [address], capabilities: { streaming: true } }));
  });
  front = await startGateway({
    files: {
      'echo.yaml': remoteAgent('echo', `${cards.url}/card`),
      'elsewhere.yaml': remoteAgent('elsewhere', `${cards.url}/elsewhere`),
    },
    env: { BACK_KEY: backKey },
  });
});

afterAll(async () => {
  await front.stop();
  remote.forceShutdown();
  await cards[Symbol.asyncDispose]();
});

test("a remote that offers gRPC alone is spoken to so, with the version and the gateway's own key", async () => {
  seen = [];
  const parts = [{ text: 'Hello' }, { raw: '/+8AAQID', mediaType: 'image/png' }, { data: { n: [1, null] } }];
  const body = rpc('SendStreamingMessage', v1Text('', { parts }));
  const events = (await collect(readSse(await post(front.url, 'echo', body, { headers })))).map(seenEvent);
  expect(events.map(({ kind, state }) => `${kind} ${state}`.trim())).toEqual([
    'task submitted',
    'artifact',
    'status completed',
  ]);
  expect(events[1]?.artifacts[0]?.parts).toEqual(parts);
  expect(seen.map((metadata) => [metadata.get('authorization'), metadata.get('a2a-version')])).toEqual([
    [[`SSWS ${backKey}`], ['1.0']],
  ]);
});

test('an address on another host than the card is refused', async () => {
  const answer = await call(front.url, 'elsewhere', rpc('SendMessage', v1Text('Hello')), { headers });
  const task = seenTask(answer.result);
  expect(task.state).toBe('failed');
  expect(textOf(task.parts)).toBe("The remote agent's gRPC address is not on the host of its card.");
});

test('a remote that is away fails the task', async () => {
  remote.forceShutdown();
  const answer = await call(front.url, 'echo', rpc('SendMessage', v1Text('Hello')), { headers });
  expect(textOf(seenTask(answer.result).parts)).toBe(
    'The remote agent is away (gRPC 14). Send the message again later.',
  );
});
