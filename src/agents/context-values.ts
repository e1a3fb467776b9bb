import { Problem } from '../http/problem.ts';
import type { AgentExecution, AgentRevision, ContextVariable, JsonSchema } from './definition.ts';
import { compileSchema, misfit, type SchemaValidator } from './json-schema.ts';

/** The extension by which callers of A2A send context values. */
export const PROVIDED_VALUES_URI = 'https://dataworkz.com/agents/ext/provided-values/v1';

/** Validated values with defaults filled in; a variable without a value is in neither. */
export interface ResolvedContextValues {
  values: Record<string, unknown>;
  /** Those of variables marked `secret`: for tools only. */
  secrets: Record<string, unknown>;
}

interface CompiledVariables {
  published: JsonSchema;
  validators: ReadonlyMap<string, SchemaValidator>;
}

const compiledByRevision = new WeakMap<AgentRevision, CompiledVariables>();

/** Whether callers may send context values. */
export function declaresContextValues(revision: AgentRevision): boolean {
  return requestVariables(revision).length > 0;
}

/** Whether callers may send the context value of this name. */
export function isRequested(revision: AgentRevision, name: string): boolean {
  return requestVariables(revision).some((variable) => variable.name === name);
}

/** Whether callers must send one: it is required and has no default. */
export function requiresContextValues(revision: AgentRevision): boolean {
  return requestVariables(revision).some(mustBeSent);
}

/** JSON Schema 2020-12 of what callers send: a closed object; secret variables are `writeOnly`. */
export function contextValueSchema(revision: AgentRevision): JsonSchema {
  return compiled(revision).published;
}

/**
 * The context values of one run: from the caller (`provided`) and from the claims of its verified token.
 * @param mayWait whether the run may wait for values whose variable says so (`onMissing: auth-required`)
 * @throws Problem `invalid_request` that names every field (`details.fields`) and never a value.
 */
export function resolveContextValues(
  revision: AgentRevision,
  provided: Readonly<Record<string, unknown>> | undefined,
  claims: Readonly<Record<string, unknown>>,
  mayWait = false,
): ResolvedContextValues {
  const { validators } = compiled(revision);
  const values: [string, unknown][] = [];
  const secrets: [string, unknown][] = [];
  const wrong = unknownFields(revision, provided ?? {});
  for (const variable of revision.definition.execution.contextVariables) {
    const { name, secret } = variable;
    const sent = variable.source === 'claim' ? own(claims, variable.claim) : own(provided, name);
    const value = sent === undefined ? variable.default : sent;
    if (value === undefined) {
      if (variable.required && (!mayWait || !variable.onMissing)) wrong.push([name, missingReason(variable)]);
      continue;
    }
    const validator = validators.get(name);
    const reason = sent !== undefined && validator ? misfit(validator, sent, !secret) : undefined;
    if (reason !== undefined) wrong.push([name, misfitReason(variable, reason)]);
    else (secret ? secrets : values).push([name, value]);
  }
  if (wrong.length > 0) throw invalidContextValues(wrong);
  return { values: Object.fromEntries(values), secrets: Object.fromEntries(secrets) };
}

function compiled(revision: AgentRevision): CompiledVariables {
  const known = compiledByRevision.get(revision);
  if (known) return known;
  const variables = revision.definition.execution.contextVariables;
  const made: CompiledVariables = {
    published: publishedSchema(requestVariables(revision)),
    validators: new Map(variables.map(({ name, schema }) => [name, compileSchema(schema)])),
  };
  compiledByRevision.set(revision, made);
  return made;
}

function requestVariables(revision: AgentRevision): ContextVariable[] {
  return revision.definition.execution.contextVariables.filter(({ source }) => source === 'request');
}

function mustBeSent(variable: ContextVariable): boolean {
  return variable.required && variable.default === undefined && !variable.onMissing;
}

/** The variables without a value that the agent waits for. */
export function awaitedVariables(
  { contextVariables }: Pick<AgentExecution, 'contextVariables'>,
  values: Readonly<Record<string, unknown>>,
): ContextVariable[] {
  return contextVariables.filter(({ name, onMissing }) => onMissing && own(values, name) === undefined);
}

/** JSON Schema of what a caller sends for these variables: a closed object. */
export function schemaOfVariables(variables: readonly ContextVariable[]): JsonSchema {
  return publishedSchema(variables);
}

function publishedSchema(variables: readonly ContextVariable[]): JsonSchema {
  const required = variables.filter(mustBeSent).map(({ name }) => name);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: Object.fromEntries(variables.map((variable) => [variable.name, propertySchema(variable)])),
    // Cards publish it, and not all verifiers of their signatures see what is empty.
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function propertySchema({ name, schema, ...variable }: ContextVariable): JsonSchema {
  return {
    ...(variable.description !== undefined && { description: variable.description }),
    ...embedded(schema, `#/properties/${name}`),
    ...(variable.default !== undefined && { default: variable.default }),
    ...(variable.secret && { writeOnly: true }),
  };
}

/** The schema as it must be at `place` in another: its references to itself (`#/$defs/…`) begin there. */
function embedded(schema: JsonSchema, place: string): JsonSchema {
  const { $schema: _dialect, ...rest } = schema;
  return JSON.parse(JSON.stringify(rest), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && /^#(\/|$)/.test(value) ? place + value.slice(1) : value,
  ) as JsonSchema;
}

/** A claim's variable is unknown here: only the token may set it. */
function unknownFields(
  revision: AgentRevision,
  provided: Readonly<Record<string, unknown>>,
): [string, string][] {
  const known = new Set(requestVariables(revision).map(({ name }) => name));
  return Object.keys(provided)
    .filter((name) => !known.has(name))
    .map((name) => [name, 'is not a context value of this agent']);
}

function own(object: Readonly<Record<string, unknown>> | undefined, name: string | undefined): unknown {
  return object && name !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

function missingReason({ source, claim }: ContextVariable): string {
  return source === 'claim' ? `needs the claim ${JSON.stringify(claim)} of a verified token` : 'is required';
}

function misfitReason({ source, claim }: ContextVariable, reason: string): string {
  return source === 'claim' ? `the token's claim ${JSON.stringify(claim)} ${reason}` : reason;
}

const maxReportedFields = 10;
const maxReportedName = 64;

function invalidContextValues(wrong: readonly [string, string][]): Problem {
  // A name may be the caller's own: neither its length nor the number of them grows the answer.
  const fields = wrong
    .slice(0, maxReportedFields)
    .map(([name, reason]): [string, string] => [name.slice(0, maxReportedName), reason]);
  const sentence = fields.map(([name, reason]) => `${JSON.stringify(name)} ${reason}`).join('; ');
  return new Problem('invalid_request', `Context values: ${sentence}.`, {
    details: { fields: Object.fromEntries(fields) },
  });
}
