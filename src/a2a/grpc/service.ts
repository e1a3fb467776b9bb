import type { Json, JsonObject } from '../../runs/message.ts';
import type { Codec, OperationName } from '../wire.ts';

/** One remote procedure: what it does, and its messages between bytes and the JSON of its codec. */
export interface Procedure {
  /** `/<package>.<service>/<method>` */
  path: string;
  operation: OperationName;
  /** Whether the answer is a stream of messages. */
  streams: boolean;
  /** The request as JSON in the codec's dialect. Throws whatever it likes for bytes that are no such message. */
  decode(message: Buffer): JsonObject;
  /** A result, or an event of a stream, from JSON in the codec's dialect. */
  encode(json: Json): Buffer;
}

/** The gRPC service of one protocol version (spec §10.3). */
export interface GrpcService {
  /** `<package>.<service>` */
  name: string;
  codec: Codec;
  procedures: readonly Procedure[];
}

/** What a generated method definition tells, as far as a server needs it. */
export interface MethodDefinition<Request, Response> {
  readonly path: string;
  readonly responseStream: boolean;
  readonly requestDeserialize: (message: Buffer) => Request;
  readonly responseSerialize: (response: Response) => Buffer;
}

/** How the messages of a method are JSON. */
export interface Translation<Request, Response> {
  toJson: (request: Request) => unknown;
  fromJson: (json: Json) => Response;
}

/** A procedure from its generated definition and the JSON form of its two messages. */
export function procedure<Request, Response>(
  operation: OperationName,
  method: MethodDefinition<Request, Response>,
  { toJson, fromJson }: Translation<Request, Response>,
): Procedure {
  return {
    path: method.path,
    operation,
    streams: method.responseStream,
    decode: (message) => toJson(method.requestDeserialize(message)) as JsonObject,
    encode: (json) => method.responseSerialize(fromJson(json)),
  };
}
