import type { PublishedCapabilities } from '../agents/definition.ts';
import { Problem } from '../http/problem.ts';
import type { Call } from './call.ts';

/** What an agent may switch off in its card. */
export type Capability = keyof PublishedCapabilities;

/**
 * Capability validation (spec §3.3.4).
 * @throws Problem unsupported_operation or push_not_supported for what the agent's card says it does not offer.
 */
export function requireCapability({ agent }: Call, capability: Capability | undefined): void {
  if (capability === undefined || agent.definition.card.capabilities[capability]) return;
  if (capability === 'streaming') {
    throw new Problem(
      'unsupported_operation',
      'This agent does not support streaming: send the message without it, or get the task.',
    );
  }
  throw new Problem(
    'push_not_supported',
    'This agent does not support push notifications: subscribe to the task, or get it.',
  );
}
