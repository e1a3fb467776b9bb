import type { Tool } from '../tools/tool.ts';
import type { ToolSource } from '../tools/tool-source.ts';

export interface Use {
  begin: () => void;
  end: () => void;
}

/** The source, with each question for its tools and each of their calls counted as a use while it is under way. */
export function countedSource(source: ToolSource, use: Use): ToolSource {
  return {
    name: source.name,
    tools: async (signal, context) => {
      const tools = await counted(use, async () => await source.tools(signal, context));
      return tools.map((tool) => countedTool(tool, use));
    },
  };
}

/** A tool may be an object of a class: all but its calls is asked of the tool itself. */
function countedTool(tool: Tool, use: Use): Tool {
  const execute: Tool['execute'] = async (call) => await counted(use, async () => await tool.execute(call));
  const validate: Tool['validate'] = (args) => tool.validate(args);
  return Object.create(tool, { execute: { value: execute }, validate: { value: validate } }) as Tool;
}

async function counted<T>({ begin, end }: Use, work: () => Promise<T>): Promise<T> {
  begin();
  try {
    return await work();
  } finally {
    end();
  }
}
