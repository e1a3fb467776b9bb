import { expect, test } from '@jest/globals';
import { SendMessageRequest } from '@a2a-js/sdk';
import { remoteContextId, remoteRequest } from '../../../src/agents/remote/remote-message.ts';
import type { Execution } from '../../../src/runs/executor.ts';
import type { RunRequest } from '../../../src/runs/record.ts';
import { runRecord } from '../../stores/run-samples.ts';

const record = runRecord({ id: 'run-1', contextId: 'context-1', owner: 'ada', agentId: 'talker' });

/** What a request of the caller's becomes, as the v1.0 JSON that is sent. */
function sent(request: Partial<RunRequest>): object {
  const { signal } = new AbortController();
  const execution: Execution = {
    record,
    attempt: 3,
    firstAttempt: 2,
    request: { ...record.request, ...request },
    exchange: [],
    history: [],
    contextValues: { token: 'secret-of-the-gateway' },
    signal,
  };
  return SendMessageRequest.toJSON(
    remoteRequest(execution, { taskId: '', contextId: 'remote-context' }, false),
  ) as object;
}

test("parts that carry the gateway's own values stay here, and so do its ids", () => {
  const message = {
    ...record.request.message,
    parts: [{ text: 'Hello' }, { data: { token: 'x' } }],
    metadata: { trace: 'abc' },
    referenceTaskIds: ['run-0'],
  };
  expect(sent({ message, hiddenParts: [1] })).toEqual({
    message: {
      messageId: 'run-1-2',
      contextId: 'remote-context',
      role: 'ROLE_USER',
      parts: [{ text: 'Hello' }],
      metadata: { trace: 'abc', 'urn:a2a-gateway:hops': 1 },
    },
    configuration: { historyLength: 0 },
  });
});

test('the media types that the caller takes are passed on', () => {
  expect(sent({ acceptedOutputModes: ['text/plain'] })).toMatchObject({
    configuration: { acceptedOutputModes: ['text/plain'] },
  });
});

test('no two owners, agents or conversations share one at the remote', () => {
  const others = [
    record,
    { ...record, owner: 'bob' },
    { ...record, agentId: 'other' },
    { ...record, contextId: 'x' },
  ];
  const ids = others.map(remoteContextId);
  expect(new Set(ids).size).toBe(4);
  expect(remoteContextId({ ...record, id: 'run-2' })).toBe(ids[0]);
});
