import type { OpenAI } from 'openai';
import { completionChunks } from './completion-stream.ts';
import { modelError } from './failure.ts';
import { IdleWatch } from './idle-watch.ts';
import type { Model, ModelChunk, ModelRequest } from './model.ts';
import { AnswerFold } from './openai-answer.ts';
import { toModelError } from './openai-failure.ts';
import { toRequestBody } from './openai-request.ts';
import type { ProviderRecord } from './provider.ts';

/** The client has a time-out of its own, which covers the headers only: ours covers the whole stream. */
const clientTimeoutMs = 2 ** 31 - 1;

type ClientSource = () => Promise<OpenAI>;

/**
 * A model behind an OpenAI-compatible `/chat/completions`. One attempt per call: retries stand in
 * resilience.ts. The `openai` package is loaded by the first call, so that the start does not pay for it.
 */
export function createOpenAiModel(provider: ProviderRecord): Model {
  let client: Promise<OpenAI> | undefined;
  const source: ClientSource = () => (client ??= connect(provider));
  return {
    llmId: provider.id,
    name: provider.model,
    ...(provider.price ? { price: provider.price } : {}),
    complete: (request, signal) => complete(provider, source, request, signal),
  };
}

/** Loads the `openai` package before the first call needs it: some 150 ms that nobody waits for then. */
export async function warmUp(): Promise<void> {
  await import('openai');
}

async function connect(provider: ProviderRecord): Promise<OpenAI> {
  const { OpenAI } = await import('openai');
  return new OpenAI({
    baseURL: provider.baseUrl,
    apiKey: provider.apiKey ?? 'none',
    // The client would read these from the environment and send them to every provider.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    timeout: clientTimeoutMs,
    // It would write to the console.
    logLevel: 'off',
    ...(provider.fetch ? { fetch: provider.fetch } : {}),
  });
}

async function* complete(
  provider: ProviderRecord,
  source: ClientSource,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelChunk, void, undefined> {
  signal.throwIfAborted();
  const client = await source();
  const watch = new IdleWatch(provider.timeoutSeconds * 1000, signal);
  const answer = new AnswerFold(provider.id);
  try {
    for await (const chunks of await open(client, provider, request, watch.signal)) {
      watch.pause();
      let text = '';
      for (const chunk of chunks) text += answer.add(chunk);
      if (text !== '') yield { kind: 'text', text };
      watch.resume();
    }
  } catch (error) {
    if (!watch.signal.aborted && !answer.finished) throw toModelError(error, provider.id, answer.begun);
  } finally {
    watch.close();
  }
  // An abort ends the client's iterator quietly, so who aborted is asked here.
  signal.throwIfAborted();
  if (watch.expired && !answer.finished) {
    throw modelError('timeout', provider.id, { note: `silent for ${provider.timeoutSeconds} s` });
  }
  yield answer.finish();
}

async function open(
  client: OpenAI,
  provider: ProviderRecord,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<unknown[]>> {
  const call = client.chat.completions.create(toRequestBody(provider, request), { signal });
  const response = await call.asResponse();
  if (!response.body || /\b(?:html|json)\b/.test(response.headers.get('content-type') ?? '')) {
    // A page or a whole answer holds no events.
    await response.body?.cancel();
    throw modelError('malformed', provider.id);
  }
  return completionChunks(response.body);
}
