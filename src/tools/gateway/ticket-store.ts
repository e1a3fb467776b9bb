/** What a user has asked the operator's people for. */
export interface SupportTicket {
  id: string;
  /** Who opened it. */
  userId: string;
  subject: string;
  description: string;
  priority: TicketPriority;
  /** Where the user wants the answer; not verified. */
  email?: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

export const ticketPriorities = ['low', 'normal', 'high', 'urgent'] as const;
export type TicketPriority = (typeof ticketPriorities)[number];

/** The tickets that administrators read. */
export interface TicketStore {
  /** Stores the ticket unless there are `most` already; whether it did. */
  add(ticket: SupportTicket, most: number): Promise<boolean>;
  /** One page, newest first, and how many there are. */
  list(page: { limit: number; offset: number }): Promise<{ tickets: SupportTicket[]; total: number }>;
  /** Whether there was one. */
  remove(id: string): Promise<boolean>;
}
