/** The pieces that the agent file's JSON Schema is made of. Every list and every text has an upper limit. */
type SchemaPart = Readonly<Record<string, unknown>>;

/** An object that refuses what it does not name. */
export function closed(properties: Readonly<Record<string, object>>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

export function text(maxLength: number): SchemaPart {
  return { type: 'string', minLength: 1, maxLength };
}

export function list(items: SchemaPart, maxItems = 100): SchemaPart {
  return { type: 'array', items, maxItems };
}

/** `description` completes the sentence "must be …" of the report. */
export function matching(pattern: string, description: string, maxLength = 64): SchemaPart {
  return { type: 'string', pattern, maxLength, description };
}

export function oneOf(...values: readonly string[]): SchemaPart {
  return { type: 'string', enum: values };
}

/** Text, or an object in its place: what a part says of the one type does not touch the other. */
export function textOr(textPart: SchemaPart, objectPart: SchemaPart): SchemaPart {
  return { ...textPart, ...objectPart, type: ['string', 'object'] };
}

export const maxPromptCharacters = 100_000;

export const flag = { type: 'boolean' };

/** A JSON Schema that the operator wrote: whether it compiles is checked after the file's own schema. */
export const anySchema = { type: 'object' };

/** A JSON Schema of an object, as OpenAI-compatible servers demand of parameters and response formats. */
export const objectSchema = {
  type: 'object',
  properties: { type: { const: 'object' } },
  required: ['type'],
};

/** A function name that every OpenAI-compatible server takes. */
export const toolName = matching(
  '^[a-zA-Z][a-zA-Z0-9_-]{0,63}$',
  'a letter, then letters, digits, _ and -, at most 64 characters',
);

/** May not begin with two underscores, which rules out `__proto__`. */
export const variableName = matching(
  '^_?[a-zA-Z][a-zA-Z0-9_-]{0,62}$',
  'a letter, then letters, digits, _ and -, at most 63 characters',
);
