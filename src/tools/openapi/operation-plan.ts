import { ApiDocumentError, isMap, isSafeMethod, mapOf } from '../api-document.ts';
import type { ApiDocument, WrittenOperation } from '../api-document.ts';
import { inlineReferences } from './references.ts';
import { planBody } from './body-plan.ts';
import type { BodyPlan } from './body-plan.ts';
import { planParameters } from './parameter-plan.ts';
import type { ParameterPlan } from './parameter-plan.ts';

type JsonMap = Readonly<Record<string, unknown>>;

/** Names of security schemes that satisfy an operation together, none for one that needs none. */
export type SecurityAlternative = readonly string[];

/** What is needed to offer an operation to a model and to send its request. */
export interface OperationPlan {
  id: string;
  /** Upper case. */
  method: string;
  /** `/orders/{order_id}`. */
  path: string;
  description: string;
  parameters: ParameterPlan[];
  body?: BodyPlan;
  /** JSON Schema of the arguments. */
  schema: JsonMap;
  security: SecurityAlternative[];
  /** The first server, its variables filled in; may be relative to the document's address. */
  server: string;
}

/** What the model does not choose: `query api_key`, `header authorization`, names of headers in lower case. */
export type Reserved = ReadonlySet<string>;

const maximumDescription = 1024;

/** The operation's own part of the document, without references; responses are of no use here. */
export function inlineOperation(document: ApiDocument, written: WrittenOperation): WrittenOperation {
  const { responses: _responses, callbacks: _callbacks, ...operation } = written.operation;
  const { parameters = [], servers } = written.item;
  const item = inlineReferences(document, { parameters, ...(servers !== undefined && { servers }) });
  return { ...written, item: mapOf(item), operation: mapOf(inlineReferences(document, operation)) };
}

/**
 * Plans an operation from its inlined part.
 * @throws ApiDocumentError for what this gateway cannot send.
 */
export function planOperation(
  document: ApiDocument,
  written: WrittenOperation,
  reserved: Reserved,
): OperationPlan {
  const { id, method, path, item, operation } = written;
  const body = isSafeMethod(method) ? undefined : planBody(operation['requestBody']);
  const parameters = planParameters(
    [item['parameters'], operation['parameters']],
    reserved,
    body !== undefined,
  );
  const described = body ? [...parameters, body] : parameters;
  const unplanned = [...path.matchAll(/\{([^{}]*)\}/g)].find(
    ([, name]) => !parameters.some((one) => one.in === 'path' && one.name === name),
  );
  if (unplanned) throw new ApiDocumentError(`does not declare the path parameter ${unplanned[0]} of ${path}`);
  return {
    id,
    method,
    path,
    description: describe(written),
    parameters,
    ...(body && { body }),
    schema: {
      type: 'object',
      properties: Object.fromEntries(described.map(({ argument, schema }) => [argument, schema])),
      required: described.filter(({ required }) => required).map(({ argument }) => argument),
      additionalProperties: false,
    },
    security: securityOf(operation['security'] ?? document['security']),
    server: serverOf(operation['servers'] ?? item['servers'] ?? document['servers']),
  };
}

function describe({ method, path, operation }: WrittenOperation): string {
  const { summary, description } = operation;
  const texts = [summary, description].filter((text) => typeof text === 'string' && text.trim() !== '');
  const text = [...new Set(texts)].join('\n\n') || `Sends a ${method} request to ${path}.`;
  return text.slice(0, maximumDescription).toWellFormed();
}

function securityOf(requirements: unknown): SecurityAlternative[] {
  return Array.isArray(requirements) ? requirements.map((one) => Object.keys(mapOf(one))) : [];
}

function serverOf(servers: unknown): string {
  const [first] = Array.isArray(servers) ? (servers as unknown[]) : [];
  const { url, variables } = mapOf(first);
  if (typeof url !== 'string') return '/';
  return url.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = mapOf(variables)[name];
    const value = isMap(variable) ? variable['default'] : undefined;
    return typeof value === 'string' ? value : whole;
  });
}
