import type { Json } from '../runs/message.ts';
import type { Call } from './call.ts';
import { requireCapability, type Capability } from './capabilities.ts';
import type { Operations } from './operations.ts';
import { invalidField } from './params.ts';
import type { RunStream } from './run-stream.ts';
import type { OperationName } from './wire.ts';

/** The result of an operation, whatever transport asked: JSON in the call's dialect, or a stream of frames. */
export type OperationResult = { json: Json; stream?: undefined } | { json?: undefined; stream: RunStream };

type Run = (operations: Operations, params: unknown, call: Call) => Promise<OperationResult>;

/** One row per operation: decode, do, encode. Every transport comes through here. */
const table: Readonly<Record<OperationName, Run>> = {
  sendMessage: async (operations, params, call) => {
    const result = await operations.sendMessage(call.codec.decodeSend(params), call);
    return { json: call.codec.encodeSendResult(result) };
  },
  sendStreamingMessage: async (operations, params, call) => ({
    stream: await operations.sendStreamingMessage(call.codec.decodeSend(params), call),
  }),
  getTask: async (operations, params, call) => ({
    json: call.codec.encodeTask(await operations.getTask(call.codec.decodeGet(params), call)),
  }),
  listTasks: async (operations, params, call) => ({
    json: call.codec.encodeList(await operations.listTasks(call.codec.decodeList(params), call)),
  }),
  cancelTask: async (operations, params, call) => ({
    json: call.codec.encodeTask(await operations.cancelTask(call.codec.decodeTaskId(params), call)),
  }),
  subscribeToTask: async (operations, params, call) => ({
    stream: await operations.subscribeToTask(call.codec.decodeTaskId(params), call),
  }),
  createPushConfig: async (operations, params, call) => {
    const config = await operations.createPushConfig(call.codec.decodePushConfig(params), call);
    return { json: call.codec.encodePushConfig(config) };
  },
  getPushConfig: async (operations, params, call) => {
    const config = await operations.getPushConfig(call.codec.decodePushConfigId(params), call);
    return { json: call.codec.encodePushConfig(config) };
  },
  listPushConfigs: async (operations, params, call) => {
    const configs = await operations.listPushConfigs(call.codec.decodePushConfigList(params), call);
    return { json: call.codec.encodePushConfigs(configs) };
  },
  deletePushConfig: async (operations, params, call) => {
    const { taskId, id } = call.codec.decodePushConfigId(params);
    if (id === undefined) throw invalidField('pushNotificationConfigId', 'is required');
    await operations.deletePushConfig({ taskId, id }, call);
    return { json: null };
  },
  getExtendedCard: async (operations, _params, call) => ({
    json: call.codec.encodeExtendedCard(await operations.getExtendedCard(call)),
  }),
};

/** Which of its capabilities an agent must have switched on for an operation. */
const needs: Readonly<Partial<Record<OperationName, Capability>>> = {
  sendStreamingMessage: 'streaming',
  subscribeToTask: 'streaming',
  createPushConfig: 'pushNotifications',
  getPushConfig: 'pushNotifications',
  listPushConfigs: 'pushNotifications',
  deletePushConfig: 'pushNotifications',
};

/**
 * Runs an operation in the call's protocol version.
 * @param params as the version names them; decoded here. A transport without a body makes them of its path and query
 * @throws Problem for everything that the caller did wrong
 */
export async function runOperation(
  operations: Operations,
  operation: OperationName,
  params: unknown,
  call: Call,
): Promise<OperationResult> {
  // Before anything of the request counts (spec §3.3.4).
  requireCapability(call, needs[operation]);
  return await table[operation](operations, params, call);
}
