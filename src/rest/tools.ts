import { Router, type Request, type Response } from 'express';
import type { DirectTools, ListedTool } from '../agents/direct/direct-tools.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { parseJson, readJsonBody } from '../http/json-body.ts';
import { isTooDeep } from '../http/json-safety.ts';
import { Problem } from '../http/problem.ts';
import { requestIdOf } from '../http/request-context.ts';
import type { Json, JsonObject } from '../runs/message.ts';
import { identified } from './identified.ts';

const contextValuesHeader = 'X-Context-Values';
/** Levels of JSON that are read from the header, and written as a result. */
const deepest = 64;

export interface ToolRoutesOptions {
  authenticate: Authenticate;
  directTools: DirectTools;
  maxBodyBytes: number;
}

/** `GET /tools` and `POST /tools/{name}/execute`: the tools that a caller may execute, without a model. */
export function toolRoutes({ authenticate, directTools, maxBodyBytes }: ToolRoutesOptions): Router {
  const router = Router();
  router.get('/tools', async (request, response) => {
    const principal = await identified(authenticate, request);
    await whileConnected(response, async (signal) => {
      const { tools, unavailable } = await directTools.list(principal, signal);
      response.json({
        tools: tools.map(listed),
        count: tools.length,
        ...(unavailable.length > 0 && { unavailable }),
      });
    });
  });
  router.post('/tools/:name/execute', async (request, response) => {
    const { name } = request.params;
    const principal = await authenticate(request.headers, request.ip ?? '');
    const provided = contextValues(request);
    const body = (await readJsonBody(request, { maxBytes: maxBodyBytes })) ?? {};
    const given = jsonObject(body, 'arguments', 'The body must be the arguments: a JSON object.');
    const requestId = requestIdOf(request);
    await whileConnected(response, async (signal) => {
      const call = { name, arguments: given, provided, signal, requestId };
      const { text, success } = await directTools.execute(principal, call);
      response.json({ tool: name, result: success ? resultOf(text) : text, success });
    });
  });
  return router;
}

/** Aborts the work when the caller leaves, who then gets no answer. */
async function whileConnected(
  response: Response,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  response.once('close', leave);
  if (response.closed) leave();
  try {
    await work(left.signal);
  } catch (error) {
    if (!left.signal.aborted) throw error;
  } finally {
    response.off('close', leave);
  }
}

function listed({ name, tool }: ListedTool): JsonObject {
  const { description, parameters, agentic = false } = tool;
  return { name, description, parameters: parameters as JsonObject, agentic };
}

/** The header's object; headers arrive byte by byte, so its UTF-8 is put together here. */
function contextValues(request: Request<{ name: string }>): JsonObject {
  const header = request.get(contextValuesHeader);
  if (header === undefined || header === '') return {};
  const what = `The header ${contextValuesHeader}`;
  const value = parseJson(Buffer.from(header, 'latin1'), deepest, what);
  return jsonObject(value, contextValuesHeader, `${what} must be a JSON object of context values.`);
}

/** @throws Problem invalid_request naming the field when it is anything else. */
function jsonObject(value: unknown, field: string, sentence: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Problem('invalid_request', sentence, { details: { fields: { [field]: 'must be an object' } } });
}

/**
 * A tool that answers with a JSON object or array gives it as such; everything else is text, and so is JSON with
 * numbers that JavaScript would round.
 */
function resultOf(text: string): Json {
  if (!/^[[{]/.test(text) || /\d{16}/.test(text) || isTooDeep(Buffer.from(text), deepest)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
