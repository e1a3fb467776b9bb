import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { closed, text } from '../schema-parts.ts';
import { everyTool, type ToolDefinitionBase, type ToolType, type WrittenToolBase } from './tool-type.ts';

/** Search over a folder of the operator's. */
export interface KnowledgeToolDefinition extends ToolDefinitionBase {
  type: 'knowledge';
  /** The folder, resolved to an absolute path at load (relative to the agent file's folder). */
  source: string;
  topK: number;
}

export type WrittenKnowledgeTool = WrittenToolBase &
  Pick<KnowledgeToolDefinition, 'type' | 'source'> &
  Partial<Pick<KnowledgeToolDefinition, 'topK'>>;

const defaultTopK = 5;

export const knowledgeToolType: ToolType<WrittenKnowledgeTool, KnowledgeToolDefinition> = {
  schema: closed(
    {
      ...everyTool,
      type: { const: 'knowledge' },
      source: text(1024),
      topK: { type: 'integer', minimum: 1, maximum: 50 },
    },
    ['name', 'type', 'source'],
  ),
  findings: () => [],
  async define(tool, folder) {
    const source = resolve(folder, tool.source);
    if (!(await isDirectory(source))) {
      const reason = `${JSON.stringify(tool.source)} is not a folder that exists (seen from the agent file)`;
      return { finding: { path: ['source'], reason } };
    }
    return { definition: { sideEffects: false, topK: defaultTopK, ...tool, source } };
  },
};

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
