import type { ChatTool, JsonSchema, ToolRequest } from './chat.ts';
import { searchParameters, type Question } from './conversation.ts';
import { extractValue } from './extraction.ts';
import { fileArgument, fileToRead } from './files.ts';
import { meaningfulStems, overlap, stem } from './words.ts';

/** Words of almost every tool's description: sharing one of them with a question means nothing. */
const toolWords: readonly string[] = (
  'find list search lookup return fetch retrieve read query tool call call data information detail given value ' +
  'result name number id identifier current new answer ask question user'
)
  .split(' ')
  .map(stem);

/** The tools that fit the question, each called once: searches with the user's words, others by what they say of themselves. */
export function chooseTools(tools: readonly ChatTool[], question: Question): ToolRequest[] {
  if (question.text.trim() === '') return [];
  return tools.flatMap((tool) => {
    const args = argumentsFor(tool, question);
    return args ? [{ name: tool.name, arguments: args }] : [];
  });
}

function argumentsFor(tool: ChatTool, question: Question): Record<string, unknown> | undefined {
  const { properties = {}, required = [] } = tool.parameters ?? {};
  const searchName = required.find((name) => isSearchText(name, properties[name]));
  const file = fileToRead(tool.name, question.sources);
  if (searchName === undefined && file === undefined && !isAbout(tool, question)) return undefined;
  const taken = new Set<string>();
  const args: Record<string, unknown> = {};
  for (const name of required) {
    const value =
      name === searchName
        ? question.text
        : (fileArgument(tool.name, name, question.sources) ??
          extractValue(name, properties[name] ?? {}, question.sources, taken));
    if (value === undefined) return undefined;
    args[name] = value;
  }
  for (const [name, schema] of Object.entries(properties)) {
    if (name in args || !(schema.enum ?? schema.pattern)) continue;
    const value = extractValue(name, { ...schema, default: undefined }, question.sources, taken);
    if (value !== undefined) args[name] = value;
  }
  return args;
}

function isSearchText(name: string, schema: JsonSchema | undefined): boolean {
  return searchParameters.has(name.toLowerCase()) && (schema?.type ?? 'string') === 'string' && !schema?.enum;
}

function isAbout(tool: ChatTool, question: Question): boolean {
  const subjects = meaningfulStems(`${tool.name} ${tool.description ?? ''}`);
  for (const word of toolWords) subjects.delete(word);
  return overlap(question.stems, subjects) > 0;
}
