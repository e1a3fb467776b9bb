import { Router, type Request } from 'express';
import type { AgentRevision } from '../agents/definition.ts';
import type { AgentInvoker } from '../agents/invoker.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { identified } from './identified.ts';
import { invalidQuery, wholeNumber } from './query-numbers.ts';

const mostPerPage = 100;

export interface AgentRoutesOptions {
  authenticate: Authenticate;
  invoker: AgentInvoker;
  /** Each llmId with its model's name. */
  models: () => ReadonlyMap<string, string>;
}

/** `GET /agents`, `GET /agents/{id}` (the public part) and `GET /llm-providers`. */
export function agentRoutes(options: AgentRoutesOptions): Router {
  const router = Router();
  router.get('/agents', async (request, response) => {
    const principal = await identified(options.authenticate, request);
    const limit = wholeNumber(request, 'limit', { least: 1, most: mostPerPage, otherwise: 50 });
    const offset = wholeNumber(request, 'offset', { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 });
    const agents = options.invoker.visible(principal).map(summary).filter(filterOf(request));
    response.json({ agents: agents.slice(offset, offset + limit), total: agents.length, limit, offset });
  });
  router.get('/agents/:id', async (request, response) => {
    const principal = await identified(options.authenticate, request);
    const agent = options.invoker.find(principal, request.params.id, 'see');
    response.json({ ...summary(agent), revision: agent.revision });
  });
  router.get('/llm-providers', async (request, response) => {
    await identified(options.authenticate, request);
    response.json(Object.fromEntries(options.models()));
  });
  return router;
}

interface AgentSummary {
  id: string;
  name: string;
  description: string;
  agent_type: 'declared';
  data_source_id: string | null;
  is_active: boolean;
  created_at: string;
  updated_at: string;
}

function summary(agent: AgentRevision): AgentSummary {
  const { name, description } = agent.definition.card;
  return {
    id: agent.id,
    name,
    description,
    agent_type: 'declared',
    data_source_id: null,
    is_active: true,
    created_at: agent.createdAt,
    updated_at: agent.updatedAt,
  };
}

function filterOf(request: Request): (agent: AgentSummary) => boolean {
  const { data_source_id: dataSource, is_active: active } = request.query;
  if (active !== undefined && active !== 'true' && active !== 'false')
    throw invalidQuery('is_active', 'must be true or false');
  if (dataSource !== undefined && typeof dataSource !== 'string')
    throw invalidQuery('data_source_id', 'must be given once');
  return (agent) =>
    (active === undefined || agent.is_active === (active === 'true')) &&
    (dataSource === undefined || agent.data_source_id === dataSource);
}
