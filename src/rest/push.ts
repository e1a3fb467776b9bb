import { Router } from 'express';
import type { DeadLetter, PushOutbox } from '../a2a/push/outbox.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { Problem } from '../http/problem.ts';
import { eventId, isoTime } from '../runs/event.ts';
import { requireAdministrator } from './administrator.ts';
import { wholeNumber } from './query-numbers.ts';

const mostPerPage = 100;

export interface PushRoutesOptions {
  authenticate: Authenticate;
  outbox: PushOutbox;
}

/** For administrators: push notifications that were given up, and their redelivery. */
export function pushRoutes({ authenticate, outbox }: PushRoutesOptions): Router {
  const router = Router();
  router.get('/push/dead-letters', async (request, response) => {
    await requireAdministrator(authenticate, request);
    const limit = wholeNumber(request, 'limit', { least: 1, most: mostPerPage, otherwise: 50 });
    const offset = wholeNumber(request, 'offset', { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 });
    const { deadLetters, total } = await outbox.deadLetters({ limit, offset });
    response.json({ dead_letters: deadLetters.map(shown), total, limit, offset });
  });
  router.post('/push/dead-letters/:id/redeliver', async (request, response) => {
    await requireAdministrator(authenticate, request);
    const { id } = request.params;
    if (!/^[\w-]{1,64}$/.test(id) || !(await outbox.redeliver(id, Date.now()))) {
      throw new Problem(
        'not_found',
        'There is no such dead letter. GET /api/v1/push/dead-letters lists those that there are.',
      );
    }
    response.status(202).json({ id, status: 'queued' });
  });
  return router;
}

function shown(letter: DeadLetter): Record<string, string | number> {
  return {
    id: letter.id,
    task_id: letter.runId,
    event_id: eventId(letter.position),
    agent_id: letter.agentId,
    owner: letter.owner,
    config_id: letter.configId,
    target: letter.target,
    tries: letter.tries,
    error: letter.error,
    given_up_at: isoTime(letter.at),
  };
}
