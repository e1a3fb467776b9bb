import type { Part } from '../../runs/message.ts';
import type { RunSnapshot } from '../../runs/snapshot.ts';
import { ToolError } from '../../tools/tool.ts';

/**
 * What another agent has answered, as text: its words, its artifacts, then its structured response.
 * @param mask of what must not be shown, also not in the sentence
 * @throws ToolError with a sentence when it came to no answer
 */
export function childAnswer(name: string, snapshot: RunSnapshot, mask: (text: string) => string): string {
  const { finished, state, text, structured, artifacts = [] } = snapshot;
  if (state !== 'completed') throw new ToolError(mask(reasonOf(name, snapshot)));
  const parts = [
    ...artifacts.flatMap((one) => joined(one.parts)),
    ...((finished?.reply ?? finished)?.parts ?? []),
  ];
  const said = [text, ...parts.map(partText), structured ? JSON.stringify(structured) : ''];
  return mask(said.filter((one) => one !== '').join('\n\n'));
}

function reasonOf(name: string, { finished, state }: RunSnapshot): string {
  const said = (finished?.parts ?? []).flatMap((part) => part.text ?? []).join(' ');
  switch (state) {
    case 'input-required':
      return `The agent ${name} asks back, and nobody can answer it here: ${said} Call it again with all that it needs.`;
    case 'auth-required':
      return `The agent ${name} needs an authorization that it was not given: ${said}`;
    case 'failed':
      return `The agent ${name} failed: ${finished?.failure?.message ?? said}`;
    default:
      return `The agent ${name} ended as ${state}. ${said}`.trimEnd();
  }
}

/** Text of an artifact that comes in pieces is one text. */
function joined(parts: readonly Part[]): Part[] {
  const pieces: Part[] = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    if (last?.text === undefined || part.text === undefined) pieces.push({ ...part });
    else last.text += part.text;
  }
  return pieces;
}

function partText({ text, data, url, filename, mediaType }: Part): string {
  if (text !== undefined) return text;
  if (data !== undefined) return JSON.stringify(data);
  return `[${filename ?? 'file'}: ${url ?? mediaType ?? 'unknown type'}]`;
}
