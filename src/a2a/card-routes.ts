import { Router, type Request, type Response } from 'express';
import type { AgentRevision } from '../agents/definition.ts';
import type { AgentInvoker } from '../agents/invoker.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { Problem } from '../http/problem.ts';
import { buildCards, chooseCard, type AgentCards, type CardDocument, type CardOptions } from './cards.ts';
import type { ProtocolVersion } from './wire.ts';

export interface CardRoutesOptions {
  authenticate: Authenticate;
  invoker: AgentInvoker;
  /** Id of the agent whose card stands at the origin. */
  defaultAgentId: () => string | undefined;
  card: () => CardOptions;
  defaultVersion: ProtocolVersion;
}

/** The agent cards (spec §8): one per agent, and the default agent's at the origin. */
export function cardRoutes(options: CardRoutesOptions): Router {
  const cardsOf = cardCache(options);
  const serve = async (request: Request, response: Response, agentId: string): Promise<void> => {
    const principal = await options.authenticate(request.headers, request.ip ?? '');
    const agent = options.invoker.find(principal, agentId, 'see');
    const query = request.query['A2A-Version'];
    const card = chooseCard(
      cardsOf(agent),
      request.get('A2A-Version'),
      typeof query === 'string' ? query : undefined,
      options.defaultVersion,
    );
    response.set({
      'Cache-Control':
        agent.definition.execution.access === 'assigned' ? 'private, max-age=60' : 'public, max-age=60',
      ETag: card.etag,
      'Last-Modified': card.lastModified,
      Vary: 'A2A-Version',
    });
    if (isKnown(request, card)) response.status(304).end();
    else response.type('application/json').send(card.body);
  };

  const router = Router();
  router.get(
    ['/a2a/:agentId/.well-known/agent-card.json', '/a2a/:agentId/.well-known/agent.json'],
    async (request, response) => await serve(request, response, String(request.params.agentId)),
  );
  router.get(['/.well-known/agent-card.json', '/.well-known/agent.json'], async (request, response) => {
    const agentId = options.defaultAgentId();
    if (agentId === undefined) throw new Problem('not_found', 'No agent is declared yet.');
    await serve(request, response, agentId);
  });
  return router;
}

/** Cards are made once for each revision. */
function cardCache({ card, defaultAgentId }: CardRoutesOptions): (agent: AgentRevision) => AgentCards {
  // What a card says of gRPC depends on it, and a file that comes or goes may make another agent the default one.
  const asDefault = new WeakMap<AgentRevision, AgentCards>();
  const asOther = new WeakMap<AgentRevision, AgentCards>();
  return (agent) => {
    const made = agent.id === defaultAgentId() ? asDefault : asOther;
    const cards = made.get(agent) ?? buildCards(agent, card());
    made.set(agent, cards);
    return cards;
  };
}

/**
 * Whether the caller has this very card (RFC 9110 §13.1.2). Express's `fresh` would say no to every fetch-based
 * client: with If-None-Match they send `Cache-Control: no-cache`, which is about caches and not about us.
 */
function isKnown(request: Request, card: CardDocument): boolean {
  const etags = request.get('If-None-Match');
  if (etags === undefined) return request.get('If-Modified-Since') === card.lastModified;
  return etags
    .split(',')
    .some((etag) => etag.trim() === '*' || etag.trim().replace(/^W\//, '') === card.etag);
}
