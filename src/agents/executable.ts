import type { ModelDirectory } from '../llm/directory.ts';
import type { ExecutableAgent, StartRequest } from '../runs/engine.ts';
import type { Execution, Executor } from '../runs/executor.ts';
import type { LoadedRun } from '../runs/log.ts';
import type { JsonObject } from '../runs/message.ts';
import type { Log } from '../telemetry/log.ts';
import type { ToolSource } from '../tools/tool-source.ts';
import { awaitAuthorization } from './authorization.ts';
import type { AgentRevision, DeclaredExecution, RemoteExecution } from './definition.ts';
import { runLoop } from './loop/loop.ts';
import { gatherTools } from './loop/gather-tools.ts';
import { readPaused } from './loop/paused.ts';
import { SecretMask } from './loop/secrets.ts';
import type { LoopState } from './loop/state.ts';
import { StepRecorder } from './loop/steps.ts';
import { readVerdicts } from './loop/verdicts.ts';
import { moduleExecutor } from './module-agent.ts';
import { compileResponseSchema } from './response-schema.ts';

/** What an agent of one kind brings to its execution. */
export type KindOfAgent = Pick<
  ExecutableAgent,
  'executor' | 'mayReply' | 'cancelGraceSeconds' | 'cancelWaiting' | 'admit'
>;

/** What agents are executed with. */
export interface ExecutionParts {
  models: ModelDirectory;
  sources: readonly ToolSource[];
  log?: Log;
  /** Fronts a remote agent. */
  openRemote: (execution: RemoteExecution) => KindOfAgent;
}

/** Makes an agent executable: its tools are built and its schemas compiled once per revision. */
export function executableAgent(revision: AgentRevision, parts: ExecutionParts): ExecutableAgent {
  const { execution } = revision.definition;
  const kind = ofKind(revision, parts);
  return {
    agentId: revision.id,
    revision: revision.revision,
    timeoutSeconds: execution.limits.timeoutSeconds,
    maxHistoryMessages: execution.limits.maxHistoryMessages,
    onReplicaLoss: execution.onReplicaLoss,
    ...kind,
    executor: awaitAuthorization(execution, kind.executor),
  };
}

function ofKind({ definition, revision }: AgentRevision, parts: ExecutionParts): KindOfAgent {
  const { execution } = definition;
  switch (execution.kind) {
    case 'a2a':
      return parts.openRemote(execution);
    case 'module':
      return { executor: moduleExecutor(execution), mayReply: true };
    case 'declared':
      return { executor: declaredExecutor(execution, revision, parts), admit: admitAnswer };
  }
}

/** A message to a task that waits for its user must answer what it waits for. */
function admitAnswer({ snapshot: { finished } }: LoadedRun, request: StartRequest): void {
  if (finished?.paused) readVerdicts(readPaused(finished.paused).waiting, request);
}

function declaredExecutor(agent: DeclaredExecution, revision: string, parts: ExecutionParts): Executor {
  const check = agent.responseSchema && compileResponseSchema(agent.responseSchema);
  return async function* (execution) {
    const steps = new StepRecorder(execution.attempt);
    const tools = yield* gatherTools(parts.sources, steps, execution);
    return yield* runLoop({ ...openState(agent, parts, execution), revision, tools, steps }, check);
  };
}

function openState(
  agent: DeclaredExecution,
  { models, log }: ExecutionParts,
  execution: Execution,
): Omit<LoopState, 'revision' | 'tools' | 'steps'> {
  const { llmId, properties } = execution.request;
  const temperature = properties.temperature ?? agent.model.temperature;
  return {
    execution,
    agent,
    models: models.resolve({
      requested: llmId,
      agent: agent.model.llmId,
      fallbacks: agent.model.fallbackLlmIds,
    }),
    visibleValues: visible(agent, execution.contextValues),
    mask: new SecretMask(agent.contextVariables, execution.contextValues),
    ...(temperature !== undefined && { temperature }),
    maxSteps: Math.min(properties.maxSteps ?? agent.limits.maxSteps, agent.limits.maxSteps),
    usage: { promptTokens: 0, completionTokens: 0 },
    toolCalls: 0,
    said: '',
    ...(log && { log }),
  };
}

function visible(agent: DeclaredExecution, values: JsonObject): JsonObject {
  const secret = new Set(
    agent.contextVariables.filter((variable) => variable.secret).map((variable) => variable.name),
  );
  return Object.fromEntries(Object.entries(values).filter(([name]) => !secret.has(name)));
}
