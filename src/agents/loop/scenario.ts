import type { ExecutorEvent } from '../../runs/executor.ts';
import type { Scenario } from '../definition.ts';
import { withoutFence } from '../response-schema.ts';
import { callModel } from './model-call.ts';
import { spokenMessage } from './prompt.ts';
import type { LoopState } from './state.ts';
import { contentOf } from './user-content.ts';

const noneFits = 'none';

/**
 * Chooses the scenario that the message belongs to: one model call that names it.
 * Returns undefined when none fits.
 */
export async function* chooseScenario(
  state: LoopState,
): AsyncGenerator<ExecutorEvent, Scenario | undefined, undefined> {
  const { scenarios } = state.agent;
  const { history } = state.execution;
  const list = scenarios.map((one) => `- ${meaningOf(one)}`).join('\n');
  const reply = yield* callModel(
    state,
    {
      messages: [
        {
          role: 'system',
          content: `Choose the scenario that the user's last message belongs to; "${noneFits}" if no scenario fits.\n${list}`,
        },
        ...history.map((turn) => ({
          role: turn.by === 'USER' ? ('user' as const) : ('assistant' as const),
          content: turn.text,
        })),
        { role: 'user', content: contentOf(spokenMessage(state.execution).parts) },
      ],
      responseSchema: { name: 'scenario_choice', schema: choiceSchema(scenarios) },
      temperature: 0,
    },
    { type: 'scenario_selection', name: 'Choose a scenario', iteration: 0, spoken: false },
  );
  const chosen = chosenName(withoutFence(reply.text));
  return scenarios.find((scenario) => scenario.name === chosen);
}

/** Name, description and examples on one line. */
function meaningOf({ name, description, examples }: Scenario): string {
  const such = examples.length > 0 ? ` Such as: ${examples.join(' | ')}` : '';
  return `${name}: ${description}${such}`;
}

function choiceSchema(scenarios: readonly Scenario[]): Record<string, unknown> {
  return {
    type: 'object',
    properties: {
      scenario: {
        type: 'string',
        enum: [...scenarios.map((scenario) => scenario.name), noneFits],
        description: scenarios.map(meaningOf).join('\n'),
      },
    },
    required: ['scenario'],
    additionalProperties: false,
  };
}

/** The name in the model's answer: JSON as asked, or the bare name from a model that does not keep to it. */
function chosenName(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed && typeof parsed === 'object' && 'scenario' in parsed) return String(parsed.scenario);
    return typeof parsed === 'string' ? parsed : noneFits;
  } catch {
    return text.trim();
  }
}
