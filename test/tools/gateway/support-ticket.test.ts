import { afterEach, describe, expect, test } from '@jest/globals';
import { EgressGuard } from '../../../src/tools/egress/egress-guard.ts';
import { createSupportTicketTool, type TicketWebhook } from '../../../src/tools/gateway/support-ticket.ts';
import type { SupportTicket, TicketStore } from '../../../src/tools/gateway/ticket-store.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { startService, type Service, type ServiceAnswer } from '../../support/service.ts';

const guard = new EgressGuard({ allow: [] });
const env = { TICKET_TOKEN: 'canary-token' };
const ticket = { subject: 'Mug', description: 'It leaks.' };

let service: Service | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

/** Keeps what it is given until `most`. */
class MemoryTickets implements TicketStore {
  readonly tickets: SupportTicket[] = [];
  full = false;
  async add(added: SupportTicket): Promise<boolean> {
    if (!this.full) this.tickets.push(added);
    return !this.full;
  }
  async list(): Promise<{ tickets: SupportTicket[]; total: number }> {
    return { tickets: this.tickets, total: this.tickets.length };
  }
  async remove(): Promise<boolean> {
    return false;
  }
}

function ticketTool(webhook?: TicketWebhook, store: TicketStore = new MemoryTickets()) {
  return createSupportTicketTool(webhook, { env, guard, store });
}

async function webhookOf(answer: ServiceAnswer): Promise<TicketWebhook> {
  service = await startService(() => answer);
  const headers = { Authorization: { env: 'TICKET_TOKEN', prefix: 'Bearer ' } };
  return { url: `${service.url}/tickets`, headers };
}

describe('a ticket', () => {
  test('is posted to the operator’s own address, loopback too, and not stored', async () => {
    const store = new MemoryTickets();
    const tool = ticketTool(await webhookOf({ status: 201, body: 'for the operator only' }), store);
    const { text } = await tool.execute(toolCall({ ...ticket, priority: 'high' }));
    const { ticket_id: id, ...rest } = JSON.parse(text) as { ticket_id: string };
    expect(rest).toEqual({ status: 'created' });
    const [request] = service?.requests ?? [];
    expect(request).toMatchObject({ method: 'POST', path: '/tickets' });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer canary-token',
      'content-type': 'application/json',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      id,
      user_id: 'user-1',
      ...ticket,
      priority: 'high',
      created_at: expect.stringMatching(/Z$/),
    });
    expect(store.tickets).toEqual([]);
  });

  test('that the webhook refuses is not created, and the refusal’s body is nobody’s business', async () => {
    const tool = ticketTool(await webhookOf({ status: 500, body: 'canary: internal state' }));
    await expect(tool.execute(toolCall(ticket))).rejects.toThrow(
      /^Not created: the ticket system answered 500\.$/,
    );
  });

  test('that the webhook redirects is not created', async () => {
    const tool = ticketTool(await webhookOf({ status: 302, body: '' }));
    await expect(tool.execute(toolCall(ticket))).rejects.toThrow('answered 302');
    expect(service?.requests.length).toBe(1);
  });

  test('that does not reach the webhook is not created', async () => {
    const webhook = await webhookOf({ body: '' });
    await service?.close();
    await expect(ticketTool(webhook).execute(toolCall(ticket))).rejects.toThrow(
      'Not created: the ticket system cannot be reached.',
    );
  });

  test('is stored where there is no webhook, until the list is full', async () => {
    const store = new MemoryTickets();
    const tool = ticketTool(undefined, store);
    await tool.execute(toolCall({ ...ticket, email: 'ann@shop.example' }));
    expect(store.tickets).toEqual([
      {
        id: expect.any(String),
        userId: 'user-1',
        ...ticket,
        priority: 'normal',
        email: 'ann@shop.example',
        createdAt: expect.any(Number),
      },
    ]);
    store.full = true;
    await expect(tool.execute(toolCall(ticket))).rejects.toThrow('the list of tickets is full');
  });

  test('is one of at most 10 an hour for each user', async () => {
    const tool = ticketTool();
    const of = (userId: string) => toolCall(ticket, { caller: { userId, depth: 0 } });
    for (let count = 0; count < 10; count += 1) await tool.execute(of('ann'));
    await expect(tool.execute(of('ann'))).rejects.toThrow(
      /^Not created: 10 tickets an hour are the limit\. Try again in 60 minutes\.$/,
    );
    await expect(tool.execute(of('bob'))).resolves.toMatchObject({ summary: 'ticket created' });
  });
});
