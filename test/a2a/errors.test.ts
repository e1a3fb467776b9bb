import { describe, expect, test } from '@jest/globals';
import { errorRow, toJsonRpcError, toRestError, type RpcStatus } from '../../src/a2a/errors.ts';
import { Problem, type Reason } from '../../src/http/problem.ts';

describe('errorRow', () => {
  test.each<[Reason, number, string, RpcStatus, number, number]>([
    ['malformed_json', -32700, 'PARSE_ERROR', 'INVALID_ARGUMENT', 400, 200],
    ['invalid_message', -32600, 'INVALID_REQUEST', 'INVALID_ARGUMENT', 400, 200],
    ['method_not_found', -32601, 'METHOD_NOT_FOUND', 'UNIMPLEMENTED', 404, 200],
    ['invalid_request', -32602, 'INVALID_PARAMS', 'INVALID_ARGUMENT', 400, 200],
    ['llm_not_configured', -32602, 'LLM_NOT_CONFIGURED', 'INVALID_ARGUMENT', 400, 200],
    ['internal_error', -32603, 'INTERNAL_ERROR', 'INTERNAL', 500, 200],
    ['store_unavailable', -32603, 'STORE_UNAVAILABLE', 'UNAVAILABLE', 503, 503],
    ['task_not_found', -32001, 'TASK_NOT_FOUND', 'NOT_FOUND', 404, 200],
    ['task_not_cancelable', -32002, 'TASK_NOT_CANCELABLE', 'FAILED_PRECONDITION', 400, 200],
    ['push_not_supported', -32003, 'PUSH_NOTIFICATION_NOT_SUPPORTED', 'FAILED_PRECONDITION', 400, 200],
    ['unsupported_operation', -32004, 'UNSUPPORTED_OPERATION', 'FAILED_PRECONDITION', 400, 200],
    ['content_type_not_supported', -32005, 'CONTENT_TYPE_NOT_SUPPORTED', 'INVALID_ARGUMENT', 400, 200],
    [
      'extended_card_not_configured',
      -32007,
      'EXTENDED_AGENT_CARD_NOT_CONFIGURED',
      'FAILED_PRECONDITION',
      400,
      200,
    ],
    ['extension_required', -32008, 'EXTENSION_SUPPORT_REQUIRED', 'FAILED_PRECONDITION', 400, 200],
    ['version_not_supported', -32009, 'VERSION_NOT_SUPPORTED', 'FAILED_PRECONDITION', 400, 200],
    ['unauthorized', -32000, 'UNAUTHENTICATED', 'UNAUTHENTICATED', 401, 401],
    ['permission_denied', -32000, 'PERMISSION_DENIED', 'PERMISSION_DENIED', 403, 403],
    ['not_found', -32000, 'NOT_FOUND', 'NOT_FOUND', 404, 200],
    ['agent_not_found', -32000, 'AGENT_NOT_FOUND', 'NOT_FOUND', 404, 404],
    ['agent_inactive', -32000, 'AGENT_INACTIVE', 'FAILED_PRECONDITION', 400, 200],
    ['payload_too_large', -32000, 'PAYLOAD_TOO_LARGE', 'RESOURCE_EXHAUSTED', 413, 413],
    ['rate_limited', -32000, 'RATE_LIMITED', 'RESOURCE_EXHAUSTED', 429, 429],
    ['timeout', -32000, 'TIMEOUT', 'DEADLINE_EXCEEDED', 504, 200],
    ['provider_error', -32000, 'PROVIDER_ERROR', 'UNAVAILABLE', 502, 200],
  ])('%s: %i %s, %s, HTTP %i; %i on JSON-RPC', (...expected) => {
    const [reason, code, name, rpcStatus, restStatus, httpStatus] = expected;
    expect(errorRow(reason)).toEqual({ code, reason: name, rpcStatus, restStatus, httpStatus });
  });
});

describe('toJsonRpcError', () => {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', domain: 'a2a-protocol.org' };

  test('a bare problem', () => {
    expect(toJsonRpcError(new Problem('task_not_found', 'There is no such task.'))).toStrictEqual({
      code: -32001,
      message: 'There is no such task.',
      data: [{ ...info, reason: 'TASK_NOT_FOUND' }],
    });
  });

  test('fields at fault are violations', () => {
    const details = { fields: { 'message.parts': 'must not be empty', role: 'is required' } };
    expect(toJsonRpcError(new Problem('invalid_request', 'Bad.', { details })).data).toStrictEqual([
      { ...info, reason: 'INVALID_PARAMS' },
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [
          { field: 'message.parts', description: 'must not be empty' },
          { field: 'role', description: 'is required' },
        ],
      },
    ]);
  });

  test('other details are texts of the metadata; what has no short text is left out', () => {
    const details = {
      supported: ['1.0', '0.3'],
      limit: 5,
      fatal: false,
      none: [],
      tree: { a: 1 },
      gone: undefined,
    };
    const problem = new Problem('rate_limited', 'Wait.', { details, retryAfterSeconds: 12 });
    expect(toJsonRpcError(problem).data).toStrictEqual([
      {
        ...info,
        reason: 'RATE_LIMITED',
        metadata: { supported: '1.0, 0.3', limit: '5', fatal: 'false', retryAfterSeconds: '12' },
      },
    ]);
  });

  test('the cause is not told', () => {
    const problem = new Problem('internal_error', 'Something broke.', { cause: new Error('geheim') });
    expect(JSON.stringify(toJsonRpcError(problem))).not.toContain('geheim');
  });
});

test('the HTTP+JSON error of v1.0 tells the same in the form of google.rpc.Status', () => {
  const details = { fields: { historyLength: 'must be >= 0' } };
  const problem = new Problem('invalid_request', 'historyLength must be >= 0.', { details });
  expect(toRestError(problem)).toStrictEqual({
    error: {
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: 'historyLength must be >= 0.',
      details: toJsonRpcError(problem).data,
    },
  });
});
