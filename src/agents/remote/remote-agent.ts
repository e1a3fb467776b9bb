import type { Execution, ExecutorEvent, Outcome } from '../../runs/executor.ts';
import type { LoadedRun } from '../../runs/log.ts';
import type { JsonObject } from '../../runs/message.ts';
import type { EgressGuard } from '../../tools/egress/egress-guard.ts';
import { resolveHeaders, type HeaderSources } from '../../tools/request-headers.ts';
import type { RemoteExecution } from '../definition.ts';
import type { KindOfAgent } from '../executable.ts';
import { RemoteCardSource } from './remote-card.ts';
import { RemoteConnection } from './remote-connection.ts';
import { RemoteFailure } from './remote-failure.ts';
import type { RemoteRunOptions } from './remote-run.ts';

export interface RemoteAgentParts {
  guard: Pick<EgressGuard, 'open' | 'trustedOpen' | 'trustedFetch'>;
  /** The gateway's environment, for `{env: NAME}` in headers. */
  env: HeaderSources['env'];
}

/** Long enough to hand a cancel on; what the remote takes longer for is no longer waited for. */
const cancelGraceSeconds = 5;
const cancelTimeoutMs = 10_000;

/** An agent of another server, fronted by the gateway: what it says passes through as run events. */
export function openRemoteAgent(
  { card: url, headers }: Pick<RemoteExecution, 'card' | 'headers'>,
  parts: RemoteAgentParts,
): KindOfAgent {
  const cards = new RemoteCardSource({ url, guard: parts.guard });
  const grpc = new LatestClient();
  const connect = async (context: HeaderSources['context']): Promise<RemoteRunOptions> => {
    const own = ownHeaders(headers, { env: parts.env, context });
    const card = await cards.get(own.headers);
    // The SDK's client costs start-up time that a gateway without remote agents need not spend.
    const { openClient, openGrpcClient } = await import('./remote-client.ts');
    const { origin } = new URL(url);
    const connection = new RemoteConnection({ guard: parts.guard, origin, headers: own.headers });
    const client =
      card.address.binding === 'GRPC'
        ? await grpc.get(
            `${card.address.url} ${JSON.stringify(own.headers)}`,
            async () => await openGrpcClient(card, url, own.headers),
          )
        : await openClient(card, connection);
    const { streaming, address } = card;
    const hidesAppend = address.version === '0.3' && address.binding === 'HTTP+JSON';
    return { client, connection, streaming, hidesAppend, secrets: own.secrets };
  };
  return {
    mayReply: true,
    cancelGraceSeconds,
    executor: (execution) => runRemotely(execution, async () => await connect(execution.contextValues)),
    cancelWaiting: async ({ snapshot }: LoadedRun, values: JsonObject) => {
      if (!snapshot.linked) return;
      const { client } = await connect(values);
      const request = { tenant: '', id: snapshot.linked.taskId, metadata: undefined };
      await client.cancelTask(request, { signal: AbortSignal.timeout(cancelTimeoutMs) });
    },
  };
}

/** One client, as long as address and headers stay: its connections serve all runs. */
class LatestClient {
  #target: string | undefined;
  #client: Promise<RemoteRunOptions['client']> | undefined;

  get(target: string, open: () => Promise<RemoteRunOptions['client']>): Promise<RemoteRunOptions['client']> {
    if (this.#target !== target || !this.#client) this.#client = open();
    this.#target = target;
    return this.#client;
  }
}

async function* runRemotely(
  execution: Execution,
  connect: () => Promise<RemoteRunOptions>,
): AsyncGenerator<ExecutorEvent, Outcome, undefined> {
  let options: RemoteRunOptions;
  try {
    options = await connect();
  } catch (error) {
    if (error instanceof RemoteFailure) return { state: 'failed', failure: error.failure };
    throw error;
  }
  const { RemoteRun } = await import('./remote-run.ts');
  return yield* new RemoteRun(execution, options).run();
}

/** Only what the operator declared; of the run's values only those that it names. */
function ownHeaders(
  declared: RemoteExecution['headers'],
  from: HeaderSources,
): { headers: Record<string, string>; secrets: string[] } {
  try {
    const { headers, sources } = resolveHeaders(declared, from);
    return { headers, secrets: [...sources.values()] };
  } catch (error) {
    throw new RemoteFailure(error instanceof Error ? error.message : 'The headers could not be made.', {
      cause: error,
    });
  }
}
