import { typeOf, type JsonSchema } from './chat.ts';
import { stem, wordsOf } from './words.ts';

/** Parameters whose value is made, not mentioned: a guess would be worse than no call. */
const neverGuessed: ReadonlySet<string> = new Set(
  'sql code script command cmd url uri path file body html content message text prompt'.split(' '),
);
const identifierNames: ReadonlySet<string> = new Set(
  'id ids key code number no nr ref reference sku ticket'.split(' '),
);

const quoted = /["“”'‘’`]([^"“”'‘’`]{1,80})["“”'‘’`](?!\p{L})/u;
const properNoun = /(?<=[\p{Ll}\p{N},]\s)\p{Lu}[\p{L}-]+(?:\s\p{Lu}[\p{L}-]+)*/u;
const email = /[^\s@<>,;]+@[^\s@<>,;]+\.\p{L}{2,}/u;
const isoDate = /\b\d{4}-\d{2}-\d{2}\b/;
const plainNumber = /^-?\d+(?:\.\d+)?$/;

/**
 * Finds the value of a parameter in what the user wrote; undefined when nothing there fits its schema.
 * `taken` holds the words that other parameters of the same call already have.
 */
export function extractValue(
  name: string,
  schema: JsonSchema,
  sources: readonly string[],
  taken: Set<string>,
): unknown {
  if (schema.const !== undefined) return schema.const;
  for (const source of sources) {
    const value = extractFrom(name, schema, source, taken);
    if (value !== undefined) return value;
  }
  return schema.default;
}

function extractFrom(name: string, schema: JsonSchema, source: string, taken: Set<string>): unknown {
  if (schema.enum) return mentionedValue(schema.enum, source);
  const type = typeOf(schema) ?? 'string';
  const candidates = type === 'string' ? textCandidates(name, schema, source) : tokensOf(name, source);
  for (const candidate of candidates) {
    if (taken.has(candidate)) continue;
    const value = type === 'string' ? fitText(candidate, schema) : fitNumber(candidate, schema, type);
    if (value === undefined) continue;
    taken.add(candidate);
    return value;
  }
  return undefined;
}

/** The value of an enum that the text mentions. */
function mentionedValue(values: readonly unknown[], source: string): unknown {
  const said = new Set(wordsOf(source).map(stem));
  return values.find((value) => {
    const words = typeof value === 'string' || typeof value === 'number' ? wordsOf(String(value)) : [];
    return words.length > 0 && words.every((word) => said.has(stem(word)));
  });
}

function textCandidates(name: string, schema: JsonSchema, source: string): string[] {
  const words = wordsOf(name);
  if (schema.format === 'email' || words.includes('email')) return first(source, email);
  if (schema.format === 'date' || words.includes('date')) return first(source, isoDate);
  if (words.some((word) => neverGuessed.has(word)) && !words.some((word) => identifierNames.has(word)))
    return [];
  const tokens = tokensOf(name, source);
  const identifiers = tokens.filter((token) => /\d/.test(token));
  // A pattern that takes any word tells nothing about which one is meant.
  if (schema.pattern !== undefined)
    return matches(schema.pattern, 'word') ? identifiers : [...identifiers, ...tokens];
  const named = words.some((word) => identifierNames.has(word)) ? [] : first(source, properNoun);
  return [...identifiers, ...first(source, quoted), ...named];
}

/** The words of a text without the punctuation around them; first those that follow a word of the parameter's name. */
function tokensOf(name: string, source: string): string[] {
  const tokens = source
    .split(/[\s,;!?()"“”‘’]+/)
    .map((token) => token.replace(/^[#'.:]+|['.:]+$/g, ''))
    .filter((token) => token !== '');
  const labels = new Set(wordsOf(name).map(stem));
  const labelled = tokens.filter((_, index) =>
    tokens.slice(Math.max(0, index - 3), index).some((before) => labels.has(stem(before.toLowerCase()))),
  );
  return [...new Set([...labelled, ...tokens])];
}

function fitText(candidate: string, schema: JsonSchema): string | undefined {
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  if (candidate.length < minLength || candidate.length > maxLength) return undefined;
  if (pattern === undefined) return candidate;
  // Identifiers are often typed in lower case.
  return [candidate, candidate.toUpperCase()].find((spelling) => matches(pattern, spelling));
}

function fitNumber(candidate: string, schema: JsonSchema, type: string): number | undefined {
  if ((type !== 'integer' && type !== 'number') || !plainNumber.test(candidate)) return undefined;
  const value = Number(candidate);
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (value < minimum || value > maximum || (type === 'integer' && !Number.isSafeInteger(value)))
    return undefined;
  return value;
}

/** A pattern may be no regular expression of JavaScript's: then nothing matches it. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return false;
  }
}

function first(source: string, expression: RegExp): string[] {
  const match = expression.exec(source);
  return match ? [match[1] ?? match[0]] : [];
}
