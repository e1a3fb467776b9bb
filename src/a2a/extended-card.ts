import type { AgentDefinition, PublishedCard } from '../agents/definition.ts';
import { unauthorized } from '../auth/unauthorized.ts';
import { Problem } from '../http/problem.ts';
import type { Call } from './call.ts';
import type { CardCatalog } from './card-catalog.ts';
import type { CardShapes } from './wire.ts';

/** What the extended card says of the agent: the card with the further skills and the other texts. */
export function extendedContent({ card, extendedCard }: AgentDefinition): PublishedCard {
  if (!extendedCard) return card;
  const { description, documentationUrl, skills } = extendedCard;
  return {
    ...card,
    ...(description !== undefined && { description }),
    ...(documentationUrl !== undefined && { documentationUrl }),
    skills: [...card.skills, ...skills],
  };
}

/**
 * The card that this caller may have (spec §3.1.11, §13.3): the extended one, or the card itself for callers whose
 * role it is not for. Nobody gets it without credentials, wherever else the gateway lets them in.
 * @throws Problem unauthorized; unsupported_operation (v1.0, spec §3.3.4) or extended_card_not_configured (v0.3)
 * for an agent that has none.
 */
export async function extendedCardFor(
  { agent, principal, codec }: Call,
  cards: Pick<CardCatalog, 'cardsOf' | 'extendedCardsOf'>,
): Promise<CardShapes> {
  const { extendedCard } = agent.definition;
  if (!extendedCard) {
    throw new Problem(
      codec.version === '0.3' ? 'extended_card_not_configured' : 'unsupported_operation',
      'This agent has no extended card: its card says all there is.',
    );
  }
  if (principal.kind === 'anonymous') throw unauthorized();
  const { roles } = extendedCard;
  const extended = roles === undefined || roles.includes(principal.role);
  const { v1, v03 } = await (extended ? cards.extendedCardsOf(agent) : cards.cardsOf(agent));
  return { v1: v1.card, v03: v03.card };
}
