import type { ToolSource } from '../../src/tools/tool-source.ts';
import type { Tool, ToolCall, ToolResult } from '../../src/tools/tool.ts';

export type ToolScript = (call: ToolCall) => ToolResult | string | Promise<ToolResult | string>;

export type ToolOptions = Partial<Pick<Tool, 'timeoutSeconds' | 'priceUsd' | 'needsApproval' | 'asksUser'>>;

/** A tool in this process: does what the test says, and remembers its calls. */
export class ScriptedTool implements Tool, ToolSource {
  readonly name: string;
  readonly description: string;
  readonly parameters = { type: 'object' };
  readonly sideEffects = false;
  readonly timeoutSeconds?: number;
  readonly priceUsd?: number;
  readonly needsApproval?: boolean;
  readonly asksUser?: boolean;
  readonly calls: ToolCall[] = [];
  closed = 0;
  /** What `validate` says. */
  problems: string[] = [];
  readonly #script: ToolScript;

  constructor(name: string, script: ToolScript = () => 'done', options: ToolOptions = {}) {
    this.name = name;
    this.description = `The tool ${name}.`;
    this.#script = script;
    Object.assign(this, options);
  }

  validate(): string[] {
    return this.problems;
  }

  async execute(call: ToolCall): Promise<ToolResult> {
    this.calls.push(call);
    const result = await this.#script(call);
    return typeof result === 'string' ? { text: result } : result;
  }

  /** It is the source of itself. */
  async tools(): Promise<readonly Tool[]> {
    return [this];
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

/** A user's call of a tool, by hand. */
export function toolCall(args: Record<string, unknown> = {}, changes: Partial<ToolCall> = {}): ToolCall {
  return {
    arguments: args,
    context: {},
    signal: new AbortController().signal,
    caller: { userId: 'user-1', depth: 0 },
    ...changes,
  };
}
