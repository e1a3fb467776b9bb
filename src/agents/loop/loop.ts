import { ModelError } from '../../llm/model.ts';
import type { Failure } from '../../runs/event.ts';
import type { ExecutorEvent, Outcome } from '../../runs/executor.ts';
import type { ResponseCheck } from '../response-schema.ts';
import { openConversation, permittedTools, type Conversation } from './conversation.ts';
import { callModel } from './model-call.ts';
import { pause } from './paused.ts';
import { render } from './prompt.ts';
import { resumeConversation } from './resume.ts';
import { RunFailure } from './run-failure.ts';
import { chooseScenario } from './scenario.ts';
import type { LoopState } from './state.ts';
import { structuredResponse } from './structured-response.ts';
import { callTools } from './tool-calls.ts';

/**
 * The agent loop: scenario → model ⇄ tools → answer → structured response. Stateless: all that it knows
 * comes with the execution, that of a task which waited for its user included. Yields what happens, returns how
 * it ended.
 */
export async function* runLoop(
  state: LoopState,
  check: ResponseCheck | undefined,
): AsyncGenerator<ExecutorEvent, Outcome, undefined> {
  try {
    const conversation = yield* begin(state);
    if (!conversation) return yield* fallBack(state);
    const waiting = yield* answer(state, conversation);
    if (waiting) return waiting;
    const failure = check ? yield* structuredResponse(state, conversation.messages, check) : undefined;
    return { state: failure ? 'failed' : 'completed', ...(failure && { failure }), usage: state.usage };
  } catch (error) {
    return { state: 'failed', failure: failureOf(state, error), usage: state.usage };
  }
}

/** The conversation from its beginning, or from where it waited; undefined when no scenario fits. */
async function* begin(state: LoopState): AsyncGenerator<ExecutorEvent, Conversation | undefined, undefined> {
  const { resumed } = state.execution;
  if (resumed) return yield* resumeConversation(state, resumed);
  const hasScenarios = state.agent.scenarios.length > 0;
  const scenario = hasScenarios ? yield* chooseScenario(state) : undefined;
  return hasScenarios && !scenario ? undefined : openConversation(state, scenario);
}

/**
 * Model and tools in turn until the model answers without a call; the last permitted step gets no tools.
 * Returns an outcome when the user has the word first.
 */
async function* answer(
  state: LoopState,
  conversation: Conversation,
): AsyncGenerator<ExecutorEvent, Outcome | undefined, undefined> {
  const { messages } = conversation;
  const tools = permittedTools(state, conversation.scenario);
  for (;;) {
    conversation.iteration += 1;
    const { iteration } = conversation;
    const mayCall = iteration < state.maxSteps && tools.length > 0;
    const reply = yield* callModel(
      state,
      {
        messages,
        ...(mayCall && { tools }),
        ...(state.temperature !== undefined && { temperature: state.temperature }),
      },
      { type: 'model_call', name: 'Ask the model', iteration, spoken: true },
    );
    // Calls that came although no tools were offered are dropped: nothing would answer them.
    const calls = mayCall ? reply.toolCalls : [];
    messages.push({ role: 'assistant', content: reply.text, ...(calls.length > 0 && { toolCalls: calls }) });
    if (calls.length === 0) return undefined;
    const round = yield* callTools(state, { calls, tools, iteration });
    if (round.waiting.length > 0) return pause(state, conversation, round);
    messages.push(...round.results.filter((result) => result !== undefined));
  }
}

async function* fallBack(state: LoopState): AsyncGenerator<ExecutorEvent, Outcome, undefined> {
  const text = render(state.agent.fallbackMessage, state.visibleValues);
  yield { kind: 'text', at: Date.now(), text, first: true, last: true };
  return { state: 'completed', usage: state.usage };
}

/** What went wrong, in words for the caller. @throws whatever is no failure of the model or of the run */
function failureOf(state: LoopState, error: unknown): Failure {
  if (error instanceof RunFailure) return error.failure;
  if (!(error instanceof ModelError)) throw error;
  const codes: Partial<Record<ModelError['kind'], string>> = {
    rate_limited: 'rate_limited',
    timeout: 'timeout',
  };
  return { code: codes[error.kind] ?? 'provider_error', message: state.mask.text(error.message) };
}
