import type { ModelMessage } from '../../llm/model.ts';
import type { Tool } from '../../tools/tool.ts';
import type { Scenario } from '../definition.ts';
import { declarationOf } from '../unique-tools.ts';
import { openingMessages, spokenMessage, systemPrompt } from './prompt.ts';
import type { LoopState } from './state.ts';

/** What the loop and the model say to each other, as far as it is. */
export interface Conversation {
  messages: ModelMessage[];
  scenario?: Scenario;
  /** Rounds so far. */
  iteration: number;
  /** Id of the message that the user's words are of. */
  spokenId: string;
}

export function openConversation(state: LoopState, scenario: Scenario | undefined): Conversation {
  const { history } = state.execution;
  const spoken = spokenMessage(state.execution);
  const system = systemPrompt(state.agent, scenario, state.visibleValues);
  return {
    messages: openingMessages(system, history, spoken.parts),
    ...(scenario && { scenario }),
    iteration: 0,
    spokenId: spoken.id,
  };
}

/** The tools that the model may call in this scenario. */
export function permittedTools(
  { tools }: Pick<LoopState, 'tools'>,
  scenario: Scenario | undefined,
): readonly Tool[] {
  const names = scenario?.tools;
  if (!names) return tools;
  return tools.filter((tool) => names.includes(declarationOf(tool)));
}
