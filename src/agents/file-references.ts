import { hash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Finding, WrittenDeclared, WrittenModule } from './agent-file.ts';
import { maxPromptCharacters } from './schema-parts.ts';

const maxReferencedBytes = 5_000_000;

const promptPath = ['execution', 'systemPrompt', 'file'];

/** The prompt's text: as it stands, or read from a file inside `folder`, the agent file's own. */
export async function systemPromptText(
  prompt: WrittenDeclared['systemPrompt'],
  folder: string,
): Promise<{ text: string } | { finding: Finding }> {
  if (typeof prompt === 'string') return { text: prompt };
  const refuse = (reason: string) => ({ finding: { path: promptPath, reason } });
  const path = resolve(folder, prompt.file);
  if (!isInside(resolve(folder), path)) return refuse('must stay inside the folder of the agent file');
  try {
    // The second look is at where symbolic links lead.
    const target = await realpath(path);
    if (!isInside(await realpath(folder), target)) {
      return refuse('must stay inside the folder of the agent file, its links too');
    }
    const found = await stat(target);
    if (!found.isFile()) return refuse('is not a file');
    // A character is at most four bytes.
    const text = found.size > 4 * maxPromptCharacters ? undefined : await readFile(target, 'utf8');
    if (text === undefined || text.length > maxPromptCharacters) {
      return refuse(`is longer than ${maxPromptCharacters} characters`);
    }
    if (text.trim() === '') return refuse('is empty');
    return { text };
  } catch {
    return refuse(`${JSON.stringify(prompt.file)} does not exist or cannot be read`);
  }
}

/** The file of a module agent, inside `folder`, with the hash of what it holds now. */
export async function moduleFile(
  { module }: WrittenModule,
  folder: string,
): Promise<{ module: string; moduleHash: string } | { finding: Finding }> {
  const found = await fileInside(module, folder);
  if ('reason' in found) return { finding: { path: ['execution', 'module'], reason: found.reason } };
  return { module: found.path, moduleHash: hash('sha256', found.content, 'hex') };
}

/**
 * A file that an agent file names, inside `folder`, which is watched: where it really is, and what it holds; or why
 * it cannot be used.
 */
export async function fileInside(
  name: string,
  folder: string,
  maxBytes = maxReferencedBytes,
): Promise<{ path: string; content: Buffer } | { reason: string }> {
  const path = resolve(folder, name);
  if (!isInside(resolve(folder), path)) return { reason: 'must stay inside the folder of the agent file' };
  try {
    const target = await realpath(path);
    if (!isInside(await realpath(folder), target)) {
      return { reason: 'must stay inside the folder of the agent file, its links too' };
    }
    const found = await stat(target);
    if (!found.isFile()) return { reason: 'is not a file' };
    if (found.size > maxBytes) return { reason: `is larger than ${maxBytes / 1_000_000} MB` };
    return { path: target, content: await readFile(target) };
  } catch {
    return { reason: `${JSON.stringify(name)} does not exist or cannot be read` };
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
