import { actingAgent, anyInput } from './acting-agent.ts';
import { agentFile, modelEnv, startGateway, type TestGateway } from './gateway.ts';
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

export interface Life {
  env?: Readonly<Record<string, string>>;
  dataDir?: string;
}

export async function startBack(model: ModelServer, { env, ...life }: Life = {}): Promise<TestGateway> {
  return await startGateway({
    files: { 'talker.yaml': agentFile('talker'), ...actingAgent('actor') },
    env: { ...modelEnv(model.baseUrl), MODULE_AGENTS: 'true', ADMIN_API_KEY: backKey, ...env },
    ...life,
  });
}

export async function startFront(back: { url: string }, life: Life = {}): Promise<TestGateway> {
  const files = ['talker', 'actor'].map((id) => [`${id}.yaml`, remoteAgent(id, cardUrl(back, id))]);
  return await startGateway({ files: Object.fromEntries(files), env: { BACK_KEY: backKey }, ...life });
}

/** The file of an agent of another server. */
export function remoteAgent(id: string, card: string, execution: object = {}): object {
  const headers = { Authorization: { env: 'BACK_KEY', prefix: 'SSWS ' } };
  return { ...agentFile(id, {}, anyInput), execution: { kind: 'a2a', card, headers, ...execution } };
}
