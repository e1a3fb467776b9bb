import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { JsonSchema } from './definition.ts';

export type SchemaValidator = ValidateFunction;

/**
 * Compiles a JSON Schema that an operator wrote. Each one has a compiler of its own, so that equal `$id`s of
 * two agents do not meet.
 * @throws Error whose message says what is wrong with the schema.
 */
export function compileSchema(schema: JsonSchema, options: { allErrors?: boolean } = {}): SchemaValidator {
  const compiler = new Ajv2020({ strict: false, logger: false, ...options });
  addFormats.default(compiler);
  return compiler.compile(asDraft2020(schema));
}

/**
 * One dialect for everybody: a schema of an older draft, without saying so. What older drafts mean otherwise
 * (a list in `items`) does not compile, so nothing is read wrongly.
 */
export function asDraft2020(schema: JsonSchema): JsonSchema {
  const { $schema: dialect, ...rest } = schema;
  return typeof dialect === 'string' && /draft-0[467]|2019-09/.test(dialect) ? rest : schema;
}

/** The same, with the reason instead of the error. */
export function schemaProblem(schema: JsonSchema): string | undefined {
  try {
    compileSchema(schema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Why `value` does not fit, in words about the schema only; undefined when it fits. `withPath` names the
 * place inside the value: leave it out where even the names in it are secret.
 */
export function misfit(validate: SchemaValidator, value: unknown, withPath = true): string | undefined {
  try {
    if (validate(value)) return undefined;
  } catch (error) {
    // A schema that refers to itself recurses as deep as the value is.
    if (error instanceof RangeError) return 'is nested too deeply';
    throw error;
  }
  const first = validate.errors?.[0];
  const reason = first?.message ?? 'does not fit its schema';
  return withPath && first?.instancePath ? `${reason} (at ${first.instancePath.slice(0, 100)})` : reason;
}
