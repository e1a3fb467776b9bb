import { encodeGrpcStatusDetails } from '@a2a-js/sdk/errors/grpc';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** The ProtoJSON form of google.rpc.ErrorInfo. */
export interface ErrorInfo {
  reason: string;
  metadata?: Record<string, string>;
}

/** The ProtoJSON form of google.rpc.BadRequest. */
export interface BadRequest {
  fieldViolations: readonly { field: string; description: string }[];
}

/** google.rpc.Status with its details, as it stands in the trailers (spec §10.6). */
export function encodeStatusDetails(
  { code, message }: { code: number; message: string },
  { reason, metadata = {} }: ErrorInfo,
  badRequest?: BadRequest,
): Buffer {
  const status = encodeGrpcStatusDetails(code, message, reason, metadata);
  // A repeated field may go on behind the others: `details` gets one more entry.
  return badRequest ? Buffer.concat([status, badRequestDetail(badRequest)]) : status;
}

/** `details` (3) of google.rpc.Status: an Any with type_url (1) and value (2). */
function badRequestDetail(badRequest: BadRequest): Uint8Array {
  return new BinaryWriter()
    .tag(3, WireType.LengthDelimited)
    .fork()
    .tag(1, WireType.LengthDelimited)
    .string('type.googleapis.com/google.rpc.BadRequest')
    .tag(2, WireType.LengthDelimited)
    .bytes(encodeBadRequest(badRequest))
    .join()
    .finish();
}

/** google.rpc.BadRequest: field_violations (1) with field (1) and description (2). */
function encodeBadRequest({ fieldViolations }: BadRequest): Uint8Array {
  const writer = new BinaryWriter();
  for (const { field, description } of fieldViolations) {
    writer
      .tag(1, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .string(field)
      .tag(2, WireType.LengthDelimited)
      .string(description)
      .join();
  }
  return writer.finish();
}
