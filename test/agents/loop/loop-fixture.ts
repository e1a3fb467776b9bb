import type { ContextVariable, DeclaredExecution } from '../../../src/agents/definition.ts';
import { executableAgent } from '../../../src/agents/executable.ts';
import type { Execution, ExecutorEvent, Outcome } from '../../../src/runs/executor.ts';
import type { Step, StepDetail } from '../../../src/runs/event.ts';
import type { JsonObject, Part, Turn } from '../../../src/runs/message.ts';
import type { DoorName, Properties, RunRequest } from '../../../src/runs/record.ts';
import { sourceOf, type ToolSource } from '../../../src/tools/tool-source.ts';
import type { Tool } from '../../../src/tools/tool.ts';
import { agentRevision, requestVariable } from '../../a2a/agent-revision.ts';
import { runRecord } from '../../stores/run-samples.ts';
import { directoryOf, type ScriptedModel } from '../../support/scripted-model.ts';

export interface Scene {
  /** The first one answers, the others are its fallbacks. */
  models: readonly ScriptedModel[];
  tools?: readonly Tool[];
  /** In place of the tools' own. */
  sources?: readonly ToolSource[];
  /** Of the agent. */
  revision?: string;
  execution?: Partial<DeclaredExecution>;
  contextValues?: JsonObject;
  parts?: Part[];
  hiddenParts?: number[];
  history?: Turn[];
  properties?: Partial<Properties>;
  signal?: AbortSignal;
  door?: DoorName;
  /** The run goes on after the user's answer. */
  answer?: Answer;
}

/** A message that continues the run of a scene which came to rest. */
export interface Answer {
  after: Played;
  parts: Part[];
  /** When it came; default: now. */
  at?: number;
  /** Whether it is executed again, as its first attempt was lost. */
  again?: boolean;
}

export interface Played {
  events: ExecutorEvent[];
  outcome: Outcome;
}

/** The agent of a scene, made as the gateway makes it, at its first event. */
export function begin(scene: Scene): AsyncGenerator<ExecutorEvent, Outcome, undefined> {
  const { models, tools = [], execution, contextValues = {}, history = [] } = scene;
  const fallbackLlmIds = models.slice(1).map(({ llmId }) => llmId);
  const plain = agentRevision({
    execution: { model: { fallbackLlmIds }, systemPrompt: 'You help.', scenarios: [], ...execution },
  });
  const revision = { ...plain, revision: scene.revision ?? plain.revision };
  const record = runRecord({ messageId: 'question', text: 'Hello' });
  if (scene.parts) record.request.message.parts = scene.parts;
  if (scene.hiddenParts) record.request.hiddenParts = scene.hiddenParts;
  Object.assign(record.request.properties, scene.properties);
  const signal = scene.signal ?? new AbortController().signal;
  if (scene.door) record.door = scene.door;
  const { request } = record;
  const first = { attempt: 1, firstAttempt: 1, request, exchange: [] };
  const continued = scene.answer && continuedBy(scene.answer, request);
  const run: Execution = { record, ...first, ...continued, history, contextValues, signal };
  const sources = scene.sources ?? tools.map(sourceOf);
  const openRemote = (): never => {
    throw new Error('This agent is none of another server.');
  };
  return executableAgent(revision, { models: directoryOf(...models), sources, openRemote }).executor(run);
}

/** What an attempt is given that continues the run. */
function continuedBy(
  { after, parts, at = Date.now(), again = false }: Answer,
  first: RunRequest,
): Pick<Execution, 'attempt' | 'firstAttempt' | 'request' | 'exchange' | 'resumed'> {
  const { paused } = after.outcome;
  if (!paused) throw new Error('The run waits for nobody.');
  const request = { ...first, message: { ...first.message, messageId: 'answer', parts } };
  const exchange = [{ message: first.message }];
  // As a store gives it back.
  const resumed = { paused: JSON.parse(JSON.stringify(paused)) as JsonObject, at };
  return { attempt: again ? 3 : 2, firstAttempt: 2, request, exchange, resumed };
}

export async function play(scene: Scene): Promise<Played> {
  const running = begin(scene);
  const events: ExecutorEvent[] = [];
  for (;;) {
    const next = await running.next();
    if (next.done) return { events, outcome: next.value };
    events.push(next.value);
  }
}

/** Each event in a word or two: `type name status`, or the text in quotes. */
export function storyOf({ events }: Played): string[] {
  return events.map((event) => {
    if (event.kind === 'step') return `${event.step.type} ${event.step.name} ${event.step.status}`;
    if (event.kind === 'text') return JSON.stringify(event.text);
    return event.kind === 'structured' ? JSON.stringify(event.data) : event.kind;
  });
}

export function textsOf({ events }: Played): { text: string; first: boolean; last: boolean }[] {
  return events.flatMap((event) => {
    if (event.kind !== 'text') return [];
    const { text, first, last } = event;
    return [{ text, first, last }];
  });
}

export function saidIn(played: Played): string {
  return textsOf(played)
    .map(({ text }) => text)
    .join('');
}

/** The ends of the steps, with what only the probe shows. */
export function endsOf({ events }: Played): { step: Step; detail?: StepDetail }[] {
  return events.flatMap((event) =>
    event.kind === 'step' && event.step.status !== 'in_progress' ? [event] : [],
  );
}

export function secretVariable(name: string): ContextVariable {
  return requestVariable(name, { secret: true, schema: {} });
}
