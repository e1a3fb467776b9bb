import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { AgentInvoker } from '../agents/invoker.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { may } from '../auth/permissions.ts';
import { readJsonBody } from '../http/json-body.ts';
import { Problem, type Reason } from '../http/problem.ts';
import { queryText } from '../http/query-text.ts';
import type { RunEngine } from '../runs/engine.ts';
import type { StoredEvent } from '../runs/event.ts';
import type { JsonObject } from '../runs/message.ts';
import { probeOf } from '../runs/probe.ts';
import { parseProperties } from '../runs/properties.ts';
import type { RunRecord } from '../runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../runs/snapshot.ts';
import { readAnswerBody } from './answer-body.ts';

/** When the endpoint became deprecated (RFC 9745, seconds since the epoch) and when it may go (RFC 8594). */
const deprecatedSince = '@1795392000';
const sunset = 'Thu, 31 Dec 2027 23:59:59 GMT';
const longestUserText = 100_000;

export interface AnswerOptions {
  authenticate: Authenticate;
  invoker: AgentInvoker;
  engine: RunEngine;
  publicUrl: () => string;
  maxBodyBytes: number;
}

/**
 * `POST /api/v1/agents/{agentId}/answer`: the legacy stateless answer. The caller carries the conversation;
 * nothing of one is read or written. Deprecated on arrival: the successor is the agent's A2A address.
 */
export function answerHandler(options: AnswerOptions): RequestHandler<{ agentId: string }> {
  return async (request, response) => {
    const { agentId } = request.params;
    response.set({
      Deprecation: deprecatedSince,
      Sunset: sunset,
      Link: `<${options.publicUrl()}/a2a/${encodeURIComponent(agentId)}>; rel="successor-version"`,
    });
    const principal = await options.authenticate(request.headers, request.ip ?? '');
    const agent = options.invoker.find(principal, agentId, 'invoke');
    const body = readAnswerBody(await readJsonBody(request, { maxBytes: options.maxBodyBytes }));
    const properties = parseProperties(queryText(request, 'properties'));
    const llmId = queryText(request, 'llmId') ?? queryText(request, 'llmProviderId');
    const { record } = await options.invoker.start({
      agent,
      principal,
      door: 'answer',
      // A message id of its own: a stateless call is never attached to an earlier one.
      message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text: requireUserText(request) }] },
      history: body.conversationHistory,
      provided: body.contextValues,
      ...(llmId && { llmId }),
      properties,
    });
    const run = await settle(options.engine, record, response);
    if (run) response.json(answerOf(run, may(principal, 'read_configuration', accessed(agent))));
  };
}

interface SettledRun {
  record: RunRecord;
  snapshot: RunSnapshot;
  events: StoredEvent[];
}

/** Follows the run to its end; undefined when the caller left before. @throws Problem for a run that failed. */
async function settle(
  engine: RunEngine,
  record: RunRecord,
  response: Response,
): Promise<SettledRun | undefined> {
  const reader = new AbortController();
  response.once('close', () => reader.abort());
  const snapshot = emptySnapshot(record.createdAt);
  const events: StoredEvent[] = [];
  for await (const batch of engine.read(record.id, { attempt: 0, sequence: 0 }, { signal: reader.signal })) {
    for (const stored of batch) fold(snapshot, stored);
    events.push(...batch);
  }
  if (!snapshot.finished) return undefined;
  if (snapshot.state !== 'completed') throw failure(snapshot);
  return { record, snapshot, events };
}

function answerOf(run: SettledRun, showPrompts: boolean): JsonObject {
  const { snapshot, record, events } = run;
  const probe = record.request.properties.includeProbe && probeOf(run, events, showPrompts);
  return {
    answer: snapshot.text,
    ...(snapshot.structured && { structuredResponse: snapshot.structured }),
    ...(probe && { probe: JSON.parse(JSON.stringify(probe)) as JsonObject }),
  };
}

const failureReasons: ReadonlySet<string> = new Set<Reason>([
  'timeout',
  'provider_error',
  'rate_limited',
  'approval_required',
]);

function failure(snapshot: RunSnapshot): Problem {
  const failed = snapshot.finished?.failure;
  if (!failed) return new Problem('provider_error', `The run ended as ${snapshot.state}.`);
  const reason = failureReasons.has(failed.code) ? (failed.code as Reason) : 'internal_error';
  return new Problem(reason, failed.message);
}

function requireUserText(request: Request<{ agentId: string }>): string {
  const text = queryText(request, 'userText');
  if (text !== undefined && text.trim() !== '' && text.length <= longestUserText) return text;
  throw new Problem(
    'invalid_request',
    'The query parameter userText must hold what the user says, URL-encoded.',
    {
      details: { fields: { userText: `must be given, with at most ${longestUserText} characters` } },
    },
  );
}

function accessed(agent: ReturnType<AgentInvoker['find']>): {
  id: string;
  access: 'authenticated' | 'assigned' | 'public';
} {
  return { id: agent.id, access: agent.definition.execution.access };
}
