import { Problem } from '../http/problem.ts';
import { invalidField } from './params.ts';
import type { OperationName } from './wire.ts';

type Method = 'GET' | 'POST' | 'DELETE';

/** The addresses of HTTP+JSON below an agent's (spec §11.3); v0.3 has the same below `/v1`, but for the card's name. */
const table: readonly [Method, string, OperationName][] = [
  ['POST', 'message:send', 'sendMessage'],
  ['POST', 'message:stream', 'sendStreamingMessage'],
  ['GET', 'tasks', 'listTasks'],
  ['GET', 'tasks/{id}', 'getTask'],
  ['POST', 'tasks/{id}:cancel', 'cancelTask'],
  // POST in the specification, GET in its proto.
  ['POST', 'tasks/{id}:subscribe', 'subscribeToTask'],
  ['GET', 'tasks/{id}:subscribe', 'subscribeToTask'],
  ['POST', 'tasks/{taskId}/pushNotificationConfigs', 'createPushConfig'],
  ['GET', 'tasks/{taskId}/pushNotificationConfigs', 'listPushConfigs'],
  ['GET', 'tasks/{taskId}/pushNotificationConfigs/{id}', 'getPushConfig'],
  ['DELETE', 'tasks/{taskId}/pushNotificationConfigs/{id}', 'deletePushConfig'],
  ['GET', 'extendedAgentCard', 'getExtendedCard'],
  ['GET', 'card', 'getExtendedCard'],
];

interface Route {
  method: Method;
  pattern: RegExp;
  operation: OperationName;
}

const routes: readonly Route[] = table.map(([method, path, operation]) => ({
  method,
  // A colon of an id is percent-encoded; one that stands there begins the verb.
  pattern: new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/:]+)')}$`),
  operation,
}));

export interface RouteMatch {
  operation: OperationName;
  /** Ids from the path, decoded, under their names in the operation's request. */
  ids: Readonly<Record<string, string>>;
}

/**
 * The operation at an address.
 * @param path below the agent's address and the version's prefix, as it came, without slashes around it
 * @throws Problem method_not_found for an address or a method that is not there; invalid_request for an id that
 * no task can have
 */
export function matchRoute(method: string, path: string): RouteMatch {
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match) return { operation: route.operation, ids: decodeIds(match.groups ?? {}) };
  }
  throw new Problem(
    'method_not_found',
    'A2A has no operation at this address, or not with this HTTP method.',
  );
}

function decodeIds(groups: Readonly<Record<string, string>>): Record<string, string> {
  const ids = Object.entries(groups).map(([name, text]): [string, string] => {
    const id = decodeURIComponent(text);
    if (id.includes('\0')) throw invalidField(name, 'must not hold NUL');
    return [name, id];
  });
  return Object.fromEntries(ids);
}
