import { GRPC_STATUS_DETAILS_BIN } from '@a2a-js/sdk/errors/grpc';
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { Problem } from '../../http/problem.ts';
import { errorDetails, errorRow } from '../errors.ts';
import { encodeStatusDetails, type BadRequest, type ErrorInfo } from './status-details.ts';

/**
 * The gRPC status of a problem (spec §10.6), with ErrorInfo and the violations of fields as google.rpc.Status in
 * `grpc-status-details-bin`. The request's id goes with it.
 */
export function toGrpcStatus(problem: Problem, requestId: string): StatusObject {
  const code = status[errorRow(problem.reason).rpcStatus];
  // A lone surrogate would break the percent-encoding of the header.
  const details = problem.message.toWellFormed();
  const [info, badRequest] = errorDetails(problem) as unknown as [ErrorInfo, BadRequest?];
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  metadata.set(GRPC_STATUS_DETAILS_BIN, encodeStatusDetails({ code, message: details }, info, badRequest));
  return { code, details, metadata };
}
