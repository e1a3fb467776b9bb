import { Task } from '@a2a-js/sdk';
import { seenTask, type SeenTask } from './run-events.ts';
import { cardUrl, connectV03, connectV1 } from './sdk-clients.ts';
import { sendingV03, sendingV1, type SentOptions, type SentPart } from './sdk-messages.ts';

/** Sends a message with the SDK's client and waits until the task is at rest. */
export type Talk = (parts: readonly SentPart[], options?: SentOptions) => Promise<SeenTask>;

/** The unmodified SDK client of each protocol version, talking to an agent. */
export const talkers: readonly {
  version: '1.0' | '0.3';
  connect(gateway: { url: string }, agentId: string): Promise<Talk>;
}[] = [
  {
    version: '1.0',
    connect: async (gateway, agentId) => {
      const client = await connectV1(cardUrl(gateway, agentId));
      return async (parts, options) => {
        const result = await client.sendMessage(sendingV1(parts, options));
        if (!('status' in result)) throw new Error('A task was expected.');
        return seenTask(Task.toJSON(result));
      };
    },
  },
  {
    version: '0.3',
    connect: async (gateway, agentId) => {
      const client = await connectV03(cardUrl(gateway, agentId));
      return async (parts, options) => seenTask(await client.sendMessage(sendingV03(parts, options)));
    },
  },
];

/** The next message to a task. */
export function to({ id, contextId }: SeenTask): SentOptions {
  return { taskId: id, contextId };
}
