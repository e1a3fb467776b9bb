/** A JSON-RPC message of the Model Context Protocol. */
export interface McpMessage {
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { code: number; message: string };
}

interface ListedTool {
  name: string;
  description: string;
  inputSchema: object;
  annotations?: object;
}

type Handler = (args: Record<string, unknown>, id: McpMessage['id']) => object | Promise<object> | undefined;

const none = { type: 'object' };
const noSchema = { type: 'object', properties: { size: { type: 'nonsense' } } };
const readOnly = { readOnlyHint: true };
const draft7 = 'http://json-schema.org/draft-07/schema#';
const text = {
  $schema: draft7,
  type: 'object',
  properties: { text: { type: 'string' } },
  required: ['text'],
};
const pageSize = 3;
const current = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
const discovered = {
  ...current,
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: { listChanged: true } },
};

/** An MCP server without an SDK, for what well-behaved servers do not do. */
export class ScriptedMcp {
  readonly #send: (message: object) => void;
  readonly #extra: Readonly<Record<string, Handler>>;
  readonly #waiting = new Map<string, (message: McpMessage) => void>();
  readonly #cancelled: unknown[] = [];
  #grown = false;

  /** Whether it speaks the protocol of 2026 and no older one. */
  readonly #modern: boolean;

  /** @param extra what this one's tools do beside the script's own */
  constructor(
    send: (message: object) => void,
    extra: Readonly<Record<string, Handler>> = {},
    modern = false,
  ) {
    this.#send = send;
    this.#extra = extra;
    this.#modern = modern;
  }

  async receive(message: McpMessage): Promise<void> {
    const { id, method } = message;
    if (method === undefined) return this.#waiting.get(String(id))?.(message);
    if (method === 'notifications/cancelled') this.#cancelled.push(message.params?.['requestId']);
    if (id === undefined) return undefined;
    const result = await this.#answer(method, message);
    if (result) this.#send({ jsonrpc: '2.0', id, ...result });
  }

  async #answer(method: string, { id, params = {} }: McpMessage): Promise<object | undefined> {
    switch (method) {
      case 'initialize':
        return this.#modern ? noMethod(method) : { result: hello(params) };
      case 'server/discover':
        return this.#modern ? { result: discovered } : noMethod(method);
      case 'ping':
        return { result: {} };
      case 'tools/list':
        return { result: this.#page(Number(params['cursor'] ?? 0)) };
      case 'tools/call': {
        const handler = { ...this.#handlers(), ...this.#extra }[String(params['name'])];
        if (!handler) return { error: { code: -32602, message: `no tool ${String(params['name'])}` } };
        const result = await handler((params['arguments'] ?? {}) as Record<string, unknown>, id);
        return result && { result: { resultType: 'complete', ...result } };
      }
      default:
        return noMethod(method);
    }
  }

  #page(start: number): object {
    const tools = this.#tools();
    const next = start + pageSize;
    return {
      tools: tools.slice(start, next),
      ...(this.#modern && current),
      ...(next < tools.length && { nextCursor: String(next) }),
    };
  }

  #tools(): ListedTool[] {
    const extra = Object.keys(this.#extra).map((name) => ({ name, description: name, inputSchema: none }));
    return [
      { name: 'echo', description: 'Says it again.', inputSchema: text, annotations: readOnly },
      { name: 'ask.back', description: 'Asks its client for things.', inputSchema: none },
      { name: 'hang', description: 'Never answers.', inputSchema: none, annotations: readOnly },
      { name: 'cancelled', description: 'Says what was cancelled.', inputSchema: none },
      { name: 'grow', description: 'Gets another tool.', inputSchema: none },
      { name: 'fail', description: 'Fails.', inputSchema: none, annotations: { destructiveHint: true } },
      { name: 'broken', description: 'No schema.', inputSchema: noSchema },
      ...extra,
      ...(this.#grown ? [{ name: 'grown', description: 'New.', inputSchema: none }] : []),
    ];
  }

  #handlers(): Record<string, Handler> {
    return {
      echo: ({ text }) => says(String(text)),
      hang: () => undefined,
      fail: () => ({ ...says('the shelf is empty'), isError: true }),
      cancelled: () => says(JSON.stringify(this.#cancelled)),
      grown: () => says('I am new.'),
      grow: () => {
        this.#grown = true;
        this.#send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
        return says('grown');
      },
      'ask.back': async () => {
        const methods = ['sampling/createMessage', 'elicitation/create', 'roots/list'];
        const answers = await Promise.all(methods.map((method) => this.#ask(method)));
        return says(JSON.stringify(answers.map(({ error }) => error?.code)));
      },
    };
  }

  #ask(method: string): Promise<McpMessage> {
    const id = `ask-${method}`;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send({ jsonrpc: '2.0', id, method, params: {} });
    });
  }
}

function noMethod(method: string): object {
  return { error: { code: -32601, message: `no method ${method}` } };
}

export function says(words: string): { content: object[] } {
  return { content: [{ type: 'text', text: words }] };
}

function hello(params: Record<string, unknown>): object {
  return {
    protocolVersion: params['protocolVersion'],
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'scripted', version: '1' },
  };
}
