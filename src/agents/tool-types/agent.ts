import type { FilePath, Finding } from '../agent-file.ts';
import { cardAddress, cardAddressFindings } from '../card-address.ts';
import { headerFindings, headers, type HeaderValue } from '../declared-headers.ts';
import { closed, text, variableName } from '../schema-parts.ts';
import {
  everyTool,
  variableNames,
  type ToolDefinitionBase,
  type ToolScope,
  type ToolType,
  type WrittenToolBase,
} from './tool-type.ts';

/** Another agent that is asked: one of this gateway (`agent`), or of another server (`card`). */
export interface AgentToolDefinition extends ToolDefinitionBase {
  type: 'agent';
  /** Its id. */
  agent?: string;
  /** Address of its card. */
  card?: string;
  /** Sent to another server; `{context: name}` takes a value of the run's. */
  headers: Record<string, HeaderValue>;
  /**
   * Values for the other agent's context variables, by their names, from this agent's. Those of the same name
   * that are not secret are passed on without being named.
   */
  contextValues: Record<string, { context: string }>;
}

export type WrittenAgentTool = WrittenToolBase &
  Pick<AgentToolDefinition, 'type' | 'agent' | 'card'> &
  Partial<Pick<AgentToolDefinition, 'headers' | 'contextValues'>>;

/** An agent takes longer than a request. */
const defaultTimeoutSeconds = 120;

export const agentToolType: ToolType<WrittenAgentTool, AgentToolDefinition> = {
  schema: closed(
    {
      ...everyTool,
      type: { const: 'agent' },
      agent: text(64),
      card: cardAddress,
      headers,
      contextValues: {
        type: 'object',
        maxProperties: 100,
        propertyNames: variableName,
        additionalProperties: closed({ context: variableName }, ['context']),
      },
    },
    ['name', 'type'],
  ),
  findings: (tool, path, scope) => [
    ...targetFindings(tool, path),
    ...headerFindings(tool.headers ?? {}, [...path, 'headers'], variableNames(scope.variables)),
    ...valueFindings(tool, path, scope),
  ],
  define: async (tool) => ({
    definition: {
      headers: {},
      contextValues: {},
      // What the other agent does is not known here.
      sideEffects: true,
      timeoutSeconds: defaultTimeoutSeconds,
      ...tool,
    },
  }),
};

function targetFindings(tool: WrittenAgentTool, path: FilePath): Finding[] {
  const { agent, card } = tool;
  if ((agent === undefined) === (card === undefined)) {
    return [{ path, reason: 'must have either agent (an id of this gateway) or card (an address)' }];
  }
  const foreign = card === undefined ? 'headers' : 'contextValues';
  const findings = tool[foreign]
    ? [{ path: [...path, foreign], reason: `has no meaning with ${card === undefined ? 'agent' : 'card'}` }]
    : [];
  return card === undefined ? findings : [...findings, ...cardAddressFindings(card, [...path, 'card'])];
}

function valueFindings(
  { contextValues = {} }: WrittenAgentTool,
  path: FilePath,
  scope: ToolScope,
): Finding[] {
  const known = variableNames(scope.variables);
  return Object.entries(contextValues).flatMap(([name, { context }]) =>
    known.has(context)
      ? []
      : [
          {
            path: [...path, 'contextValues', name, 'context'],
            reason: `${JSON.stringify(context)} is not a declared context variable`,
          },
        ],
  );
}
