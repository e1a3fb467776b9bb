import { isMap, mapOf } from '../api-document.ts';

type Schema = Readonly<Record<string, unknown>>;
type Convert = (value: unknown) => unknown;

const maximumDescription = 500;
const maximumChoices = 500;

/**
 * A schema of an OpenAPI document (3.0 or 3.1, without references) in JSON Schema 2020-12, as it stands for what a
 * client sends: without what only the service writes (`readOnly`), and without what models do not need.
 */
export function toJsonSchema(schema: unknown): Record<string, unknown> | boolean {
  if (typeof schema === 'boolean') return schema;
  const written = withoutReadOnly(mapOf(schema));
  const converted = Object.entries(keywords).flatMap(([keyword, convert]) => {
    const value = Object.hasOwn(written, keyword) ? convert(written[keyword]) : undefined;
    return value === undefined ? [] : [[keyword, value] as const];
  });
  return nullable(written, exclusive(written, Object.fromEntries(converted)));
}

const asIs: Convert = (value) => value;
const schemaMap: Convert = (value) =>
  Object.fromEntries(Object.entries(mapOf(value)).map(([name, schema]) => [name, toJsonSchema(schema)]));
const schemaList: Convert = (value) => (Array.isArray(value) ? value.map(toJsonSchema) : undefined);
const shortText: Convert = (value) =>
  typeof value === 'string' ? value.slice(0, maximumDescription).toWellFormed() : undefined;
const pattern: Convert = (value) => (typeof value === 'string' && compiles(value) ? value : undefined);
const choices: Convert = (value) =>
  Array.isArray(value) && value.length > 0 && value.length <= maximumChoices
    ? [...new Set(value)]
    : undefined;

/** What is kept of a schema; anything else (examples, `xml`, `x-…`, `if`) is not for a model. */
const keywords: Readonly<Record<string, Convert>> = {
  type: asIs,
  title: shortText,
  description: shortText,
  properties: schemaMap,
  required: asIs,
  additionalProperties: toJsonSchema,
  patternProperties: (value) =>
    schemaMap(Object.fromEntries(Object.entries(mapOf(value)).filter(([name]) => compiles(name)))),
  propertyNames: toJsonSchema,
  minProperties: asIs,
  maxProperties: asIs,
  dependentRequired: asIs,
  items: toJsonSchema,
  prefixItems: schemaList,
  contains: toJsonSchema,
  minItems: asIs,
  maxItems: asIs,
  uniqueItems: asIs,
  enum: choices,
  const: asIs,
  oneOf: schemaList,
  anyOf: schemaList,
  allOf: schemaList,
  not: toJsonSchema,
  minimum: asIs,
  maximum: asIs,
  exclusiveMinimum: numberOnly,
  exclusiveMaximum: numberOnly,
  multipleOf: asIs,
  minLength: asIs,
  maxLength: asIs,
  pattern,
  format: asIs,
  default: asIs,
  deprecated: asIs,
};

function numberOnly(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Many documents hold patterns of other languages. */
function compiles(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function withoutReadOnly(schema: Schema): Schema {
  if (!isMap(schema['properties'])) return schema;
  const written = Object.entries(schema['properties']);
  const hidden = new Set(written.filter(([, one]) => mapOf(one)['readOnly'] === true).map(([name]) => name));
  if (hidden.size === 0) return schema;
  const { required } = schema;
  return {
    ...schema,
    properties: Object.fromEntries(written.filter(([name]) => !hidden.has(name))),
    ...(Array.isArray(required) && { required: required.filter((name: string) => !hidden.has(name)) }),
  };
}

/** Version 3.0 has `exclusiveMinimum: true` beside `minimum`. */
function exclusive(written: Schema, schema: Record<string, unknown>): Record<string, unknown> {
  const { minimum, maximum, ...rest } = schema;
  return {
    ...rest,
    ...(minimum !== undefined && {
      [written['exclusiveMinimum'] === true ? 'exclusiveMinimum' : 'minimum']: minimum,
    }),
    ...(maximum !== undefined && {
      [written['exclusiveMaximum'] === true ? 'exclusiveMaximum' : 'maximum']: maximum,
    }),
  };
}

/** Version 3.0 has `nullable`. */
function nullable(written: Schema, schema: Record<string, unknown>): Record<string, unknown> {
  if (written['nullable'] !== true || typeof schema['type'] !== 'string') return schema;
  const { enum: values } = schema;
  return {
    ...schema,
    type: [schema['type'], 'null'],
    ...(Array.isArray(values) && !values.includes(null) && { enum: [...(values as unknown[]), null] }),
  };
}
