import { asText, isRecord, parseJson, typeOf, type JsonSchema } from './chat.ts';
import type { Conversation } from './conversation.ts';
import { lookUp, normalize } from './data-lookup.ts';
import { chooseValue } from './enum-choice.ts';
import { extractValue } from './extraction.ts';
import { answerFrom } from './quotes.ts';
import { singleRow } from './table.ts';

const answerNames: ReadonlySet<string> = new Set(
  'answer message text summary response reply explanation description content result reason details comment'.split(
    ' ',
  ),
);
const maxDepth = 8;

/** A value for the schema, as far as it can be had without a model: from the tools' data, the answer, the question. */
export function fillSchema(schema: JsonSchema, conversation: Conversation): unknown {
  return new Filler(schema, conversation).fill('', schema, undefined, 0);
}

class Filler {
  readonly #root: JsonSchema;
  readonly #conversation: Conversation;
  readonly #data: readonly unknown[];
  readonly #answer: string;
  readonly #taken = new Set<string>();

  constructor(root: JsonSchema, conversation: Conversation) {
    this.#root = root;
    this.#conversation = conversation;
    this.#data = conversation.results.flatMap(({ text }) => parseJson(text) ?? singleRow(text) ?? []);
    this.#answer = conversation.answer ?? answerFrom(conversation);
  }

  /** @param found what the tools' data holds under this name, if anything. */
  fill(name: string, given: JsonSchema, found: unknown, depth: number): unknown {
    const schema = this.#resolve(given);
    if (schema.const !== undefined) return schema.const;
    if (found === undefined && isNullable(schema) && !isAnswerName(name)) return null;
    if (schema.enum) return this.#choose(schema.enum, schema, found);
    const options = schema.oneOf ?? schema.anyOf;
    if (options) return this.#fillOption(name, options, found, depth);
    switch (typeOf(schema)) {
      case 'object':
        return this.#fillObject(schema, isRecord(found) ? [found] : this.#data, depth);
      case 'array':
        return this.#fillArray(name, schema, found, depth);
      case 'integer':
      case 'number':
        return (
          fillNumber(schema, found) ??
          extractValue(name, schema, this.#sources, this.#taken) ??
          schema.minimum ??
          0
        );
      case 'boolean':
        return typeof found === 'boolean' ? found : (schema.default ?? false);
      case 'null':
        return null;
      default:
        return this.#fillText(name, schema, found);
    }
  }

  get #sources(): readonly string[] {
    return this.#conversation.question.sources;
  }

  #fillObject(schema: JsonSchema, data: readonly unknown[], depth: number): Record<string, unknown> {
    const filled: Record<string, unknown> = {};
    if (depth > maxDepth) return filled;
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const found = lookUp(name, data);
      const wanted = schema.required?.includes(name) || found !== undefined || isAnswerName(name);
      if (wanted) filled[name] = this.fill(name, property, found, depth + 1);
    }
    return filled;
  }

  #fillArray(name: string, schema: JsonSchema, found: unknown, depth: number): unknown[] {
    const items = schema.items ?? {};
    const rows = Array.isArray(found)
      ? found
      : typeOf(items) === 'object'
        ? this.#data.find(Array.isArray)
        : undefined;
    const values = (rows ?? [])
      .slice(0, schema.maxItems)
      .map((row: unknown) => this.fill(name, items, row, depth + 1));
    const missing = depth > maxDepth ? 0 : Math.max(0, (schema.minItems ?? 0) - values.length);
    for (let index = 0; index < missing; index += 1)
      values.push(this.fill(name, items, undefined, depth + 1));
    return values;
  }

  #fillText(name: string, schema: JsonSchema, found: unknown): string {
    const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
    if (typeof found === 'string' || typeof found === 'number') return String(found).slice(0, maxLength);
    if (isAnswerName(name) && pattern === undefined) return this.#answer.slice(0, maxLength);
    const mentioned = extractValue(name, schema, this.#sources, this.#taken);
    if (typeof mentioned === 'string') return mentioned;
    return minLength > 0 ? this.#answer.padEnd(minLength).slice(0, maxLength) : '';
  }

  #fillOption(name: string, options: readonly JsonSchema[], found: unknown, depth: number): unknown {
    if (options.every((option) => option.const !== undefined)) {
      const described = options
        .map((option) => `${String(option.const)}: ${option.description ?? ''}`)
        .join('\n');
      return this.#choose(
        options.map((option) => option.const),
        { description: described },
        found,
      );
    }
    const option = options.find((candidate) => candidate.type !== 'null');
    return option ? this.fill(name, option, found, depth + 1) : null;
  }

  #choose(values: readonly unknown[], schema: JsonSchema, found: unknown): unknown {
    const same = values.find(
      (value) => found !== undefined && normalize(asText(value)) === normalize(asText(found)),
    );
    if (same !== undefined) return same;
    const { question, instructions } = this.#conversation;
    return chooseValue(values, question, [
      schema.description ?? '',
      this.#root.description ?? '',
      instructions,
    ]);
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1];
    return name === undefined ? schema : (this.#root.$defs?.[name] ?? schema);
  }
}

function fillNumber(schema: JsonSchema, found: unknown): number | undefined {
  const value = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return typeOf(schema) === 'integer' ? Math.trunc(value) : value;
}

/** Where null is allowed a guess is worse than null. */
function isNullable({ type, enum: values, anyOf, oneOf }: JsonSchema): boolean {
  const options = anyOf ?? oneOf ?? [];
  return (
    (Array.isArray(type) && type.includes('null')) ||
    (values?.includes(null) ?? false) ||
    options.some((option) => option.type === 'null')
  );
}

function isAnswerName(name: string): boolean {
  return answerNames.has(normalize(name));
}
