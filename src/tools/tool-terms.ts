import type { ToolDefinitionBase } from '../agents/tool-types/tool-type.ts';
import type { Tool } from './tool.ts';
import type { ToolSource } from './tool-source.ts';

type Terms = Pick<Tool, 'needsApproval' | 'agentic' | 'priceUsd'>;

/** The source with the terms that its declaration sets for its tools, whatever their type: approval and price. */
export function onTerms(
  { approval, agentic, priceUsd }: Pick<ToolDefinitionBase, 'approval' | 'agentic' | 'priceUsd'>,
  source: ToolSource,
): ToolSource {
  const terms: Terms = {
    ...(approval === 'required' && { needsApproval: true }),
    ...(agentic && { agentic }),
    ...(priceUsd !== undefined && { priceUsd }),
  };
  if (Object.keys(terms).length === 0) return source;
  return {
    name: source.name,
    tools: async (signal, context) =>
      (await source.tools(signal, context)).map((tool) => withTerms(tool, terms)),
    ...(source.close && { close: async () => await source.close?.() }),
  };
}

/** A tool may be an object of a class: what it does is asked of the tool itself. */
function withTerms(tool: Tool, terms: Terms): Tool {
  const { name, description, parameters, sideEffects, asksUser, timeoutSeconds, source } = tool;
  return {
    name,
    description,
    parameters,
    sideEffects,
    ...(asksUser && { asksUser }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(source !== undefined && { source }),
    ...terms,
    validate: (args) => tool.validate(args),
    execute: async (call) => await tool.execute(call),
  };
}
