/** The part of an OpenAI chat completion request that the offline provider reads. */
export interface ChatRequest {
  messages: readonly ChatMessage[];
  tools?: readonly { function: ChatTool }[];
  response_format?: { type: string; json_schema?: { name: string; schema?: JsonSchema } };
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string | null;
  tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  /** How many images came with it; absent: none. */
  images?: number;
}

export interface ChatTool {
  name: string;
  description?: string;
  parameters?: JsonSchema;
}

/** The keywords of JSON Schema that are read here; all others are ignored. */
export interface JsonSchema {
  type?: string | readonly string[];
  description?: string;
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  items?: JsonSchema;
  enum?: readonly unknown[];
  const?: unknown;
  default?: unknown;
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  $ref?: string;
  $defs?: Readonly<Record<string, JsonSchema>>;
}

/** What the offline provider says: text, or calls of tools. */
export type Reply = { text: string } | { calls: readonly ToolRequest[] };

export interface ToolRequest {
  name: string;
  arguments: Readonly<Record<string, unknown>>;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first type of a schema that is not `null`. */
export function typeOf(schema: JsonSchema): string | undefined {
  if (typeof schema.type === 'string') return schema.type;
  return schema.type?.find((type) => type !== 'null') ?? (schema.properties ? 'object' : undefined);
}

/** The JSON value of a text, also when words stand before it (`HTTP 200` and a body); undefined when it holds none. */
export function parseJson(text: string): unknown {
  for (const candidate of [text, text.slice(text.search(/[{[]/))]) {
    try {
      const value: unknown = JSON.parse(candidate);
      if (typeof value === 'object' && value !== null) return value;
    } catch {
      // It is read as text then.
    }
  }
  return undefined;
}

/** A JSON value as words: text as it is. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
