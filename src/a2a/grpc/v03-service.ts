import { LegacyA2AService as methods } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import { v03ProtoCodec } from '../v03/proto-codec.ts';
import { procedure, type GrpcService } from './service.ts';
import { agentCardOf } from './v03-card.ts';
import { getRequestJson, sameJson, sendRequestJson } from './v03-requests.ts';
import { pushConfigOf, pushConfigsOf, sendResponseOf, streamResponseOf, taskOf } from './v03-responses.ts';

/** A2A v0.3 over gRPC (v0.3 spec §3.2.2). It has no ListTasks. */
export const v03Service: GrpcService = {
  name: 'a2a.v1.A2AService',
  codec: v03ProtoCodec,
  procedures: [
    procedure('sendMessage', methods.sendMessage, { toJson: sendRequestJson, fromJson: sendResponseOf }),
    procedure('sendStreamingMessage', methods.sendStreamingMessage, {
      toJson: sendRequestJson,
      fromJson: streamResponseOf,
    }),
    procedure('getTask', methods.getTask, { toJson: getRequestJson, fromJson: taskOf }),
    procedure('cancelTask', methods.cancelTask, { toJson: sameJson, fromJson: taskOf }),
    procedure('subscribeToTask', methods.taskSubscription, { toJson: sameJson, fromJson: streamResponseOf }),
    procedure('createPushConfig', methods.createTaskPushNotificationConfig, {
      toJson: sameJson,
      fromJson: pushConfigOf,
    }),
    procedure('getPushConfig', methods.getTaskPushNotificationConfig, {
      toJson: sameJson,
      fromJson: pushConfigOf,
    }),
    procedure('listPushConfigs', methods.listTaskPushNotificationConfig, {
      toJson: sameJson,
      fromJson: pushConfigsOf,
    }),
    procedure('deletePushConfig', methods.deleteTaskPushNotificationConfig, {
      toJson: sameJson,
      fromJson: () => ({}),
    }),
    procedure('getExtendedCard', methods.getAgentCard, { toJson: sameJson, fromJson: agentCardOf }),
  ],
};
