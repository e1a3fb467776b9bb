import type { AgentRevision } from '../agents/definition.ts';
import type { CardShape, CardSigner } from './card-signer.ts';
import { buildCards, withSignatures, type AgentCards, type CardOptions } from './cards.ts';
import { extendedContent } from './extended-card.ts';

export interface CardCatalogOptions {
  signer: CardSigner;
  /** Asked when a card is: the public URL may be known only when the gateway listens. */
  card: () => CardOptions;
}

interface SignedCards {
  /** What may change while the revision does not. */
  madeFor: string;
  cards: Promise<AgentCards>;
}

/** The signed cards of all agents, made at the first request for them and again after a rotation of the key. */
export class CardCatalog {
  readonly #options: CardCatalogOptions;
  readonly #cards = new WeakMap<AgentRevision, SignedCards>();
  readonly #extended = new WeakMap<AgentRevision, SignedCards>();

  constructor(options: CardCatalogOptions) {
    this.#options = options;
  }

  /** The cards that everybody is shown who may see the agent. */
  async cardsOf(revision: AgentRevision): Promise<AgentCards> {
    return await this.#signed(this.#cards, revision, () => buildCards(revision, this.#options.card()));
  }

  /** The cards with what the agent's extended card adds; without one, they say what the others say. */
  async extendedCardsOf(revision: AgentRevision): Promise<AgentCards> {
    return await this.#signed(this.#extended, revision, () =>
      buildCards(revision, this.#options.card(), extendedContent(revision.definition)),
    );
  }

  async #signed(
    kept: WeakMap<AgentRevision, SignedCards>,
    revision: AgentRevision,
    build: () => AgentCards,
  ): Promise<AgentCards> {
    // The default agent's card says more of gRPC, and a file that comes or goes may make another agent the default one.
    const isDefault = this.#options.card().grpc?.defaultAgentId === revision.id;
    const keyId = await this.#options.signer.keyId();
    const madeFor = `${keyId} ${isDefault}`;
    const known = kept.get(revision);
    if (known?.madeFor === madeFor) return await known.cards;
    const cards = this.#sign(build(), keyId);
    kept.set(revision, { madeFor, cards });
    cards.catch(() => kept.delete(revision));
    return await cards;
  }

  async #sign(cards: AgentCards, keyId: string): Promise<AgentCards> {
    const sign = async (shape: CardShape) =>
      withSignatures(cards[shape], await this.#options.signer.sign(cards[shape].card, shape), keyId);
    const [v1, v03, combined] = await Promise.all([sign('v1'), sign('v03'), sign('combined')]);
    return { v1, v03, combined };
  }
}
