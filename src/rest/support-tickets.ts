import { Router } from 'express';
import type { Authenticate } from '../auth/authenticate.ts';
import { Problem } from '../http/problem.ts';
import { isoTime } from '../runs/event.ts';
import type { SupportTicket, TicketStore } from '../tools/gateway/ticket-store.ts';
import { requireAdministrator } from './administrator.ts';
import { wholeNumber } from './query-numbers.ts';

const mostPerPage = 100;

export interface SupportTicketRoutesOptions {
  authenticate: Authenticate;
  tickets: TicketStore;
}

/** For administrators: `GET /support-tickets`, newest first, and `DELETE /support-tickets/{id}`. */
export function supportTicketRoutes({ authenticate, tickets }: SupportTicketRoutesOptions): Router {
  const router = Router();
  router.get('/support-tickets', async (request, response) => {
    await requireAdministrator(authenticate, request);
    const limit = wholeNumber(request, 'limit', { least: 1, most: mostPerPage, otherwise: 50 });
    const offset = wholeNumber(request, 'offset', { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 });
    const page = await tickets.list({ limit, offset });
    response.json({ support_tickets: page.tickets.map(shown), total: page.total, limit, offset });
  });
  router.delete('/support-tickets/:id', async (request, response) => {
    await requireAdministrator(authenticate, request);
    const { id } = request.params;
    if (!/^[\w-]{1,64}$/.test(id) || !(await tickets.remove(id))) {
      throw new Problem(
        'not_found',
        'There is no such ticket. GET /api/v1/support-tickets lists those that there are.',
      );
    }
    response.json({ success: true, message: 'The ticket is deleted.' });
  });
  return router;
}

function shown(ticket: SupportTicket): Record<string, string | null> {
  const { id, userId, subject, description, priority, email = null, createdAt } = ticket;
  return { id, user_id: userId, subject, description, priority, email, created_at: isoTime(createdAt) };
}
