import type { Step, StepDetail, StoredEvent, Usage } from './event.ts';
import type { JsonObject } from './message.ts';
import type { LoadedRun } from './log.ts';

/**
 * One step with all that is known of it; tool executions stand below the model call that asked for them, and what
 * happened inside a tool below its execution.
 */
export interface ProbeStep extends Step, StepDetail {
  steps?: ProbeStep[];
}

/** What happened inside a run: a reading of its log. Secrets were cut out before they came into it. */
export interface Probe {
  runId: string;
  agentId: string;
  agentRevision: string;
  state: string;
  startedAt: string;
  durationMs: number;
  usage: Usage;
  contextValues: JsonObject;
  /** Properties that nobody knows. */
  unknownProperties?: string[];
  steps: ProbeStep[];
}

/**
 * Makes the probe of a run from its events.
 * @param showPrompts whether the reader may read the agent's configuration
 */
export function probeOf(run: LoadedRun, events: readonly StoredEvent[], showPrompts: boolean): Probe {
  const { record, snapshot } = run;
  const { unknown } = record.request.properties;
  return {
    runId: record.id,
    agentId: record.agentId,
    agentRevision: record.agentRevision,
    state: snapshot.state,
    startedAt: new Date(record.createdAt).toISOString(),
    durationMs: snapshot.stateAt - record.createdAt,
    usage: snapshot.usage ?? { promptTokens: 0, completionTokens: 0 },
    contextValues: record.request.contextValues,
    ...(unknown.length > 0 && { unknownProperties: unknown }),
    steps: tree(events, showPrompts),
  };
}

/** Tool executions, and proposals of them, belong to the model call that asked for them. */
function isAskedFor({ type, iteration }: ProbeStep, asking: ProbeStep): boolean {
  return type === 'tool_execution' || (type === 'planning' && iteration === asking.iteration);
}

function tree(events: readonly StoredEvent[], showPrompts: boolean): ProbeStep[] {
  const top: ProbeStep[] = [];
  let asking: ProbeStep | undefined;
  const byId = new Map<string, ProbeStep>();
  for (const { event } of events) {
    if (event.kind === 'restarted') {
      top.length = 0;
      asking = undefined;
      byId.clear();
    }
    if (event.kind !== 'step') continue;
    const known = byId.get(event.step.id);
    const shown: ProbeStep = { ...event.step, ...event.detail };
    if (!showPrompts) delete shown.prompt;
    if (known) {
      Object.assign(known, shown);
      continue;
    }
    // The end of a step of an attempt that was lost: its start is no longer part of the probe.
    if (shown.status !== 'in_progress') continue;
    byId.set(shown.id, shown);
    const parent = shown.parentId === undefined ? undefined : byId.get(shown.parentId);
    const above = parent ?? (asking && isAskedFor(shown, asking) ? asking : undefined);
    if (above) (above.steps ??= []).push(shown);
    else top.push(shown);
    if (shown.type === 'model_call' && !parent) asking = shown;
  }
  return top;
}
