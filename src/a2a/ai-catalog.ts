import { hash } from 'node:crypto';
import { Router } from 'express';
import type { AgentRevision } from '../agents/definition.ts';
import type { AgentInvoker } from '../agents/invoker.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { sendDocument } from '../http/conditional-get.ts';

export interface AiCatalogOptions {
  authenticate: Authenticate;
  invoker: AgentInvoker;
  publicUrl: () => string;
}

/** An AI Catalog (its draft 1.0): where the cards of the agents are. */
export interface AiCatalog {
  specVersion: '1.0';
  host: { displayName: string; identifier: string };
  entries: AiCatalogEntry[];
}

export interface AiCatalogEntry {
  /** The agent's own address: unique everywhere, whatever becomes of the draft's `urn:air` names. */
  identifier: string;
  /** The card's, here too so that nobody must fetch every card to show a list. */
  displayName: string;
  description: string;
  type: 'application/a2a-agent-card+json';
  /** The card's address. */
  url: string;
  tags: string[];
  /** ISO-8601 UTC. */
  updatedAt: string;
}

/** `GET /.well-known/ai-catalog.json`: the agents that the caller may see. */
export function aiCatalogRoute({ authenticate, invoker, publicUrl }: AiCatalogOptions): Router {
  const router = Router();
  router.get('/.well-known/ai-catalog.json', async (request, response) => {
    const principal = await authenticate(request.headers, request.ip ?? '');
    const body = JSON.stringify(aiCatalog(invoker.visible(principal), publicUrl()));
    const personal = request.headers.authorization !== undefined;
    response.type('application/ai-catalog+json').set({
      'Cache-Control': personal ? 'private, max-age=60' : 'public, max-age=60',
      Vary: 'Authorization',
    });
    sendDocument(request, response, { body, etag: `"${hash('sha256', body)}"` });
  });
  return router;
}

function aiCatalog(agents: readonly AgentRevision[], publicUrl: string): AiCatalog {
  const base = publicUrl.replace(/\/+$/, '');
  const { host } = new URL(base);
  return {
    specVersion: '1.0',
    host: { displayName: host, identifier: host },
    entries: agents.map((agent) => entry(agent, `${base}/a2a/${agent.id}`)),
  };
}

function entry({ definition: { card }, updatedAt }: AgentRevision, address: string): AiCatalogEntry {
  return {
    identifier: address,
    displayName: card.name,
    description: card.description,
    type: 'application/a2a-agent-card+json',
    url: `${address}/.well-known/agent-card.json`,
    tags: [...new Set(card.skills.flatMap(({ tags }) => tags))],
    updatedAt,
  };
}
