import type { ModelMessage } from '../../llm/model.ts';
import type { Execution } from '../../runs/executor.ts';
import type { JsonObject, Part, Turn } from '../../runs/message.ts';
import { visibleParts } from '../../runs/record.ts';
import type { DeclaredExecution, Scenario } from '../definition.ts';
import { contentOf } from './user-content.ts';

/** Replaces `{{name}}` by the context value; a value that is not given becomes empty. */
export function render(template: string, values: JsonObject): string {
  return template.replace(/\{\{\s*([A-Za-z_][\w-]*)\s*\}\}/g, (_whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined || value === null) return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** The system prompt: the agent's own, the scenario's instructions, and the context values that are not secret. */
export function systemPrompt(
  execution: DeclaredExecution,
  scenario: Scenario | undefined,
  values: JsonObject,
): string {
  const sections = [render(execution.systemPrompt, values)];
  if (scenario) sections.push(`# ${scenario.name}\n${render(scenario.instructions, values)}`);
  if (scenario?.examples.length)
    sections.push(`Examples:\n${scenario.examples.map((one) => `- ${one}`).join('\n')}`);
  if (Object.keys(values).length > 0) sections.push(`Context values: ${JSON.stringify(values)}`);
  return sections.join('\n\n');
}

/** What the model is shown before its first answer. */
export function openingMessages(
  system: string,
  history: readonly Turn[],
  parts: readonly Part[],
): ModelMessage[] {
  return [
    { role: 'system', content: system },
    ...history.map((turn): ModelMessage => ({
      role: turn.by === 'USER' ? 'user' : 'assistant',
      content: turn.text,
    })),
    { role: 'user', content: contentOf(parts) },
  ];
}

/**
 * What the user says. A message that only brings values says nothing itself: then it is the one before it that
 * is answered.
 */
export function spokenMessage({ request, exchange }: Pick<Execution, 'request' | 'exchange'>): {
  id: string;
  parts: Part[];
} {
  const said = [...exchange.filter(({ message }) => message.role === 'ROLE_USER'), request]
    .map((one) => ({ id: one.message.messageId, parts: visibleParts(one) }))
    .filter(({ parts }) => parts.length > 0);
  return said.at(-1) ?? { id: request.message.messageId, parts: [] };
}
