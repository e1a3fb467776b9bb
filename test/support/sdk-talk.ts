import { Task } from '@a2a-js/sdk';
import type { TestGateway } from './gateway.ts';
import { connectGrpcV03, connectGrpcV1 } from './grpc-clients.ts';
import { seenTask, type SeenTask } from './run-events.ts';
import {
  cardUrl,
  connectV03,
  connectV1,
  httpTransports,
  type V03Client,
  type V1Client,
} from './sdk-clients.ts';
import { sendingV03, sendingV1, type SentOptions, type SentPart } from './sdk-messages.ts';

/** Sends a message with the SDK's client and waits until the task is at rest. */
export type Talk = (parts: readonly SentPart[], options?: SentOptions) => Promise<SeenTask>;

export interface Talker {
  version: '1.0' | '0.3';
  transport: (typeof httpTransports)[number] | 'GRPC';
  /** Whether the client hands on the metadata of parts: that of v0.3 drops it where the wire is proto-JSON or proto. */
  showsMetadata: boolean;
  connect(gateway: TestGateway, agentId: string): Promise<Talk>;
}

/** The unmodified SDK client of each protocol version over each transport, talking to an agent. */
export const talkers: readonly Talker[] = [
  ...httpTransports.flatMap((transport): Talker[] => [
    {
      version: '1.0',
      transport,
      showsMetadata: true,
      connect: async (gateway, id) => talkV1(await connectV1(cardUrl(gateway, id), { transport }), transport),
    },
    {
      version: '0.3',
      transport,
      showsMetadata: transport === 'JSONRPC',
      connect: async (gateway, id) => talkV03(await connectV03(cardUrl(gateway, id), { transport })),
    },
  ]),
  {
    version: '1.0',
    transport: 'GRPC',
    showsMetadata: true,
    connect: async (gateway, id) => talkV1(await connectGrpcV1(cardUrl(gateway, id)), 'GRPC'),
  },
  {
    version: '0.3',
    transport: 'GRPC',
    showsMetadata: false,
    connect: async ({ grpcAddress = '' }, id) =>
      talkV03(connectGrpcV03(grpcAddress, { metadata: { 'x-agent-id': id } })),
  },
];

function talkV1(client: V1Client, transport: Talker['transport']): Talk {
  if (client.transport.protocolName !== transport) throw new Error('It took another transport.');
  return async (parts, options) => {
    const result = await client.sendMessage(sendingV1(parts, options));
    if (!('status' in result)) throw new Error('A task was expected.');
    return seenTask(Task.toJSON(result));
  };
}

function talkV03(client: Pick<V03Client, 'sendMessage'>): Talk {
  return async (parts, options) => seenTask(await client.sendMessage(sendingV03(parts, options)));
}

/** The next message to a task. */
export function to({ id, contextId }: SeenTask): SentOptions {
  return { taskId: id, contextId };
}
