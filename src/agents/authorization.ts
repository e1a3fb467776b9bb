import type { Executor, Outcome } from '../runs/executor.ts';
import type { JsonObject } from '../runs/message.ts';
import { awaitedVariables, PROVIDED_VALUES_URI, schemaOfVariables } from './context-values.ts';
import type { AgentExecution, ContextVariable } from './definition.ts';

/**
 * The executor with in-task authorization (spec §7.6) before it: a run that lacks a value which its agent waits
 * for (`onMissing: auth-required`) comes to rest in auth-required, with a message that says what to bring and how.
 */
export function awaitAuthorization(agent: AgentExecution, executor: Executor): Executor {
  if (agent.contextVariables.every(({ onMissing }) => onMissing === undefined)) return executor;
  return async function* (execution) {
    const missing = awaitedVariables(agent, execution.contextValues);
    if (missing.length > 0) return authorizationRequired(missing);
    return yield* executor(execution);
  };
}

function authorizationRequired(missing: readonly ContextVariable[]): Outcome {
  const names = missing.map(({ name, description }) =>
    description === undefined ? JSON.stringify(name) : `${JSON.stringify(name)} (${description})`,
  );
  const text =
    `This task needs ${names.join(' and ')}. Send it in a further message to this task: a data part ` +
    `whose metadata has ${JSON.stringify(PROVIDED_VALUES_URI)} set to true, with that URI in the A2A-Extensions header.`;
  const data = {
    extension: PROVIDED_VALUES_URI,
    required: missing.map(({ name }) => name),
    schema: schemaOfVariables(missing) as JsonObject,
  };
  return {
    state: 'auth-required',
    parts: [
      { text, mediaType: 'text/plain' },
      { data, mediaType: 'application/json', metadata: { type: 'AUTH_REQUIRED' } },
    ],
  };
}
