import type { HttpToolDefinition } from '../../agents/tool-types/http.ts';
import type { EgressRequest } from '../egress/capped-fetch.ts';
import { compileParameters } from '../parameters.ts';
import { resolveHeaders } from '../request-headers.ts';
import type { Tool, ToolCall, ToolResult } from '../tool.ts';
import { createMask } from '../mask.ts';
import { secretValues } from '../secret-values.ts';
import { readAnswer } from './http-answer.ts';
import { sendRequest, type WayOut } from './send-request.ts';
import { appendQuery, hasLiteralHost, renderUrl } from './url-template.ts';

export interface HttpToolDependencies {
  /** The gateway's environment, for `{env: NAME}`. */
  env: Readonly<Record<string, string | undefined>>;
  guard: WayOut;
  /** Base URL of the gateway itself, for a url that begins with `/`. */
  ownAddress: () => string;
  /**
   * Names of the context variables that are secret: their values are masked in answers. Absent: all of them are
   * taken as secret.
   */
  secretVariables?: ReadonlySet<string>;
}

const maximumAnswerBytes = 1_000_000;

/**
 * A tool that sends one declared request.
 * @throws Error when `parameters` is not a valid JSON Schema.
 */
export function createHttpTool(definition: HttpToolDefinition, deps: HttpToolDependencies): Tool {
  const { name, method, url, parameters, timeoutSeconds } = definition;
  return {
    name,
    description: definition.description ?? `Sends a ${method} request to ${url}.`,
    parameters,
    sideEffects: definition.sideEffects ?? method !== 'GET',
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    validate: compileParameters(parameters),
    execute: (call) => execute(definition, deps, call),
  };
}

async function execute(
  definition: HttpToolDefinition,
  deps: HttpToolDependencies,
  call: ToolCall,
): Promise<ToolResult> {
  call.signal.throwIfAborted();
  const { headers, sources } = resolveHeaders(definition.headers, { env: deps.env, context: call.context });
  const { url, body } = address(definition, call.arguments);
  const mask = createMask(secretValues(definition.headers, sources, deps.secretVariables));
  const request: EgressRequest = {
    method: definition.method,
    headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body }),
    signal: call.signal,
    maxBytes: maximumAnswerBytes,
  };
  const isTrusted = hasLiteralHost(definition.url);
  const absolute = isTrusted && url.startsWith('/') ? deps.ownAddress().replace(/\/+$/, '') + url : url;
  return readAnswer(await sendRequest(deps.guard, { url: absolute, isTrusted }, request), mask);
}

/** Where the arguments go: into the url, then the query (GET, DELETE) or a JSON body. */
function address(
  { url: template, method }: HttpToolDefinition,
  args: ToolCall['arguments'],
): { url: string; body?: string } {
  const { url, used } = renderUrl(template, args);
  const remaining = Object.fromEntries(Object.entries(args).filter(([name]) => !used.has(name)));
  if (method === 'GET' || method === 'DELETE') return { url: appendQuery(url, remaining) };
  return { url, body: JSON.stringify(remaining) };
}
