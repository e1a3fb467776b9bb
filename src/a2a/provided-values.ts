import type { Json, JsonObject, Message, Part, Turn } from '../runs/message.ts';
import { conversationHistorySchema, CONVERSATION_HISTORY_URI, PROVIDED_VALUES_URI } from './extensions.ts';
import { invalidField, paramsReader } from './params.ts';

const redacted = '[redacted]';

/**
 * Takes the marked parts out of a message: the model never sees them, activated or not. Activated, their
 * objects, merged in order, are the provided values; without any they are absent.
 * @throws Problem('invalid_request') naming the marked part whose data is not an object.
 */
export function takeProvidedValues(
  message: Message,
  activated: readonly string[],
): { message: Message; provided?: Record<string, unknown> } {
  const rest = { ...message, parts: message.parts.filter((part) => !isMarked(part)) };
  if (!activated.includes(PROVIDED_VALUES_URI) || rest.parts.length === message.parts.length) {
    return { message: rest };
  }
  // Spread defines members and never assigns them, so that `__proto__` stays a name like any other.
  const provided = message.parts.reduce<JsonObject>(
    (values, part, index) => (isMarked(part) ? { ...values, ...valuesOf(part, index) } : values),
    {},
  );
  return { message: rest, provided };
}

/** The message as it may be stored: values of secret variables in marked parts are cut out. */
export function redactSecrets(message: Message, secretNames: readonly string[]): Message {
  if (secretNames.length === 0) return message;
  return {
    ...message,
    parts: message.parts.map((part) => (isMarked(part) ? redact(part, secretNames) : part)),
  };
}

/** A marked part that is no object goes whole: nobody can tell what it names. */
function redact(part: Part, secretNames: readonly string[]): Part {
  const { text: _text, raw: _raw, url: _url, ...rest } = part;
  if (!isObject(part.data)) return { ...rest, data: redacted };
  const members = Object.entries(part.data).map(([name, value]): [string, Json] => [
    name,
    secretNames.includes(name) ? redacted : value,
  ]);
  return { ...part, data: Object.fromEntries(members) };
}

/**
 * Takes the carried conversation out of a message, if that extension is activated: the one data part with a
 * `conversationHistory`. Call it with what takeProvidedValues left.
 * @throws Problem('invalid_request') naming the field of an ill-formed conversation.
 */
export function takeConversationHistory(
  message: Message,
  activated: readonly string[],
): { message: Message; history?: Turn[] } {
  if (!activated.includes(CONVERSATION_HISTORY_URI)) return { message };
  const carriers = message.parts.filter(carriesHistory);
  if (carriers.length > 1) throw invalidField('conversationHistory', 'must stand in one part only');
  const [carrier] = carriers;
  if (!carrier) return { message };
  const { conversationHistory } = readHistory(carrier.data);
  return {
    message: { ...message, parts: message.parts.filter((part) => part !== carrier) },
    history: conversationHistory.map(({ by, text }) => ({ by, text })),
  };
}

const readHistory = paramsReader<{ conversationHistory: Turn[] }>(conversationHistorySchema);

function carriesHistory(part: Part): boolean {
  return isObject(part.data) && Object.hasOwn(part.data, 'conversationHistory');
}

function isMarked(part: Part): boolean {
  return part.metadata !== undefined && part.metadata[PROVIDED_VALUES_URI] === true;
}

function valuesOf(part: Part, index: number): JsonObject {
  if (isObject(part.data)) return part.data;
  throw invalidField(
    `message.parts[${index}].data`,
    'must be an object, as its metadata marks it as provided values',
  );
}

function isObject(data: Json | undefined): data is JsonObject {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
