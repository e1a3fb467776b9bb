import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { declaredPart, type AgentFile, type FilePath, type Finding } from './agent-file.ts';
import { withDefaults, type ResolvedFiles } from './defaults.ts';
import type { AgentDefinition } from './definition.ts';
import { moduleFile, systemPromptText } from './file-references.ts';
import { checkSchema, formatPath } from './schema-findings.ts';
import { semanticFindings, type ConfiguredScope } from './semantic-checks.ts';
import { defineTools } from './tool-types/tool-types.ts';
import { parseLocated } from './yaml-location.ts';

/** One thing that is wrong with an agent file. */
export interface FileProblem {
  /** The path that the file was loaded by. */
  file: string;
  /** From 1. */
  line: number;
  /** `execution.tools[0].url`; empty for the file itself. */
  path: string;
  /** Never holds a value that may be a secret. */
  reason: string;
}

export interface LoadOptions extends Partial<ConfiguredScope> {
  /** MODULE_AGENTS. */
  modulesAllowed?: boolean;
}

const maxFileBytes = 1024 * 1024;

/**
 * Reads one agent file (YAML or JSON), checks everything that can be checked without running it, and fills in
 * the defaults. Does not throw for anything that the file does wrong.
 */
export async function loadAgentFile(
  path: string,
  options: LoadOptions = {},
): Promise<{ definition: AgentDefinition } | { problems: FileProblem[] }> {
  const source = await readSource(path);
  if ('reason' in source) return { problems: [{ file: path, line: 1, path: '', reason: source.reason }] };
  return await checkAgentFile(path, source.text, options);
}

/** The same for a file of this text, which need not be there yet. */
export async function checkAgentFile(
  path: string,
  text: string,
  options: LoadOptions = {},
): Promise<{ definition: AgentDefinition } | { problems: FileProblem[] }> {
  const parsed = parseLocated(text);
  if ('problems' in parsed) {
    return { problems: parsed.problems.map((problem) => ({ file: path, path: '', ...problem })) };
  }
  const checked = checkSchema(parsed.value);
  const result = 'findings' in checked ? checked : await resolve(path, checked.file, options);
  if ('definition' in result) return result;
  return { problems: located(path, result.findings, parsed.lineOf) };
}

async function readSource(path: string): Promise<{ text: string } | { reason: string }> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { reason: 'is not a file' };
    if (found.size > maxFileBytes) return { reason: 'is larger than 1 MB' };
    return { text: await readFile(path, 'utf8') };
  } catch (error) {
    return { reason: `cannot be read (${errorCode(error)})` };
  }
}

async function resolve(
  path: string,
  file: AgentFile,
  options: LoadOptions,
): Promise<{ definition: AgentDefinition } | { findings: Finding[] }> {
  const { files, findings: missing } = await referencedFiles(file, dirname(path), options);
  const surroundings = { dataSources: new Set<string>(), ...options, prompt: files?.prompt };
  const findings = [...idFindings(path, file.id), ...missing, ...semanticFindings(file, surroundings)];
  if (!files || findings.length > 0) return { findings };
  return { definition: withDefaults(file, files) };
}

/** What the file names, read or looked up; without files the findings say why. */
interface Referenced {
  files?: ResolvedFiles;
  findings: Finding[];
}

async function referencedFiles(
  { execution }: AgentFile,
  folder: string,
  { modulesAllowed }: LoadOptions,
): Promise<Referenced> {
  const nothing = { prompt: '', tools: [] };
  if (execution.kind === 'module') {
    if (!modulesAllowed) return { findings: [modulesOff] };
    const module = await moduleFile(execution, folder);
    if ('finding' in module) return { findings: [module.finding] };
    return { files: { ...nothing, module }, findings: [] };
  }
  const declared = declaredPart(execution);
  if (!declared) return { files: nothing, findings: [] };
  const prompt = await systemPromptText(declared.systemPrompt, folder);
  const tools = await defineTools(declared.tools ?? [], ['execution', 'tools'], folder);
  if ('finding' in prompt) return { findings: [prompt.finding, ...tools.findings] };
  return { files: { prompt: prompt.text, tools: tools.definitions }, findings: tools.findings };
}

const modulesOff: Finding = {
  path: ['execution', 'kind'],
  reason: 'is module, which runs code of its own: set MODULE_AGENTS=true to allow that',
};

function idFindings(path: string, id: string): Finding[] {
  const expected = basename(path, extname(path));
  if (id === expected) return [];
  return [
    { path: ['id'], reason: `must be the file's name without its ending, ${JSON.stringify(expected)}` },
  ];
}

function located(file: string, findings: Finding[], lineOf: (path: FilePath) => number): FileProblem[] {
  return findings
    .map(({ path, reason }) => ({ file, line: lineOf(path), path: formatPath(path), reason }))
    .sort((one, other) => one.line - other.line);
}

/** `ENOENT` and its like; never a message, which would repeat a path. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error && 'code' in error ? String(error.code) : 'unknown error';
}
