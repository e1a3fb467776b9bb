import type { ModelMessage, ModelRequest, ModelToolCall, Price } from '../../llm/model.ts';
import { completeWithFallback } from '../../llm/fallback.ts';
import { costUsd } from '../../llm/pricing.ts';
import type { StepDetail, Usage } from '../../runs/event.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';
import type { LoopState } from './state.ts';

export interface ModelReply {
  text: string;
  toolCalls: ModelToolCall[];
  finishReason: string;
}

/** What a model call is for: decides its step and whether its text is said to the caller. */
export interface ModelCallPurpose {
  type: 'model_call' | 'scenario_selection' | 'answer';
  name: string;
  iteration: number;
  /** Whether the text goes out as it is generated. */
  spoken: boolean;
}

/** One completion as one step: yields its start, the text as it comes, and its end with model and usage. */
export async function* callModel(
  state: LoopState,
  request: ModelRequest,
  purpose: ModelCallPurpose,
): AsyncGenerator<ExecutorEvent, ModelReply, undefined> {
  const step = state.steps.start(purpose.type, purpose.name, { iteration: purpose.iteration });
  yield step.started;
  const reply: ModelReply = { text: '', toolCalls: [], finishReason: '' };
  const detail: StepDetail = {
    ...(purpose.iteration === 1 && { prompt: state.mask.text(promptOf(request.messages)) }),
  };
  let price: Price | undefined;
  try {
    for await (const chunk of completeWithFallback(state.models, request, state.execution.signal)) {
      if (chunk.kind === 'text') {
        // Nothing said: what opens the call is its first word.
        if (chunk.text === '') continue;
        if (purpose.spoken) yield said(state, chunk.text, reply.text === '');
        reply.text += chunk.text;
      } else if (chunk.kind === 'started') {
        detail.llmId = chunk.llmId;
        detail.model = chunk.model;
        price = chunk.price;
      } else {
        reply.toolCalls = chunk.toolCalls;
        reply.finishReason = chunk.finishReason;
        if (chunk.usage) detail.usage = addUsage(state, chunk.usage, price);
      }
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    yield step.failed(undefined, { ...detail, error: state.mask.text(message) });
    throw error;
  }
  // The end of the answer's text: with its last piece where both come in one turn of the event loop.
  if (purpose.spoken && (reply.toolCalls.length === 0 || !request.tools)) yield said(state, '', false, true);
  yield step.completed(summaryOf(reply), detail);
  return reply;
}

/** A piece of the answer; text of a later model call is set off from the earlier one by an empty line. */
function said(state: LoopState, text: string, opensCall: boolean, last = false): ExecutorEvent {
  const first = state.said === '';
  const said = opensCall && !first ? `\n\n${text}` : text;
  state.said += said;
  return { kind: 'text', at: Date.now(), text: said, first, last };
}

function addUsage(
  state: LoopState,
  tokens: { promptTokens: number; completionTokens: number },
  price: Price | undefined,
): Usage {
  const cost = costUsd(tokens, price);
  state.usage.promptTokens += tokens.promptTokens;
  state.usage.completionTokens += tokens.completionTokens;
  if (cost !== undefined) state.usage.costUsd = (state.usage.costUsd ?? 0) + cost;
  return { ...tokens, ...(cost !== undefined && { costUsd: cost }) };
}

/** The system prompt alone: what a user sends, images above all, has no place in the probe. */
function promptOf(messages: readonly ModelMessage[]): string {
  return messages.find((message) => message.role === 'system')?.content ?? '';
}

function summaryOf(reply: ModelReply): string | undefined {
  if (reply.toolCalls.length === 0) return undefined;
  return `calls ${reply.toolCalls.map((call) => call.name).join(', ')}`;
}
