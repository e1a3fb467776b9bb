import type { AgentRevision } from '../agents/definition.ts';
import type { Principal } from '../auth/principal.ts';
import type { Position } from '../runs/event.ts';
import type { Properties } from '../runs/record.ts';
import type { AnswerPlace } from './projection.ts';
import type { Codec } from './wire.ts';

/** Everything that an operation must know of its call, whatever transport brought it. */
export interface Call {
  principal: Principal;
  agent: AgentRevision;
  codec: Codec;
  /** URIs of the activated extensions. */
  activated: readonly string[];
  llmId?: string;
  properties: Properties;
  /** `Last-Event-ID`, where the transport has it. */
  cursor?: Position;
  /** Aborts when the caller is gone; the run goes on. Made when it is asked for: streams are left by `return`. */
  readonly signal: AbortSignal;
}

/** Where this caller finds the answer: as it asked, as the agent says, as its protocol version has it. */
export function answerPlace(call: Call): AnswerPlace {
  const { execution } = call.agent.definition;
  // Only a declared agent has one answer that a status could repeat.
  const usual = call.codec.version === '0.3' && execution.kind === 'declared' ? 'both' : 'artifact';
  return call.properties.answerIn ?? execution.answerIn ?? usual;
}
