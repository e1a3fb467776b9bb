import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join, sep } from 'node:path';
import { extensionOf, knownExtensions } from './read-document.ts';

/** A document of the folder, as the listing shows it. */
export interface KnowledgeFile {
  /** Relative to the folder, with `/`. */
  path: string;
  absolutePath: string;
  size: number;
  /** Changes with the file's content. */
  stamp: string;
}

export interface KnowledgeLimits {
  files: number;
  bytesPerFile: number;
  /** A PDF is mostly not text, so it may be larger, and does not count into `bytes`. */
  bytesPerPdf: number;
  bytes: number;
}

/** The bytes in total bound what is read at all; the memory of an index is bounded by its passages. */
export const knowledgeLimits: KnowledgeLimits = {
  files: 2000,
  bytesPerFile: 2_000_000,
  bytesPerPdf: 32_000_000,
  bytes: 32_000_000,
};

export interface KnowledgeListing {
  files: KnowledgeFile[];
  /** Documents that the limits leave out, by their paths; no more than the first hundred. */
  leftOut: string[];
}

const maximumLeftOut = 100;

/**
 * The documents of a folder, in the order of their paths, up to the limits. Passed over: files of other types, hidden
 * files and folders, and symbolic links that leave the folder.
 * @throws the file system's error when the folder itself cannot be read.
 */
export async function listKnowledgeFiles(
  folder: string,
  limits: KnowledgeLimits = knowledgeLimits,
): Promise<KnowledgeListing> {
  const root = await realpath(folder);
  const walk: Walk = { root, limits, files: [], leftOut: [], bytes: 0, visited: new Set([root]) };
  await visit(walk, root, '');
  return { files: walk.files, leftOut: walk.leftOut };
}

interface Walk extends KnowledgeListing {
  root: string;
  limits: KnowledgeLimits;
  bytes: number;
  /** Real paths of folders, because a link may lead back to one above. */
  visited: Set<string>;
}

async function visit(walk: Walk, folder: string, prefix: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || walk.leftOut.length >= maximumLeftOut) continue;
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
  if (!status.isFile() || !knownExtensions.has(extensionOf(path))) return;
  const isPdf = extensionOf(path) === 'pdf';
  const { files, bytes, bytesPerFile, bytesPerPdf } = walk.limits;
  const fits = isPdf
    ? status.size <= bytesPerPdf
    : status.size <= bytesPerFile && walk.bytes + status.size <= bytes;
  if (!fits || walk.files.length >= files) {
    walk.leftOut.push(path);
    return;
  }
  if (!isPdf) walk.bytes += status.size;
  const stamp = `${status.size} ${status.mtimeMs} ${status.ctimeMs} ${status.ino}`;
  walk.files.push({ path, absolutePath, size: status.size, stamp });
}
