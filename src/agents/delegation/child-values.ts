import type { ToolCall } from '../../tools/tool.ts';
import type { AgentExecution, ContextVariable } from '../definition.ts';
import type { AgentToolDefinition } from '../tool-types/agent.ts';

type Variables = Pick<AgentExecution, 'contextVariables'>;

/**
 * The context values that another agent is given: those of the same names that are not secret, and whatever the
 * tool maps. Values of a token's claim come from a variable of the same claim only, so that no model and no
 * caller can make one up.
 */
export function childValues(
  child: Variables,
  parent: Variables,
  { contextValues: mapped }: Pick<AgentToolDefinition, 'contextValues'>,
  { context }: Pick<ToolCall, 'context'>,
): { provided: Record<string, unknown>; claims: Record<string, unknown> } {
  const provided: [string, unknown][] = [];
  const claims: [string, unknown][] = [];
  const names = new Set([...child.contextVariables.map(({ name }) => name), ...Object.keys(mapped)]);
  for (const name of names) {
    const from = sourceOf(parent, name, mapped);
    const value = from && context[from.name];
    if (!from || value === undefined) continue;
    const wanted = child.contextVariables.find((variable) => variable.name === name);
    if (wanted?.source !== 'claim') provided.push([name, value]);
    else if (wanted.claim !== undefined && isOfClaim(from, wanted.claim)) claims.push([wanted.claim, value]);
  }
  return { provided: Object.fromEntries(provided), claims: Object.fromEntries(claims) };
}

/** The parent's variable that a value is taken from; a secret one only where the tool names it. */
function sourceOf(
  { contextVariables }: Variables,
  name: string,
  mapped: AgentToolDefinition['contextValues'],
): ContextVariable | undefined {
  const explicit = Object.hasOwn(mapped, name) ? mapped[name]?.context : undefined;
  const found = contextVariables.find((variable) => variable.name === (explicit ?? name));
  return found?.secret && explicit === undefined ? undefined : found;
}

function isOfClaim({ source, claim }: ContextVariable, wanted: string): boolean {
  return source === 'claim' && claim === wanted;
}
