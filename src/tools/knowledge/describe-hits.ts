import type { ToolResult } from '../tool.ts';
import type { KnowledgeAnswer, KnowledgeHit } from './knowledge.ts';

/**
 * The result of a search as a tool gives it: numbered excerpts for the model, each passage as it stands in its
 * document; for the probe where each of them is, with the words that matched between `**`.
 * @param folder the name that stands before the files' paths
 */
export function describeHits(
  { hits, mode, notice }: KnowledgeAnswer,
  { query, folder }: { query: string; folder: string },
): ToolResult {
  const detail = { mode, ...(notice && { notice }), passages: hits.map((hit) => detailOf(hit, folder)) };
  const more = notice ? ` (${notice})` : '';
  if (hits.length === 0) {
    return { text: `Nothing in ${folder} matches "${query}".`, summary: `No passages found${more}`, detail };
  }
  const excerpts = hits.map((hit, position) => `[${position + 1}] ${excerptOf(hit, folder)}`);
  const count = hits.length === 1 ? '1 passage found' : `${hits.length} passages found`;
  return { text: excerpts.join('\n\n'), summary: `${count}${more}`, detail };
}

/** A passage under its title: `<source> — <heading>`, and the text on the next lines. */
export function excerptOf(hit: KnowledgeHit, folder: string): string {
  const title = hit.heading ? ` — ${hit.heading}` : '';
  return `${placeOf(hit, folder)}${title}\n${hit.text}`;
}

/** `guide/returns.md:7-9`; `guide/manual.pdf, page 3`. */
function placeOf({ path, place: { unit, start, end } }: KnowledgeHit, folder: string): string {
  const range = start === end ? `${start}` : `${start}-${end}`;
  return unit === 'page' ? `${folder}/${path}, page ${range}` : `${folder}/${path}:${range}`;
}

function detailOf({ path, heading, place, excerpt, score }: KnowledgeHit, folder: string) {
  return {
    source: `${folder}/${path}`,
    ...(place.unit === 'page' ? { page: place.start } : { line: place.start, endLine: place.end }),
    ...(heading && { heading }),
    score: Number(score.toPrecision(4)),
    excerpt,
  };
}
