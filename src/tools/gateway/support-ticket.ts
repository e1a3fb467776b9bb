import { randomUUID } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { HeaderValue } from '../../agents/declared-headers.ts';
import type { EgressGuard } from '../egress/egress-guard.ts';
import { compileParameters } from '../parameters.ts';
import { resolveHeaders } from '../request-headers.ts';
import { ToolError, type Tool, type ToolCall } from '../tool.ts';
import {
  ticketPriorities,
  type SupportTicket,
  type TicketPriority,
  type TicketStore,
} from './ticket-store.ts';

/** The operator's own address for tickets. */
export interface TicketWebhook {
  url: string;
  headers: Readonly<Record<string, HeaderValue>>;
}

export interface SupportTicketDependencies {
  env: Readonly<Record<string, string | undefined>>;
  guard: Pick<EgressGuard, 'trustedFetch'>;
  store: TicketStore;
}

const mostTickets = 10_000;
const ticketsPerHour = 10;
const answerBytes = 10_000;

const parameters = {
  type: 'object',
  properties: {
    subject: { type: 'string', minLength: 1, maxLength: 200, description: 'What it is about, in one line.' },
    description: { type: 'string', minLength: 1, maxLength: 10_000, description: 'What is needed, in full.' },
    priority: { type: 'string', enum: ticketPriorities, description: 'Default: normal.' },
    email: { type: 'string', format: 'email', maxLength: 254, description: 'Where the answer goes.' },
  },
  required: ['subject', 'description'],
  additionalProperties: false,
};

/**
 * `create_support_ticket`: posts the ticket to the operator's webhook, or stores it for administrators where there
 * is none. Answers `{ticket_id, status}`. At most 10 an hour for each user.
 */
export function createSupportTicketTool(
  webhook: TicketWebhook | undefined,
  deps: SupportTicketDependencies,
): Tool {
  const limiter = new RateLimiterMemory({ points: ticketsPerHour, duration: 3600 });
  return {
    name: 'create_support_ticket',
    description: 'Creates a support ticket for the people who run this gateway.',
    parameters,
    sideEffects: true,
    validate: compileParameters(parameters),
    execute: async (call) => {
      await countTicket(limiter, call.caller.userId);
      const ticket = ticketOf(call);
      if (webhook) await post(webhook, ticket, deps, call.signal);
      else await store(ticket, deps.store);
      const text = JSON.stringify({ ticket_id: ticket.id, status: 'created' });
      return { text, summary: 'ticket created' };
    },
  };
}

function ticketOf({ arguments: given, caller }: ToolCall): SupportTicket {
  const { priority = 'normal', ...rest } = given as {
    subject: string;
    description: string;
    priority?: TicketPriority;
    email?: string;
  };
  return { id: randomUUID(), userId: caller.userId, priority, ...rest, createdAt: Date.now() };
}

async function countTicket(limiter: RateLimiterMemory, userId: string): Promise<void> {
  try {
    await limiter.consume(userId);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const minutes = Math.ceil(refused.msBeforeNext / 60_000);
    throw new ToolError(
      `Not created: ${ticketsPerHour} tickets an hour are the limit. Try again in ${minutes} minutes.`,
    );
  }
}

async function store(ticket: SupportTicket, tickets: TicketStore): Promise<void> {
  let stored: boolean;
  try {
    stored = await tickets.add(ticket, mostTickets);
  } catch (error) {
    throw new ToolError('Not created: the store does not answer at the moment. Try again shortly.', {
      cause: error,
    });
  }
  if (!stored) throw new ToolError('Not created: the list of tickets is full. Tell an administrator.');
}

/** The answer's body is not passed on: it is the operator's, and not meant for the caller. */
async function post(
  { url, headers: declared }: TicketWebhook,
  ticket: SupportTicket,
  { env, guard }: SupportTicketDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { headers } = resolveHeaders(declared, { env, context: {} });
  const { id, userId, createdAt, ...rest } = ticket;
  const body = JSON.stringify({
    id,
    user_id: userId,
    ...rest,
    created_at: new Date(createdAt).toISOString(),
  });
  let status: number;
  try {
    ({ status } = await guard.trustedFetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      signal,
      maxBytes: answerBytes,
    }));
  } catch (error) {
    signal.throwIfAborted();
    throw new ToolError('Not created: the ticket system cannot be reached.', { cause: error });
  }
  if (status < 200 || status > 299) throw new ToolError(`Not created: the ticket system answered ${status}.`);
}
