/** The model port: one record of the gateway's configuration that answers chat completions. */
export interface Model {
  /** The record's id, as callers name it in `llmId`. */
  readonly llmId: string;
  /** The provider's name for the model. */
  readonly name: string;
  readonly price?: Price;
  /**
   * Streams one completion: text chunks as they come, then exactly one `finished`.
   * @throws ModelError for everything that the provider or the network does wrong; when `signal` aborts it
   * throws the signal's reason.
   */
  complete(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelChunk>;
}

/** US dollars per million tokens. */
export interface Price {
  inputPerMillion: number;
  outputPerMillion: number;
}

export interface ModelRequest {
  messages: readonly ModelMessage[];
  tools?: readonly ModelTool[];
  temperature?: number;
  /** Asks for JSON that follows this schema (`response_format: json_schema`). */
  responseSchema?: { name: string; schema: JsonSchema };
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export type ModelMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | readonly ModelPart[] }
  | { role: 'assistant'; content: string; toolCalls?: readonly ModelToolCall[] }
  | { role: 'tool'; toolCallId: string; content: string };

/** A piece of what the user says. */
export type ModelPart = { text: string; image?: undefined } | { text?: undefined; image: ModelImage };

export interface ModelImage {
  /** Its bytes as base64 of either alphabet, or an https address that the provider fetches itself. */
  source: { mediaType: string; base64: string } | { url: string };
  /** What a model that takes no images is told in its place. */
  standIn: string;
}

export interface ModelTool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

export interface ModelToolCall {
  id: string;
  name: string;
  /** JSON text as the model wrote it: not parsed, not trusted. */
  arguments: string;
}

export type ModelChunk =
  | { kind: 'text'; text: string }
  | {
      kind: 'finished';
      toolCalls: ModelToolCall[];
      /** As the provider says it: `stop`, `tool_calls`, `length`, `content_filter`. */
      finishReason: string;
      usage?: { promptTokens: number; completionTokens: number };
    };

export type ModelErrorKind =
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'unauthorized'
  | 'rejected'
  | 'malformed'
  | 'truncated'
  | 'breaker_open';

/** What went wrong with a provider, in words that may be shown to a caller: no URL, no key, no body of the provider. */
export class ModelError extends Error {
  readonly kind: ModelErrorKind;
  readonly llmId: string;
  /** Whether another try, or another provider, may do better. */
  readonly retryable: boolean;
  /** Milliseconds that the provider asked to wait. */
  readonly retryAfterMs?: number;

  constructor(kind: ModelErrorKind, llmId: string, message: string, options: ModelErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ModelError';
    this.kind = kind;
    this.llmId = llmId;
    this.retryable = options.retryable ?? false;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

export interface ModelErrorOptions {
  retryable?: boolean;
  retryAfterMs?: number;
  cause?: unknown;
}
