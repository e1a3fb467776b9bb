import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';
import type { SupportTicket } from '../../src/tools/gateway/ticket-store.ts';

function ticket(id: string, changes: Partial<SupportTicket> = {}): SupportTicket {
  const text = { subject: 'Mug', description: `It leaks; it's "${id}".` };
  return { id, userId: 'ann', ...text, priority: 'normal', createdAt: 1_700_000_000_000, ...changes };
}

test('tickets are listed newest first, in pages, and survive the process', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tickets-'));
  const store = await openSqliteStore(dataDir);
  const tickets = [
    ticket('a'),
    ticket('b', { email: 'ann@shop.example' }),
    ticket('c', { priority: 'urgent' }),
  ];
  for (const one of tickets) expect(await store.tickets.add(one, 10)).toBe(true);
  await store.close();
  const again = await openSqliteStore(dataDir);
  const newest = tickets.toReversed();
  expect(await again.tickets.list({ limit: 2, offset: 0 })).toEqual({
    tickets: newest.slice(0, 2),
    total: 3,
  });
  expect(await again.tickets.list({ limit: 2, offset: 2 })).toEqual({ tickets: newest.slice(2), total: 3 });
  await again.close();
  await rm(dataDir, { recursive: true });
});

test('no more are stored than there may be, until one is removed', async () => {
  const store = await openSqliteStore(':memory:');
  expect(await store.tickets.add(ticket('a'), 1)).toBe(true);
  expect(await store.tickets.add(ticket('b'), 1)).toBe(false);
  expect(await store.tickets.remove('b')).toBe(false);
  expect(await store.tickets.remove('a')).toBe(true);
  expect(await store.tickets.add(ticket('b'), 1)).toBe(true);
  expect((await store.tickets.list({ limit: 10, offset: 0 })).tickets.map(({ id }) => id)).toEqual(['b']);
  await store.close();
});
