import { randomUUID } from 'node:crypto';
import { modelError } from './failure.ts';
import type { ModelChunk, ModelToolCall } from './model.ts';

/** A chunk as it may really arrive: every field is some provider's to leave out. */
interface WireChunk {
  choices?: readonly WireChoice[] | null;
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null;
}

interface WireChoice {
  delta?: { content?: unknown; refusal?: unknown; tool_calls?: readonly WireToolCall[] | null } | null;
  finish_reason?: string | null;
}

interface WireToolCall {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown } | null;
}

/** Folds the raw chunks of one stream: hands out text, keeps tool calls, usage and the reason of its end. */
export class AnswerFold {
  readonly #llmId: string;
  readonly #calls: ModelToolCall[] = [];
  /** Where the call of each wire index stands in `#calls`. */
  readonly #slots = new Map<number, number>();
  #usage: { promptTokens: number; completionTokens: number } | undefined;
  #finishReason: string | undefined;
  #recognized = false;
  #begun = false;

  constructor(llmId: string) {
    this.#llmId = llmId;
  }

  /** Whether any of the answer itself came: text or a tool call. */
  get begun(): boolean {
    return this.#begun || this.#calls.length > 0;
  }

  /** Whether the provider said why it stopped: what is missing after that (usage, `[DONE]`) spoils nothing. */
  get finished(): boolean {
    return this.#finishReason !== undefined;
  }

  /** Takes one chunk; returns its text, empty for a chunk without any. */
  add(chunk: unknown): string {
    if (typeof chunk !== 'object' || chunk === null) throw modelError('malformed', this.#llmId);
    const { choices, usage } = chunk as WireChunk;
    if (usage)
      this.#usage = {
        promptTokens: count(usage.prompt_tokens),
        completionTokens: count(usage.completion_tokens),
      };
    if (!Array.isArray(choices)) return '';
    this.#recognized = true;
    const choice = (choices as readonly WireChoice[])[0];
    if (!choice) return '';
    if (choice.finish_reason) this.#finishReason = choice.finish_reason;
    const { delta } = choice;
    if (!delta) return '';
    if (delta.tool_calls) for (const call of delta.tool_calls) this.#merge(call);
    const text = textOf(delta.content) || textOf(delta.refusal);
    if (text !== '') this.#begun = true;
    return text;
  }

  /**
   * The last chunk.
   * @throws ModelError `truncated` when the stream ended without a reason, `malformed` when it held no completion.
   */
  finish(): ModelChunk {
    if (this.#finishReason === undefined)
      throw modelError(this.#recognized ? 'truncated' : 'malformed', this.#llmId);
    if (this.#calls.some((call) => call.name === '')) throw modelError('malformed', this.#llmId);
    const toolCalls = this.#calls.map((call) => ({
      id: call.id || `call_${randomUUID()}`,
      name: call.name,
      // Tools without parameters are often called with no text at all.
      arguments: call.arguments.trim() === '' ? '{}' : call.arguments,
    }));
    return {
      kind: 'finished',
      toolCalls,
      finishReason: this.#finishReason,
      ...(this.#usage ? { usage: this.#usage } : {}),
    };
  }

  #merge(delta: WireToolCall): void {
    const call = this.#callOf(delta);
    if (delta.id) call.id = delta.id;
    // Some providers repeat the name in every delta: it is never joined.
    if (delta.function?.name) call.name = delta.function.name;
    const args = delta.function?.arguments;
    if (typeof args === 'string') call.arguments += args;
    else if (args !== undefined && args !== null) call.arguments = JSON.stringify(args);
  }

  #callOf(delta: WireToolCall): ModelToolCall {
    const slot =
      typeof delta.index === 'number' ? this.#slots.get(delta.index) : this.#slotWithoutIndex(delta);
    const known = slot === undefined ? undefined : this.#calls[slot];
    if (known && !startsAnother(known, delta)) return known;
    const call: ModelToolCall = { id: '', name: '', arguments: '' };
    if (typeof delta.index === 'number') this.#slots.set(delta.index, this.#calls.length);
    this.#calls.push(call);
    return call;
  }

  /** Without an index the id says which call it is; without both it goes on with the last one, unless it is named anew. */
  #slotWithoutIndex(delta: WireToolCall): number | undefined {
    if (delta.id) {
      const slot = this.#calls.findIndex((call) => call.id === delta.id);
      return slot === -1 ? undefined : slot;
    }
    const last = this.#calls.length - 1;
    const whole = delta.function?.name && isJson(this.#calls[last]?.arguments ?? '');
    return last < 0 || whole ? undefined : last;
  }
}

/** Providers that send whole calls give each of them the index 0: a new id and name after complete arguments. */
function startsAnother(known: ModelToolCall, delta: WireToolCall): boolean {
  return Boolean(
    delta.id && known.id && delta.id !== known.id && delta.function?.name && isJson(known.arguments),
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
