import type { ModelMessage } from '../../llm/model.ts';
import type { Failure } from '../../runs/event.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';
import type { JsonObject } from '../../runs/message.ts';
import type { ResponseCheck } from '../response-schema.ts';
import { callModel } from './model-call.ts';
import type { LoopState } from './state.ts';

const request =
  'Give your answer above once more as JSON that follows the response schema. Answer with the JSON only.';

/** First try and one repair turn. */
const tries = 2;

/**
 * Brings the answer into the agent's response schema: one model call, one repair turn with the validation
 * errors. Returns a failure when the second try does not fit either.
 */
export async function* structuredResponse(
  state: LoopState,
  conversation: readonly ModelMessage[],
  check: ResponseCheck,
): AsyncGenerator<ExecutorEvent, Failure | undefined, undefined> {
  const messages: ModelMessage[] = [...conversation, { role: 'user', content: request }];
  let problems: string[] = [];
  for (let round = 1; round <= tries; round++) {
    const name = round === 1 ? 'Structured response' : 'Structured response, repaired';
    const reply = yield* callModel(
      state,
      { messages, responseSchema: { name: 'response', schema: check.schema }, temperature: 0 },
      { type: 'answer', name, iteration: round, spoken: false },
    );
    const checked = check.parse(reply.text);
    if (checked.data) {
      yield { kind: 'structured', at: Date.now(), data: state.mask.json(checked.data) as JsonObject };
      return undefined;
    }
    problems = checked.problems;
    messages.push(
      { role: 'assistant', content: reply.text },
      { role: 'user', content: `That does not follow the schema: ${problems.join('; ')}. ${request}` },
    );
  }
  return {
    code: 'provider_error',
    message: `The model's answer does not follow the agent's response schema: ${problems.join('; ')}.`,
  };
}
