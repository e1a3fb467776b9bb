import { Router, type Request, type Response } from 'express';
import type { AgentInvoker } from '../agents/invoker.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { sendDocument } from '../http/conditional-get.ts';
import { Problem } from '../http/problem.ts';
import type { CardCatalog } from './card-catalog.ts';
import { chooseCard } from './cards.ts';
import type { ProtocolVersion } from './wire.ts';

export interface CardRoutesOptions {
  authenticate: Authenticate;
  invoker: AgentInvoker;
  /** Id of the agent whose card stands at the origin. */
  defaultAgentId: () => string | undefined;
  cards: CardCatalog;
  defaultVersion: ProtocolVersion;
}

/** The agent cards (spec §8): one per agent, and the default agent's at the origin. */
export function cardRoutes(options: CardRoutesOptions): Router {
  const serve = async (request: Request, response: Response, agentId: string): Promise<void> => {
    const principal = await options.authenticate(request.headers, request.ip ?? '');
    const agent = options.invoker.find(principal, agentId, 'see');
    const query = request.query['A2A-Version'];
    const card = chooseCard(
      await options.cards.cardsOf(agent),
      request.get('A2A-Version'),
      typeof query === 'string' ? query : undefined,
      options.defaultVersion,
    );
    // Who may not see an assigned agent gets another answer.
    const personal = agent.definition.execution.access === 'assigned';
    response.type('application/json').set({
      'Cache-Control': personal ? 'private, max-age=60' : 'public, max-age=60',
      Vary: personal ? 'A2A-Version, Authorization' : 'A2A-Version',
    });
    sendDocument(request, response, card);
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
