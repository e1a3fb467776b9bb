import type { DeclaredExtension, PublishedCard } from '../agents/definition.ts';
import type { SupportedInterface } from './card-interfaces.ts';

/** What a card is made of. Nothing of the agent's `execution` comes here but what its extensions publish. */
export interface CardContent {
  published: PublishedCard;
  capabilities: CardCapabilities;
  interfaces: readonly SupportedInterface[];
  extensions: readonly DeclaredExtension[];
  /** False: the card requires no security, as a client that reads of it believes that it must have a key. */
  credentialsRequired: boolean;
}

/** What really is on: of the agent's wishes those that the gateway can fulfil. */
export interface CardCapabilities {
  streaming: boolean;
  pushNotifications: boolean;
  extendedAgentCard: boolean;
}

/** Whether the card says how callers may show who they are: who wants the extended card must (spec §3.1.11). */
export function namesSchemes({ credentialsRequired, capabilities }: CardContent): boolean {
  return credentialsRequired || capabilities.extendedAgentCard;
}

/** How callers show who they are; both versions of the card say it. */
export const credentialDescriptions = {
  ssws: 'An API key of the gateway: `SSWS <key>`.',
  bearer: 'An API key of the gateway, or a JSON Web Token where the gateway accepts them.',
} as const;
