import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Model, ModelChunk, ModelRequest, ModelToolCall } from '../../src/llm/model.ts';
import { hasSteps, nextCalls, parseScript, piece, piecesOf, type Script } from './script.ts';

/** The tools of the scripted agent. */
export const toolName = 'search';
export const queryToolName = 'query';

/** What the model calls: the search demands a query, so it is refused at once and only the loop is measured. */
const toolCalls: Readonly<Record<string, { name: string; arguments: string }>> = {
  steps: { name: toolName, arguments: '{}' },
  queries: {
    name: queryToolName,
    arguments: JSON.stringify({
      sql: 'SELECT team, count(*) AS n, sum(amount) AS total FROM sales GROUP BY team ORDER BY total DESC',
    }),
  },
};

/** A model in the process that answers what the script in the user's message says. */
export function scriptedModel(llmId: string): Model {
  return { llmId, name: 'scripted', complete };
}

async function* complete(
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelChunk, void, undefined> {
  const said = request.messages.findLast((message) => message.role === 'user')?.content;
  const script = parseScript(typeof said === 'string' ? said : '');
  if (script.pace === 'hang') {
    await aborted(signal);
  } else if (hasSteps(script)) {
    yield* round(request, script);
  } else {
    for (const [index, text] of piecesOf(script).entries()) {
      // What comes while an append is under way is merged: two turns later it is stored.
      if (index > 0 && script.pace === 'paced') await turns();
      yield { kind: 'text', text };
    }
    yield finished([]);
  }
}

/** One round of steps: a piece of text at the beginning and at the end, tool calls in between. */
function* round({ messages }: ModelRequest, { pace, size }: Script): Generator<ModelChunk, void, undefined> {
  const call = toolCalls[pace];
  const rounds = messages.filter((message) => message.role === 'assistant').length;
  const results = messages.filter((message) => message.role === 'tool').length;
  const calls = nextCalls(size, rounds + results);
  if (rounds === 0) yield { kind: 'text', text: piece(0) };
  if (calls === 0) yield { kind: 'text', text: piece(1) };
  yield finished(call ? Array.from({ length: calls }, (_, index) => ({ id: `call-${index}`, ...call })) : []);
}

function finished(toolCalls: ModelToolCall[]): ModelChunk {
  const finishReason = toolCalls.length > 0 ? 'tool_calls' : 'stop';
  return { kind: 'finished', toolCalls, finishReason, usage: { promptTokens: 10, completionTokens: 10 } };
}

async function turns(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
