import { decodeErrorInfo, decodeStatus, GRPC_STATUS_DETAILS_BIN } from '@a2a-js/sdk/errors/grpc';
import { status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { toGrpcStatus } from '../../../src/a2a/grpc/status.ts';
import { Problem } from '../../../src/http/problem.ts';

function detailsOf(problem: Problem): ReturnType<typeof decodeStatus> {
  const [bytes] = toGrpcStatus(problem, 'r-1').metadata.get(GRPC_STATUS_DETAILS_BIN);
  return decodeStatus(bytes as Buffer);
}

test('tells the details of a problem as ErrorInfo', () => {
  const problem = new Problem('rate_limited', 'Slow down.', { retryAfterSeconds: 3 });
  expect(toGrpcStatus(problem, 'r-1')).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: 'Slow down.',
  });
  const { code, message, details } = detailsOf(problem);
  expect({ code, message }).toEqual({ code: status.RESOURCE_EXHAUSTED, message: 'Slow down.' });
  expect(details.map(({ value }) => decodeErrorInfo(value))).toEqual([
    { reason: 'RATE_LIMITED', domain: 'a2a-protocol.org', metadata: { retryAfterSeconds: '3' } },
  ]);
});

test('tells which fields are at fault as BadRequest', () => {
  const fields = { 'message.parts': 'must not be empty', 'message.role': 'is required' };
  const { details } = detailsOf(new Problem('invalid_request', 'Two fields.', { details: { fields } }));
  expect(details[1]?.typeUrl).toBe('type.googleapis.com/google.rpc.BadRequest');
  // field_violations (1): field (1), description (2).
  expect(details[1]?.value.toString('latin1')).toBe(
    '\n\x22\n\rmessage.parts\x12\x11must not be empty\n\x1b\n\fmessage.role\x12\vis required',
  );
});

test('a text that is no valid Unicode can be sent all the same', () => {
  const { details } = toGrpcStatus(new Problem('task_not_found', 'There is no task \ud800.'), 'r-1');
  expect(details).toBe('There is no task \ufffd.');
});
