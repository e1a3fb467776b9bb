import { agentFile, modelEnv, startGateway, type TestGateway } from './gateway.ts';
import { text, type Reply, type ScriptedCall } from './model-replies.ts';
import { startModelServer, type ModelServer } from './model-server.ts';
import type { SeenTask, WirePart } from './run-events.ts';
import { startService, type Service } from './service.ts';

/** What an agent with a tool that needs approval stands on; gateways come and go. */
export class ApprovalDesk {
  readonly model: ModelServer;
  readonly service: Service;
  readonly dataDir: string;
  replies: Reply[] = [];
  /** The gateway's clock for answers. */
  now: () => number = Date.now;

  private constructor(model: ModelServer, service: Service, dataDir: string) {
    this.model = model;
    this.service = service;
    this.dataDir = dataDir;
  }

  /** Its model says the replies in turn; its service makes refunds. */
  static async open(dataDir: string): Promise<ApprovalDesk> {
    const reply = (): Reply => desk.replies.shift() ?? text('no reply was scripted');
    const model = await startModelServer(() => reply());
    const service = await startService(({ path, body }) => ({ body: `done ${path} ${body}` }));
    const desk = new ApprovalDesk(model, service, dataDir);
    return desk;
  }

  async startGateway(): Promise<TestGateway> {
    const { url } = this.service;
    const parameters = {
      type: 'object',
      properties: { order: { type: 'integer' }, note: { type: 'string' } },
      required: ['order'],
      additionalProperties: false,
    };
    const refund = { name: 'refund', type: 'http', method: 'POST', url: `${url}/refund`, parameters };
    const tools = [
      { ...refund, approval: 'required' },
      { name: 'look', type: 'http', method: 'GET', url: `${url}/look` },
      { name: 'ask', type: 'ask_user' },
    ];
    return await startGateway({
      files: { 'desk.yaml': agentFile('desk', { tools, limits: { approvalTimeoutSeconds: 60 } }) },
      env: { ...modelEnv(this.model.baseUrl), GRPC_PORT: '0' },
      dataDir: this.dataDir,
      now: () => this.now(),
    });
  }

  async close(): Promise<void> {
    await this.model.close();
    await this.service.close();
  }

  /** The refunds that were made while `work` was done. */
  async refunded(work: () => Promise<unknown>): Promise<string[]> {
    const before = this.service.requests.length;
    await work();
    const since = this.service.requests.slice(before);
    return since.flatMap(({ path, body }) => (path === '/refund' ? [body] : []));
  }

  /** What the model was told of its calls, in its newest request. */
  toldResults(): (string | null)[] {
    const messages = this.model.requests.at(-1)?.body.messages ?? [];
    return messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
  }
}

export function refund(order: number): ScriptedCall {
  return { name: 'refund', arguments: { order }, id: `call_${order}` };
}

export const look: ScriptedCall = { name: 'look', arguments: {}, id: 'call_look' };

/** What tells the data of each type, for readers that lose the metadata of parts. */
const members = { APPROVAL_REQUIRED: 'proposal_id', QUESTION: 'question' } as const;

/** The data parts of this type that the status message holds. */
export function dataOf(task: SeenTask, type: keyof typeof members): NonNullable<WirePart['data']>[] {
  return task.parts.flatMap(({ data, metadata }) => {
    const isMeant = metadata ? metadata['type'] === type : data && members[type] in data;
    return data && isMeant ? [data] : [];
  });
}

export interface Proposal {
  proposal_id: string;
  arguments: { order: number };
}

export function proposals(task: SeenTask): Proposal[] {
  return dataOf(task, 'APPROVAL_REQUIRED') as unknown as Proposal[];
}

/** The part that decides on a proposal of the task. */
export function approval(task: SeenTask, decision: string, more: object = {}, index = 0): { data: object } {
  return { data: { approval: { proposal_id: proposals(task)[index]?.proposal_id, decision, ...more } } };
}
