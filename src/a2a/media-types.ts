import type { AgentRevision } from '../agents/definition.ts';
import { Problem } from '../http/problem.ts';
import type { Message } from '../runs/message.ts';
import type { RunRequest } from '../runs/record.ts';

/** What v0.3 cards say in place of a media type; any other word stands for its whole family (`text`, `image`). */
const shortModes: Readonly<Record<string, string>> = { '*': '*/*', file: '*/*', data: 'application/json' };

/** Media types of one side, as a card or a request lists them; wildcards may stand among them. */
class MediaModes {
  /** As they were written. */
  readonly names: readonly string[];
  readonly #modes: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.names = [...new Set(names)];
    this.#modes = new Set(names.map(normalized));
  }

  /** Whether a part of this type is among them. Nothing listed says nothing: then everything is. */
  include(mediaType: string): boolean {
    if (this.#modes.size === 0 || this.#modes.has('*/*')) return true;
    const type = normalized(mediaType);
    return this.#modes.has(type) || this.#modes.has(familyOf(type));
  }

  /** Whether some type is among both. */
  overlap(other: MediaModes): boolean {
    return this.#coverAnyOf(other) || other.#coverAnyOf(this);
  }

  #coverAnyOf(other: MediaModes): boolean {
    return other.#modes.size === 0 || [...other.#modes].some((mode) => this.include(mode));
  }
}

/** Lower case, without parameters, short modes written out. */
function normalized(mode: string): string {
  const [essence = ''] = mode.split(';', 1);
  const type = essence.trim().toLowerCase();
  return type.includes('/') ? type : (shortModes[type] ?? `${type}/*`);
}

function familyOf(type: string): string {
  return `${type.slice(0, type.indexOf('/'))}/*`;
}

interface AgentModes {
  input: MediaModes;
  output: MediaModes;
}

const modesByRevision = new WeakMap<AgentRevision, AgentModes>();

/** The card's modes and those of its skills: which skill answers is not known before. Made once for each revision. */
function modesOf(revision: AgentRevision): AgentModes {
  const known = modesByRevision.get(revision);
  if (known) return known;
  const { defaultInputModes, defaultOutputModes, skills } = revision.definition.card;
  const modes = {
    input: new MediaModes([...defaultInputModes, ...skills.flatMap(({ inputModes }) => inputModes ?? [])]),
    output: new MediaModes([
      ...defaultOutputModes,
      ...skills.flatMap(({ outputModes }) => outputModes ?? []),
    ]),
  };
  modesByRevision.set(revision, modes);
  return modes;
}

/**
 * Refuses a message with a part that names a media type which the agent does not take (spec §3.3.2). A part that
 * names none is not checked, and neither are those of the gateway's extensions.
 * @param hidden indexes of the parts that carry values or a conversation
 * @throws Problem content_type_not_supported naming the part, its type and what the agent takes
 */
export function requireInputModes(message: Message, hidden: readonly number[], agent: AgentRevision): void {
  const { input } = modesOf(agent);
  const exempt = new Set(hidden);
  for (const [index, { mediaType }] of message.parts.entries()) {
    if (!mediaType || exempt.has(index) || input.include(mediaType)) continue;
    const part = `message.parts[${index}]`;
    throw new Problem(
      'content_type_not_supported',
      `${part} is ${mediaType}, which this agent does not take. It takes ${input.names.join(', ')}.`,
      { details: { part, mediaType, inputModes: input.names } },
    );
  }
}

/**
 * Refuses a caller who accepts nothing that the agent can say (spec §3.2.2).
 * @throws Problem content_type_not_supported naming the agent's output modes
 */
export function requireOutputModes(accepted: readonly string[] | undefined, agent: AgentRevision): void {
  if (!accepted?.length) return;
  const { output } = modesOf(agent);
  if (output.overlap(acceptedModes(accepted))) return;
  throw new Problem(
    'content_type_not_supported',
    `This agent answers in ${output.names.join(', ')}: name one of them in acceptedOutputModes, or leave it out.`,
    { details: { acceptedOutputModes: accepted, outputModes: output.names } },
  );
}

const modesByList = new WeakMap<readonly string[], MediaModes>();

/** Every event of a run asks with the same list. */
function acceptedModes(accepted: readonly string[]): MediaModes {
  const known = modesByList.get(accepted) ?? new MediaModes(accepted);
  modesByList.set(accepted, known);
  return known;
}

/** Whether the caller of the run takes a part of this type; one of no type is for everybody. */
export function takesOutput({ acceptedOutputModes }: RunRequest, mediaType: string | undefined): boolean {
  if (!acceptedOutputModes || !mediaType) return true;
  return acceptedModes(acceptedOutputModes).include(mediaType);
}
