import { ModelError, type ModelMessage } from '../../llm/model.ts';
import type { Failure } from '../../runs/event.ts';
import type { ExecutorEvent, Outcome } from '../../runs/executor.ts';
import type { Scenario } from '../definition.ts';
import type { ResponseCheck } from '../response-schema.ts';
import { callModel } from './model-call.ts';
import { openingMessages, render, spokenParts, systemPrompt } from './prompt.ts';
import { chooseScenario } from './scenario.ts';
import type { LoopState } from './state.ts';
import { structuredResponse } from './structured-response.ts';
import { callTools } from './tool-calls.ts';

/**
 * The agent loop: scenario → model ⇄ tools → answer → structured response. Stateless: all that it knows
 * comes with the execution. Yields what happens, returns how it ended.
 */
export async function* runLoop(
  state: LoopState,
  check: ResponseCheck | undefined,
): AsyncGenerator<ExecutorEvent, Outcome, undefined> {
  try {
    const scenario = state.agent.scenarios.length > 0 ? yield* chooseScenario(state) : undefined;
    if (state.agent.scenarios.length > 0 && !scenario) return yield* fallBack(state);
    const conversation = yield* answer(state, scenario);
    const failure = check ? yield* structuredResponse(state, conversation, check) : undefined;
    return { state: failure ? 'failed' : 'completed', ...(failure && { failure }), usage: state.usage };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { state: 'failed', failure: modelFailure(state, error), usage: state.usage };
  }
}

/** Model and tools in turn until the model answers without a call; the last permitted step gets no tools. */
async function* answer(
  state: LoopState,
  scenario: Scenario | undefined,
): AsyncGenerator<ExecutorEvent, ModelMessage[], undefined> {
  const { history } = state.execution;
  const system = systemPrompt(state.agent, scenario, state.visibleValues);
  const messages = openingMessages(system, history, spokenParts(state.execution));
  const tools = permitted(state, scenario);
  for (let iteration = 1; ; iteration++) {
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
    if (calls.length === 0) return messages;
    messages.push(...(yield* callTools(state, { calls, tools, iteration })));
  }
}

function permitted(state: LoopState, scenario: Scenario | undefined): LoopState['tools'] {
  const names = scenario?.tools;
  if (!names) return state.tools;
  return state.tools.filter((tool) => names.includes(tool.source ?? tool.name));
}

async function* fallBack(state: LoopState): AsyncGenerator<ExecutorEvent, Outcome, undefined> {
  const text = render(state.agent.fallbackMessage, state.visibleValues);
  yield { kind: 'text', at: Date.now(), text, first: true, last: true };
  return { state: 'completed', usage: state.usage };
}

function modelFailure(state: LoopState, error: ModelError): Failure {
  const codes: Partial<Record<ModelError['kind'], string>> = {
    rate_limited: 'rate_limited',
    timeout: 'timeout',
  };
  return { code: codes[error.kind] ?? 'provider_error', message: state.mask.text(error.message) };
}
