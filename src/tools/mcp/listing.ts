import { createHash } from 'node:crypto';
import type { Tool as ListedTool } from '@modelcontextprotocol/client';
import type { McpToolDefinition } from '../../agents/tool-types/mcp.ts';
import { compileParameters } from '../parameters.ts';
import type { Tool } from '../tool.ts';

/** What the model is offered of one of the server's tools. */
export interface OfferedTool extends Omit<Tool, 'execute'> {
  /** What the server calls it. */
  readonly remoteName: string;
}

const mostTools = 128;
const mostDescriptionCharacters = 1024;
const mostSchemaCharacters = 50_000;
const mostNameCharacters = 64;

export interface ListingReaders {
  /** Hears of each tool that is left out. */
  warn: (reason: string) => void;
  /** Takes secrets out of what the server says. */
  mask: (text: string) => string;
}

/** The tools that a declaration brings, of those that its server lists. */
export function offeredTools(
  definition: McpToolDefinition,
  listed: readonly ListedTool[],
  { warn, mask }: ListingReaders,
): OfferedTool[] {
  const wanted = selected(definition, [...new Map(listed.map((tool) => [tool.name, tool])).values()], warn);
  const names = toolNames(
    definition.name,
    wanted.map(({ name }) => name),
  );
  return wanted.flatMap((tool) => {
    try {
      return [offered(definition, maskedTool(tool, mask), names.get(tool.name) ?? tool.name)];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      warn(
        `Its tool ${JSON.stringify(mask(tool.name).slice(0, 128))} is left out: ${mask(reason).slice(0, 300)}`,
      );
      return [];
    }
  });
}

/** What the model reads of it, without secrets: before anything is cut. */
function maskedTool(tool: ListedTool, mask: (text: string) => string): ListedTool {
  const { description, title, inputSchema } = tool;
  return {
    ...tool,
    ...(description !== undefined && { description: mask(description) }),
    title: mask(title ?? tool.name),
    inputSchema: maskedJson(inputSchema, mask) as ListedTool['inputSchema'],
  };
}

function maskedJson(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((one) => maskedJson(one, mask));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [mask(name), maskedJson(one, mask)]));
}

function selected(
  { tools }: McpToolDefinition,
  listed: readonly ListedTool[],
  warn: (reason: string) => void,
): readonly ListedTool[] {
  if (tools) {
    const known = new Set(listed.map(({ name }) => name));
    for (const name of tools) if (!known.has(name)) warn(`It has no tool ${JSON.stringify(name)}.`);
    return listed.filter(({ name }) => tools.includes(name));
  }
  if (listed.length > mostTools) warn(`It has ${listed.length} tools; the first ${mostTools} are offered.`);
  return listed.slice(0, mostTools);
}

/** @throws Error when it cannot be called, or its input schema cannot be used. */
function offered(definition: McpToolDefinition, tool: ListedTool, name: string): OfferedTool {
  if (tool.execution?.taskSupport === 'required') throw new Error('it runs as a task only');
  const parameters = parametersOf(tool);
  const description = [definition.description, tool.description ?? tool.title].filter(Boolean);
  return {
    name,
    remoteName: tool.name,
    source: definition.name,
    description: description.join(' ').slice(0, mostDescriptionCharacters).toWellFormed(),
    parameters,
    sideEffects: definition.sideEffectsDeclared ? (definition.sideEffects ?? true) : !isReadOnly(tool),
    ...(definition.timeoutSeconds !== undefined && { timeoutSeconds: definition.timeoutSeconds }),
    validate: compileParameters(parameters),
  };
}

/** One dialect for everybody: what an older draft means otherwise does not compile, so nothing is read wrongly. */
function parametersOf({ inputSchema }: ListedTool): Tool['parameters'] {
  const { $schema: _dialect, ...schema } = inputSchema;
  if (JSON.stringify(schema).length > mostSchemaCharacters) throw new Error('its input schema is too large');
  return { ...schema, type: 'object', properties: schema.properties ?? {} };
}

/** Who does not say so may change something. */
function isReadOnly({ annotations }: ListedTool): boolean {
  return annotations?.readOnlyHint === true && annotations.destructiveHint !== true;
}

/** `<declaration>_<tool>`, fit for a function name; the same whatever the order of the list is. */
export function toolNames(declaration: string, names: readonly string[]): Map<string, string> {
  const plain = (name: string): string => `${declaration}_${name.replaceAll(/[^a-zA-Z0-9_-]/g, '_')}`;
  const isExact = (name: string): boolean => plain(name) === `${declaration}_${name}`;
  return new Map(
    names.map((name) => {
      const candidate = plain(name);
      const clashes = !isExact(name) && names.some((other) => other !== name && plain(other) === candidate);
      return [name, clashes || candidate.length > mostNameCharacters ? hashed(candidate, name) : candidate];
    }),
  );
}

function hashed(candidate: string, name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${candidate.slice(0, mostNameCharacters - 9)}_${hash}`;
}
