export type UserRole = 'admin' | 'manager' | 'analyst' | 'viewer' | 'user';

/** Who is calling. One per request, made by authenticate() and never changed. */
export interface Principal {
  /** User id: of the key's user, `jwt:<sub>`, or `anonymous`. It owns what the caller creates. */
  readonly userId: string;
  readonly role: UserRole;
  readonly kind: 'api-key' | 'jwt' | 'anonymous';
  /** Agents with `access: assigned` that this user may use. */
  readonly assignedAgents: ReadonlySet<string>;
  /** Claims of the verified token, for context variables with `source: claim`; empty without a token. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Whether callers without credentials are let in as users by configuration (AUTH_ANONYMOUS). */
  readonly anonymousAllowed: boolean;
}
