/**
 * The tables, one entry per version of the schema: `PRAGMA user_version` says how many were applied.
 * An entry that was released is never changed.
 *
 * `runs` holds what changes, in rows that keep their size, so that an update dirties one small page; what is
 * written once (the record, the events, the snapshot of a finished run) is appended elsewhere. Each index
 * is worth its writes: most of a commit's time goes into the pages that it touches.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- JSON [owner, agentId], and [owner, agentId, contextId]: JSON text is well-formed whatever a caller named.
    scope TEXT NOT NULL,
    conversation TEXT NOT NULL,
    -- 48 bits of a hash over what makes two requests the same; NULL: not looked for.
    request_key INTEGER,
    -- 1: a run of the A2A door; 1: a later run of the conversation is shown it.
    listed INTEGER NOT NULL,
    remembered INTEGER NOT NULL,
    -- The fencing number.
    attempt INTEGER NOT NULL,
    -- Codes: 10 to 19 is executed, 20 to 29 waits for its caller, 30 to 39 is finished.
    state INTEGER NOT NULL,
    -- Milliseconds since the epoch.
    state_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX runs_newest ON runs (scope, state_at) WHERE listed = 1;
  CREATE INDEX runs_of_conversation ON runs (conversation) WHERE listed = 1;
  CREATE INDEX runs_of_request ON runs (request_key) WHERE request_key IS NOT NULL;
  CREATE INDEX runs_executed ON runs (attempt) WHERE state < 20;

  CREATE TABLE records (run INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;

  CREATE TABLE snapshots (
    run INTEGER PRIMARY KEY,
    attempt INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  -- One row per run and transaction: a JSON array of consecutive events, the last of which has this sequence.
  -- Event 1-1 (accepted) has no row: it says no more than that the run exists.
  CREATE TABLE events (
    run INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_of_run ON events (run, attempt, sequence);

  CREATE TABLE users (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    api_access INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE assignments (
    user_id TEXT NOT NULL REFERENCES users (id),
    agent_id TEXT NOT NULL,
    PRIMARY KEY (user_id, agent_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
  ) STRICT;
  `,
  `
  CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    -- JSON Web Key.
    public_key TEXT NOT NULL,
    -- NULL: it lies in the operator's file, or the key is retired.
    sealed_private_key TEXT,
    created_at INTEGER NOT NULL,
    -- NULL: the current key, of which there is one.
    retired_at INTEGER
  ) STRICT;
  `,
  `
  CREATE TABLE push_configs (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    id TEXT NOT NULL,
    -- 1: it is told of whole artifacts too.
    artifacts INTEGER NOT NULL,
    -- JSON, its secrets sealed.
    body TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX push_configs_of_run ON push_configs (run, id);

  -- A notification about one event for one config. Its number is never used again.
  CREATE TABLE push_outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    config INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    -- NULL: it waits behind another one of its config, or is a dead letter.
    due_at INTEGER,
    -- NULL: it waits for its delivery; else since when it is a dead letter.
    buried_at INTEGER,
    -- Why the last try failed.
    error TEXT
  ) STRICT;
  CREATE INDEX push_outbox_of_config ON push_outbox (config, number);
  CREATE INDEX push_outbox_due ON push_outbox (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX push_outbox_buried ON push_outbox (buried_at) WHERE buried_at IS NOT NULL;
  `,
  `
  -- What users have asked the operator's people for.
  CREATE TABLE support_tickets (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    description TEXT NOT NULL,
    priority TEXT NOT NULL,
    email TEXT,
    created_at INTEGER NOT NULL
  ) STRICT;
  `,
];
