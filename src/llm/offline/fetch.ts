import type { ChatRequest, Reply } from './chat.ts';
import { readText, type WireRequest } from './images.ts';
import { replyTo } from './reply.ts';
import { wordsOf } from './words.ts';

const modelName = 'offline-extractive';
const wordsPerChunk = 4;

/**
 * A `fetch` that answers `POST …/chat/completions` inside the process as an OpenAI-compatible provider does, as
 * server-sent events. Deterministic, without network and key.
 */
export function createOfflineFetch(): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    init?.signal?.throwIfAborted();
    if (init?.method !== 'POST' || !url.endsWith('/chat/completions'))
      return new Response(null, { status: 404 });
    if (typeof init.body !== 'string') return new Response(null, { status: 400 });
    const request = JSON.parse(init.body) as WireRequest;
    const read = readText(request);
    const frames = framesOf(read, replyTo(read));
    return new Response(streamOf(frames), { headers: { 'content-type': 'text/event-stream' } });
  };
}

function* framesOf(request: ChatRequest, reply: Reply): Generator<object> {
  const shared = { id: 'chatcmpl-offline', object: 'chat.completion.chunk', created: 0, model: modelName };
  const frame = (delta: object, finishReason: string | null = null): object => ({
    ...shared,
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  });
  yield frame({ role: 'assistant', content: '' });
  if ('calls' in reply) {
    yield frame({
      tool_calls: reply.calls.map((call, index) => ({
        index,
        id: `call_${index + 1}`,
        type: 'function',
        function: { name: call.name, arguments: JSON.stringify(call.arguments) },
      })),
    });
    yield frame({}, 'tool_calls');
  } else {
    for (const content of wordGroups(reply.text)) yield frame({ content });
    yield frame({}, 'stop');
  }
  yield { ...shared, choices: [], usage: estimateUsage(request, reply) };
}

/** The text in pieces of a few words, each with the space after it: joined they are the text. */
function wordGroups(text: string): string[] {
  const words = text.match(/\s*\S+\s*/g) ?? [];
  const groups: string[] = [];
  for (let start = 0; start < words.length; start += wordsPerChunk) {
    groups.push(words.slice(start, start + wordsPerChunk).join(''));
  }
  return groups;
}

/** A word counts as a token: there is no tokenizer, and nothing is billed. */
function estimateUsage(request: ChatRequest, reply: Reply): object {
  const prompt = request.messages.reduce((total, { content }) => total + wordsOf(content ?? '').length, 0);
  const completion = wordsOf('calls' in reply ? JSON.stringify(reply.calls) : reply.text).length;
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function streamOf(frames: Generator<object>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = frames.next();
      controller.enqueue(encoder.encode(`data: ${done ? '[DONE]' : JSON.stringify(value)}\n\n`));
      if (done) controller.close();
    },
  });
}
