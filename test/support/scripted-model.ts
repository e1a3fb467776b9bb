import { ModelDirectory } from '../../src/llm/directory.ts';
import type { Model, ModelChunk, ModelRequest, ModelToolCall, Price } from '../../src/llm/model.ts';

/** What a scripted model answers to one request. */
export interface ScriptedReply {
  /** Text chunks, in order. */
  text?: readonly string[];
  toolCalls?: readonly ModelToolCall[];
  usage?: { promptTokens: number; completionTokens: number };
  /** Thrown after the text. */
  error?: Error;
  /** Waited for after the text, as a slow provider would. */
  until?: Promise<unknown>;
}

/** A model in this process: answers from a queue, and remembers what it was asked. */
export class ScriptedModel implements Model {
  readonly llmId: string;
  readonly name = 'scripted-1';
  readonly price?: Price;
  /** As they were when they came: what the loop does to its messages later does not show here. */
  readonly requests: ModelRequest[] = [];
  readonly #replies: ScriptedReply[];

  constructor(replies: readonly ScriptedReply[], options: { llmId?: string; price?: Price } = {}) {
    this.#replies = [...replies];
    this.llmId = options.llmId ?? 'scripted';
    if (options.price) this.price = options.price;
  }

  /** Replies that nobody asked for. */
  get unused(): number {
    return this.#replies.length;
  }

  async *complete(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelChunk> {
    const { messages, tools, ...rest } = request;
    // Tools hold functions: what a model sees of them is this.
    const offered = tools?.map(({ name, description, parameters }) => ({ name, description, parameters }));
    this.requests.push(structuredClone({ ...rest, messages, ...(offered && { tools: offered }) }));
    signal.throwIfAborted();
    const reply = this.#replies.shift();
    if (!reply) throw new Error('The scripted model was asked once too often.');
    for (const text of reply.text ?? []) yield { kind: 'text', text };
    if (reply.until) await orAborted(reply.until, signal);
    if (reply.error) throw reply.error;
    const toolCalls = [...(reply.toolCalls ?? [])];
    const finishReason = toolCalls.length > 0 ? 'tool_calls' : 'stop';
    yield { kind: 'finished', toolCalls, finishReason, ...(reply.usage && { usage: reply.usage }) };
  }
}

/** A call as a model writes it; an object becomes JSON. */
export function callOf(name: string, args: object | string = {}, id = `call-${name}`): ModelToolCall {
  return { id, name, arguments: typeof args === 'string' ? args : JSON.stringify(args) };
}

/** A directory with these models; the first one is the default. */
export function directoryOf(...models: readonly ScriptedModel[]): ModelDirectory {
  const byId = new Map(models.map((model) => [model.llmId, model]));
  const records = models.map(({ llmId, name }, index) => ({
    id: llmId,
    name: llmId,
    baseUrl: 'http://scripted.invalid/v1',
    model: name,
    default: index === 0,
    timeoutSeconds: 1,
    maxConcurrency: 1,
  }));
  return new ModelDirectory(records, ({ id }) => byId.get(id) ?? new ScriptedModel([]));
}

async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
