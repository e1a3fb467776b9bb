import type { Request } from 'express';
import { readJsonBody } from '../http/json-body.ts';
import { queryText } from '../http/query-text.ts';
import { requireJson } from './http-call.ts';
import type { RouteMatch } from './http-json-routes.ts';
import { invalidField } from './params.ts';
import type { OperationName } from './wire.ts';

type AgentRequest = Request<{ agentId: string }>;
type QueryReader = (text: string, name: string) => unknown;

/** Query parameters of the operations that have any (spec §11.5). v0.3's reference servers knew a snake_case one. */
const queries: Readonly<Partial<Record<OperationName, Readonly<Record<string, QueryReader>>>>> = {
  getTask: { historyLength: wholeNumber, history_length: wholeNumber },
  listTasks: {
    contextId: asIs,
    status: asIs,
    pageSize: wholeNumber,
    pageToken: asIs,
    historyLength: wholeNumber,
    statusTimestampAfter: asIs,
    includeArtifacts: flag,
  },
};

/**
 * What a request says to its operation, for the codec: body or query, and the ids of the path, which win.
 * @throws Problem as `readJsonBody` and `requireJson` do, and invalid_request naming an ill-typed query parameter
 */
export async function readParams(
  request: AgentRequest,
  { operation, ids }: RouteMatch,
  limits: { maxBytes: number },
): Promise<unknown> {
  if (request.method !== 'POST') return { ...readQuery(request, operation), ...ids };
  const isEmpty = request.headers['content-length'] === '0';
  if (!isEmpty) requireJson(request);
  // Reference clients of v0.3 send null where they have nothing to say.
  const body = (await readJsonBody(request, limits)) ?? {};
  return typeof body === 'object' && !Array.isArray(body) ? { ...body, ...ids } : body;
}

function readQuery(request: AgentRequest, operation: OperationName): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(queries[operation] ?? {})) {
    const text = queryText(request, name);
    if (text !== undefined) params[name] = read(text, name);
  }
  return params;
}

function asIs(text: string): string {
  return text;
}

function wholeNumber(text: string, name: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw invalidField(name, 'must be a whole number');
}

function flag(text: string, name: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalidField(name, 'must be true or false');
}
