import type { Step } from '../../src/runs/event.ts';
import { backKey } from './fronted-gateways.ts';
import { agentFile, modelEnv, startGateway, type TestGateway } from './gateway.ts';
import { text, toolCalls, type Reply } from './model-replies.ts';
import { startModelServer, type ModelServer, type RecordedRequest } from './model-server.ts';
import { providedValuesUri } from './protocol-versions.ts';
import { post, rpc, v1Text } from './rpc.ts';
import { expectWhole, readEvents, stepsOf, type SeenEvent } from './run-events.ts';
import { cardUrl } from './sdk-clients.ts';
import { startService, type Service } from './service.ts';

/** What each agent's model says in turn, by the agent's id. */
export type Scripts = Record<string, Reply[]>;

/** Agents that ask each other, on a gateway and on another one behind it. */
export class DelegatingAgents {
  readonly model: ModelServer;
  readonly service: Service;
  readonly back: TestGateway;
  readonly gateway: TestGateway;
  readonly #scripts: { current: Scripts };

  private constructor(
    parts: Pick<DelegatingAgents, 'model' | 'service' | 'back' | 'gateway'>,
    scripts: { current: Scripts },
  ) {
    this.model = parts.model;
    this.service = parts.service;
    this.back = parts.back;
    this.gateway = parts.gateway;
    this.#scripts = scripts;
  }

  static async open(): Promise<DelegatingAgents> {
    const scripts: { current: Scripts } = { current: {} };
    const model = await startModelServer(
      (request) => scripts.current[speakerOf(request)]?.shift() ?? text('nothing scripted'),
    );
    const service = await startService(({ path, headers }) => ({
      body: `${path} ${String(headers['x-token'] ?? 'without')}`,
    }));
    const env = modelEnv(model.baseUrl);
    const back = await startGateway({ files: backFiles(service), env: { ...env, ADMIN_API_KEY: backKey } });
    const gateway = await startGateway({ files: files(service, back), env: { ...env, BACK_KEY: backKey } });
    return new DelegatingAgents({ model, service, back, gateway }, scripts);
  }

  async close(): Promise<void> {
    await this.gateway.stop();
    await this.back.stop();
    await this.model.close();
    await this.service.close();
  }

  script(scripts: Scripts): void {
    this.#scripts.current = scripts;
  }

  async open(agentId: string, message: object = v1Text('Go')): Promise<Response> {
    const headers = { 'A2A-Version': '1.0', 'A2A-Extensions': providedValuesUri };
    return await post(this.gateway.url, agentId, rpc('SendStreamingMessage', message), { headers });
  }

  /** The events of a whole stream. */
  async stream(agentId: string, message?: object): Promise<SeenEvent[]> {
    const events = await readEvents(await this.open(agentId, message));
    expectWhole(events);
    return events;
  }

  /** The requests that the agent's model got. */
  asked(agent: string): RecordedRequest[] {
    return this.model.requests.filter((request) => speakerOf(request) === agent);
  }

  /** What the agent's model was told of its calls, in its last request. */
  told(agent: string): (string | null)[] {
    const messages = this.asked(agent).at(-1)?.body.messages ?? [];
    return messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
  }
}

/** The model's call of the tool that is an agent. */
export function asking(agent: string, message = 'Do it'): Reply {
  return toolCalls([{ name: `ask_${agent}`, arguments: { message } }]);
}

/** Each step's name and status, after the name of the step that it is in. */
export function storyOf(events: readonly SeenEvent[]): string[] {
  const steps = stepsOf(events);
  const nameOf = (id: string | undefined): string => steps.find((step) => step.id === id)?.name ?? '';
  return steps.map(({ name, status, parentId }: Step) => `${nameOf(parentId)}/${name} ${status}`);
}

function speakerOf({ body }: RecordedRequest): string {
  return (body.messages[0]?.content ?? '').split('.')[0] ?? '';
}

function declared(id: string, execution: object = {}): object {
  return agentFile(id, { systemPrompt: `${id}. You help.`, ...execution });
}

function look({ url }: Service, more: object = {}): object {
  return { name: 'look', type: 'http', method: 'GET', url: `${url}/look`, ...more };
}

function asks(agent: string, more: object = {}): object {
  return { name: `ask_${agent}`, type: 'agent', agent, ...more };
}

function backFiles(service: Service): Record<string, object> {
  return {
    'expert.yaml': declared('expert', { tools: [look(service)] }),
    'mirror.yaml': declared('mirror', { tools: [asks('mirror')] }),
  };
}

function files(service: Service, back: TestGateway): Record<string, object> {
  const headers = { Authorization: { env: 'BACK_KEY', prefix: 'SSWS ' } };
  const remote = (id: string): object => {
    return { name: `ask_${id}`, type: 'agent', card: cardUrl(back, id), headers };
  };
  const here = ['worker', 'careful', 'nobody', 'shaped'].map((agent) => asks(agent));
  const approved = look(service, { name: 'risky', approval: 'required' });
  const n = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
  return {
    'lead.yaml': declared('lead', { tools: [...here, remote('expert'), remote('mirror')] }),
    'worker.yaml': declared('worker', { tools: [look(service)] }),
    'careful.yaml': declared('careful', { tools: [approved] }),
    'shaped.yaml': declared('shaped', { responseSchema: n }),
    'ping.yaml': declared('ping', { tools: [asks('pong')] }),
    'pong.yaml': declared('pong', { tools: [asks('ping')] }),
    ...tellers(service),
  };
}

/** Agents with context values. */
function tellers(service: Service): Record<string, object> {
  const value = (name: string, more: object = {}): object => ({ name, schema: { type: 'string' }, ...more });
  const values = [value('customer'), value('token', { secret: true })];
  const withToken = look(service, { headers: { 'x-token': { context: 'token' } } });
  const contextValues = { token: { context: 'token' }, region: { context: 'other' } };
  return {
    'teller.yaml': declared('teller', {
      contextVariables: [...values, value('other')],
      tools: [asks('holder'), asks('strict', { contextValues })],
    }),
    'holder.yaml': declared('holder', {
      systemPrompt: 'holder. For {{customer}}.',
      contextVariables: values,
      tools: [withToken],
    }),
    'strict.yaml': declared('strict', {
      systemPrompt: 'strict. In {{region}}.',
      contextVariables: [
        value('region', { required: true }),
        value('token', { secret: true, required: true }),
      ],
      tools: [withToken],
    }),
  };
}
