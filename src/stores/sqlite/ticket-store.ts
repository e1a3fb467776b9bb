import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SupportTicket, TicketPriority, TicketStore } from '../../tools/gateway/ticket-store.ts';
import { answering } from './database.ts';

interface TicketRow {
  id: string;
  user_id: string;
  subject: string;
  description: string;
  priority: TicketPriority;
  email: string | null;
  created_at: number;
}

/** Support tickets in the embedded store. */
export class SqliteTicketStore implements TicketStore {
  readonly #insert: StatementSync;
  readonly #page: StatementSync;
  readonly #count: StatementSync;
  readonly #delete: StatementSync;

  /** @param database from openDatabase; whoever opened it closes it. */
  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(`
      INSERT INTO support_tickets (id, user_id, subject, description, priority, email, created_at)
      SELECT ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM support_tickets) < ?`);
    this.#page = database.prepare('SELECT * FROM support_tickets ORDER BY number DESC LIMIT ? OFFSET ?');
    this.#count = database.prepare('SELECT count(*) AS total FROM support_tickets');
    this.#delete = database.prepare('DELETE FROM support_tickets WHERE id = ?');
  }

  async add(ticket: SupportTicket, most: number): Promise<boolean> {
    const { id, userId, subject, description, priority, email = null, createdAt } = ticket;
    const stored = answering(() =>
      this.#insert.run(id, userId, subject, description, priority, email, createdAt, most),
    );
    return stored.changes === 1;
  }

  async list({ limit, offset }: { limit: number; offset: number }) {
    return answering(() => ({
      tickets: (this.#page.all(limit, offset) as unknown as TicketRow[]).map(storedTicket),
      total: Number(this.#count.get()?.['total']),
    }));
  }

  async remove(id: string): Promise<boolean> {
    return answering(() => this.#delete.run(id)).changes === 1;
  }
}

function storedTicket(row: TicketRow): SupportTicket {
  return {
    id: row.id,
    userId: row.user_id,
    subject: row.subject,
    description: row.description,
    priority: row.priority,
    ...(row.email !== null && { email: row.email }),
    createdAt: row.created_at,
  };
}
