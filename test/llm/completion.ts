import type { Model, ModelChunk, ModelRequest } from '../../src/llm/model.ts';

export const never = new AbortController().signal;

/** A request of one user message. */
export function asking(content = 'Hello?', more: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: 'user', content }], ...more };
}

export interface Completion {
  text: string;
  chunks: number;
  finished: Extract<ModelChunk, { kind: 'finished' }> | undefined;
}

/** Reads a completion to its end. */
export async function complete(model: Model, request = asking(), signal = never): Promise<Completion> {
  const completion: Completion = { text: '', chunks: 0, finished: undefined };
  for await (const chunk of model.complete(request, signal)) {
    completion.chunks += 1;
    if (chunk.kind === 'text') completion.text += chunk.text;
    else completion.finished = chunk;
  }
  return completion;
}

/** What an iteration throws, and the text that came before. */
export async function failureOf(
  model: Model,
  request = asking(),
  signal = never,
): Promise<{ error: unknown; text: string }> {
  let text = '';
  try {
    for await (const chunk of model.complete(request, signal)) if (chunk.kind === 'text') text += chunk.text;
  } catch (error) {
    return { error, text };
  }
  throw new Error(`It completed with: ${text}`);
}
