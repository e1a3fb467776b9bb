import type { JsonObject } from '../runs/message.ts';
import type { JsonSchema } from './definition.ts';
import { compileSchema } from './json-schema.ts';

/** More of them help neither the model nor a reader. */
const mostProblems = 10;

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
        problems: (validate.errors ?? [])
          .slice(0, mostProblems)
          .map((error) => `${error.instancePath || 'the object'} ${error.message}`),
      };
    },
  };
}

/** The text in a Markdown fence, in which models without a JSON mode like to wrap it; any other text as it is. */
export function withoutFence(text: string): string {
  const trimmed = text.trim();
  // Not one expression for all: its time would grow with the cube of the white space.
  const opening = /^```(?:json)?/.exec(trimmed)?.[0];
  if (opening === undefined || !trimmed.endsWith('```')) return text;
  return trimmed.slice(opening.length, -3).trim();
}
