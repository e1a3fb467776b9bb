import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { extname, join, sep } from 'node:path';

/** A document of the folder, as the listing shows it. */
export interface KnowledgeFile {
  /** Relative to the folder, with `/`. */
  path: string;
  absolutePath: string;
  size: number;
  modifiedMs: number;
}

export interface KnowledgeLimits {
  files: number;
  bytesPerFile: number;
  bytes: number;
}

/** The bytes in total bound the memory of an index (about ten times their size). */
export const knowledgeLimits: KnowledgeLimits = { files: 2000, bytesPerFile: 2_000_000, bytes: 32_000_000 };

const extensions = new Set(['.md', '.markdown', '.txt', '.text', '.json']);

/**
 * The Markdown, text and JSON files of a folder, in the order of their paths, up to the limits. Left out: hidden files
 * and folders, files above the size limit, and symbolic links that leave the folder.
 * @throws the file system's error when the folder itself cannot be read.
 */
export async function listKnowledgeFiles(
  folder: string,
  limits: KnowledgeLimits = knowledgeLimits,
): Promise<KnowledgeFile[]> {
  const root = await realpath(folder);
  const walk: Walk = { root, limits, files: [], bytes: 0, visited: new Set([root]) };
  await visit(walk, root, '');
  return walk.files;
}

interface Walk {
  root: string;
  limits: KnowledgeLimits;
  files: KnowledgeFile[];
  bytes: number;
  /** Real paths of folders, because a link may lead back to one above. */
  visited: Set<string>;
}

async function visit(walk: Walk, folder: string, prefix: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || walk.files.length >= walk.limits.files) continue;
    try {
      await visitEntry(walk, entry, `${prefix}${entry.name}`);
    } catch {
      // Removed meanwhile, or not readable: the others are still worth finding.
    }
  }
}

async function visitEntry(walk: Walk, entry: Dirent, path: string): Promise<void> {
  const visible = join(entry.parentPath, entry.name);
  const absolutePath = entry.isSymbolicLink() ? await realpath(visible) : visible;
  if (!absolutePath.startsWith(walk.root + sep)) return;
  const status = await stat(absolutePath);
  if (status.isDirectory()) {
    if (walk.visited.has(absolutePath)) return;
    walk.visited.add(absolutePath);
    await visit(walk, absolutePath, `${path}/`);
    return;
  }
  const fits = status.size <= walk.limits.bytesPerFile && walk.bytes + status.size <= walk.limits.bytes;
  if (!status.isFile() || !extensions.has(extname(path).toLowerCase()) || !fits) return;
  walk.bytes += status.size;
  walk.files.push({ path, absolutePath, size: status.size, modifiedMs: status.mtimeMs });
}
