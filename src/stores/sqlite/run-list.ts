import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { RunPage, RunQuery } from '../../runs/log.ts';
import { selectRuns, type RunQueries } from './run-queries.ts';
import { conversationKey, scopeKey, stateCode, type RunRow } from './run-rows.ts';

interface Condition {
  text: string;
  values: SQLInputValue[];
}

/** Lists of runs: one pair of statements per combination of filters, prepared when it is first asked for. */
export class RunList {
  readonly #database: DatabaseSync;
  readonly #queries: RunQueries;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, queries: RunQueries) {
    this.#database = database;
    this.#queries = queries;
  }

  page(query: RunQuery): RunPage {
    const filter = filterOf(query);
    const counted = this.#statement(`SELECT count(*) AS total FROM runs WHERE ${filter.text}`).get(
      ...filter.values,
    );
    const after = afterOf(query);
    const rows = this.#statement(
      `${selectRuns} WHERE ${filter.text}${after.text} ORDER BY runs.state_at DESC, runs.id DESC LIMIT ?`,
    ).all(...filter.values, ...after.values, query.limit + 1) as unknown as RunRow[];
    return {
      runs: rows.slice(0, query.limit).map((row) => this.#queries.fold(row)),
      total: Number(counted?.['total']),
      hasMore: rows.length > query.limit,
    };
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#database.prepare(text)));
    return statement;
  }
}

function filterOf({ owner, agentId, contextId, state, since }: RunQuery): Condition {
  // `listed = 1` stands in the text for the sake of the partial indexes.
  const terms = ['runs.listed = 1'];
  const values: SQLInputValue[] = [];
  const add = (term: string, value: SQLInputValue): void => {
    terms.push(term);
    values.push(value);
  };
  if (contextId === undefined) add('runs.scope = ?', scopeKey(owner, agentId));
  else add('runs.conversation = ?', conversationKey({ owner, agentId, contextId }));
  if (state !== undefined) add('runs.state = ?', stateCode(state));
  if (since !== undefined) add('runs.state_at >= ?', since);
  return { text: terms.join(' AND '), values };
}

function afterOf({ after }: RunQuery): Condition {
  if (!after) return { text: '', values: [] };
  return {
    text: ' AND runs.state_at <= ? AND (runs.state_at < ? OR runs.id < ?)',
    values: [after.stateAt, after.stateAt, after.id],
  };
}
