import { isRecord } from './chat.ts';
import { wordsOf } from './words.ts';

/** Names of parameters that take a file or a folder. */
const fileParameters: ReadonlySet<string> = new Set([
  'path',
  'file',
  'filename',
  'file_name',
  'filepath',
  'file_path',
]);

/** `models.md`, `guide/models.md`; not a version, an address or an abbreviation. */
const fileName = /(?<![\w/:.@-])(?:[\w.-]+\/)*[\w-]{2,}(?:\.[\w-]+)*\.[a-z][a-z0-9]{0,4}(?![\w/@-]|\.\w)/i;

/** The file that the user wants to be read with this tool; undefined where none is mentioned or the tool does more than read. */
export function fileToRead(toolName: string, sources: readonly string[]): string | undefined {
  return readsFiles(toolName) ? mentionedFile(sources) : undefined;
}

/** What a parameter for a file is given: the file to read, or to a tool that lists a folder the folder itself. */
export function fileArgument(
  toolName: string,
  parameter: string,
  sources: readonly string[],
): string | undefined {
  if (!fileParameters.has(parameter.toLowerCase())) return undefined;
  if (listsFolder(toolName)) return mentionedFile(sources) === undefined ? '.' : undefined;
  return fileToRead(toolName, sources);
}

/** The file that a call has read; undefined where it did something else. */
export function readFile(toolName: string, args: unknown): string | undefined {
  if (!readsFiles(toolName) || !isRecord(args)) return undefined;
  const [, file] = Object.entries(args).find(([name]) => fileParameters.has(name.toLowerCase())) ?? [];
  return typeof file === 'string' ? file : undefined;
}

/** By its name: a tool that may do anything else with a file is given none that a user only mentions. */
function readsFiles(toolName: string): boolean {
  return wordsOf(toolName).includes('read');
}

function listsFolder(toolName: string): boolean {
  const words = wordsOf(toolName);
  return words.includes('list') && words.some((word) => /^(dir|directory|folder|files)$/.test(word));
}

function mentionedFile(sources: readonly string[]): string | undefined {
  for (const source of sources) {
    const found = fileName.exec(source);
    if (found) return found[0];
  }
  return undefined;
}
