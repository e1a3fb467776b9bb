import { actingAgent } from './acting-agent.ts';
import { agentFile, adminKey, modelEnv, startGateway, type TestGateway } from './gateway.ts';
import { cardUrl } from './sdk-clients.ts';
import { startModelServer, type ModelServer, type Script } from './model-server.ts';

/** The front's own key for the back: callers of the front never have it. */
export const backKey = 'back-administrator-key-0123456789';

export interface FrontedGateways {
  model: ModelServer;
  back: TestGateway;
  front: TestGateway;
  stop(): Promise<void>;
}

/** A gateway (`front`) whose agents `talker` and `actor` are those of another one (`back`). */
export async function startFronted(script: Script): Promise<FrontedGateways> {
  const model = await startModelServer(script);
  const back = await startBack(model);
  const front = await startFront(back);
  const stop = async (): Promise<void> => {
    await front.stop();
    await back.stop();
    await model.close();
  };
  return { model, back, front, stop };
}

export async function startBack(
  model: ModelServer,
  env: Record<string, string> = {},
  dataDir?: string,
): Promise<TestGateway> {
  return await startGateway({
    files: { 'talker.yaml': agentFile('talker'), ...actingAgent('actor') },
    env: { ...modelEnv(model.baseUrl), MODULE_AGENTS: 'true', ADMIN_API_KEY: backKey, ...env },
    ...(dataDir !== undefined && { dataDir }),
  });
}

export async function startFront(back: { url: string }, dataDir?: string): Promise<TestGateway> {
  return await startGateway({
    files: Object.fromEntries(
      ['talker', 'actor'].map((id) => [`${id}.yaml`, remoteAgent(id, cardUrl(back, id))]),
    ),
    env: { BACK_KEY: backKey },
    ...(dataDir !== undefined && { dataDir }),
  });
}

/** The file of an agent of another server. */
export function remoteAgent(id: string, card: string, execution: object = {}): object {
  const headers = { Authorization: { env: 'BACK_KEY', prefix: 'SSWS ' } };
  const file = agentFile(id) as { execution?: object };
  return { ...file, execution: { kind: 'a2a', card, headers, ...execution } };
}

export { adminKey };
