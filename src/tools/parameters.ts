import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

type ParameterSchema = Readonly<Record<string, unknown>>;

/** More sentences than this do not help a model to repair its call. */
const maximumSentences = 10;

/**
 * Compiles the JSON Schema of a tool's parameters into a check: the sentences about arguments that do not fit,
 * each naming its field; empty when they do. Nothing is coerced and no default is filled in.
 * @throws Error when the schema itself is not valid.
 */
export function compileParameters(schema: ParameterSchema): (args: unknown) => string[] {
  return parameterCompiler()(schema);
}

/**
 * Compiles as {@link compileParameters} does, many schemas in a fraction of the time. Only for schemas of one origin
 * without `$id`, as equal ones must not meet.
 */
export function parameterCompiler(): typeof compileParameters {
  const ajv = new Ajv2020({ allErrors: true, strict: false, coerceTypes: false, logger: false });
  formats.default(ajv);
  return (schema) => {
    const validate = ajv.compile(schema);
    return (args) => {
      if (validate(args)) return [];
      const sentences = new Set((validate.errors ?? []).map(sentence));
      return [...sentences].slice(0, maximumSentences);
    };
  };
}

function sentence(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  const path = fieldPath(error.instancePath);
  const within = (name: unknown): string => (path ? `${path}.${String(name)}` : String(name));
  switch (error.keyword) {
    case 'required':
      return `${within(params['missingProperty'])} is required`;
    case 'additionalProperties':
      return `${within(params['additionalProperty'])} is not a known parameter`;
    case 'enum':
      return `${path} must be one of ${JSON.stringify(params['allowedValues'])}`;
    case 'const':
      return `${path} must be ${JSON.stringify(params['allowedValue'])}`;
    default:
      return `${path || 'the arguments'} ${error.message ?? 'do not fit'}`;
  }
}

/** A JSON pointer as a dotted path: `/items/0/name` → `items.0.name`. */
function fieldPath(pointer: string): string {
  const segments = pointer.split('/').slice(1);
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~')).join('.');
}
