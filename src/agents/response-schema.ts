import type { JsonObject } from '../runs/message.ts';
import type { JsonSchema } from './definition.ts';
import { compileSchema } from './json-schema.ts';

export interface ResponseCheck {
  readonly schema: JsonSchema;
  /** Reads the model's JSON text: the data, or what is wrong with it. */
  parse(text: string): { data: JsonObject; problems?: undefined } | { data?: undefined; problems: string[] };
}

/** Compiles an agent's response schema once per revision. */
export function compileResponseSchema(schema: JsonSchema): ResponseCheck {
  const validate = compileSchema(schema, { allErrors: true });
  return {
    schema,
    parse: (text) => {
      let data: unknown;
      try {
        data = JSON.parse(withoutFence(text));
      } catch {
        return { problems: ['it is not JSON'] };
      }
      if (data === null || typeof data !== 'object' || Array.isArray(data))
        return { problems: ['it is not a JSON object'] };
      if (validate(data)) return { data: data as JsonObject };
      return {
        problems: (validate.errors ?? []).map(
          (error) => `${error.instancePath || 'the object'} ${error.message}`,
        ),
      };
    },
  };
}

/** Models without a JSON mode like to wrap it in a Markdown fence. */
function withoutFence(text: string): string {
  return /^\s*```(?:json)?\s*([\s\S]*?)\s*```\s*$/.exec(text)?.[1] ?? text;
}
