import type { OpenApiToolDefinition } from '../../agents/tool-types/openapi.ts';
import { isSafeMethod } from '../api-document.ts';
import { readAnswer } from '../http/http-answer.ts';
import { createMask } from '../mask.ts';
import { resolveHeaders } from '../request-headers.ts';
import type { HttpToolDependencies } from '../http/http-tool.ts';
import { secretValues } from '../secret-values.ts';
import { sendRequest } from '../http/send-request.ts';
import type { Tool, ToolCall, ToolResult } from '../tool.ts';
import type { OperationPlan } from './operation-plan.ts';
import { buildRequest } from './request.ts';
import { basicToken, credentialsFor, type SecurityScheme } from './security.ts';
import type { ServerAddress } from './server-address.ts';

/** An operation that is ready to be called. */
export interface Operation {
  /** Of the tool. */
  name: string;
  plan: OperationPlan;
  server: ServerAddress;
  schemes: ReadonlyMap<string, SecurityScheme>;
  /** What does not fit the plan's schema, as sentences. */
  validate: Tool['validate'];
}

const maximumAnswerBytes = 1_000_000;

/** The tool of one operation. */
export function createOperationTool(
  operation: Operation,
  definition: OpenApiToolDefinition,
  deps: HttpToolDependencies,
): Tool {
  const { name, plan, validate } = operation;
  const { timeoutSeconds, declaredSideEffects } = definition;
  return {
    name,
    description: [plan.description, definition.description].filter(Boolean).join('\n\n'),
    parameters: plan.schema,
    sideEffects: declaredSideEffects ?? !isSafeMethod(plan.method),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    source: definition.name,
    validate,
    execute: (call) => execute(operation, definition, deps, call),
  };
}

async function execute(
  { plan, server, schemes }: Operation,
  definition: OpenApiToolDefinition,
  deps: HttpToolDependencies,
  call: ToolCall,
): Promise<ToolResult> {
  call.signal.throwIfAborted();
  const from = { env: deps.env, context: call.context };
  const own = resolveHeaders(definition.headers, from);
  const credentials = credentialsFor(plan.security, schemes, definition.credentials, from);
  const base = server.url.startsWith('/') ? deps.ownAddress().replace(/\/+$/, '') + server.url : server.url;
  const frame = { server: base, headers: own.headers, credentials: credentials.places };
  const { url, ...request } = buildRequest(plan, call.arguments, frame);
  const response = await sendRequest(
    deps.guard,
    { url, isTrusted: server.isTrusted },
    { method: plan.method, ...request, signal: call.signal, maxBytes: maximumAnswerBytes },
  );
  const mask = createMask([
    ...secretValues(definition.headers, own.sources, deps.secretVariables),
    ...[...credentials.sources.values()].flatMap((value) => [value, basicToken(value)]),
  ]);
  const detail = { operation: `${plan.method} ${plan.path}`, status: response.status };
  return { ...readAnswer(response, mask), detail };
}
