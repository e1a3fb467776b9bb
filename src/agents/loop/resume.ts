import type { ModelMessage, ModelToolCall } from '../../llm/model.ts';
import { isoTime, type ApprovalDetail } from '../../runs/event.ts';
import type { Execution, ExecutorEvent } from '../../runs/executor.ts';
import { visibleParts } from '../../runs/record.ts';
import type { Tool } from '../../tools/tool.ts';
import { declarationOf } from '../unique-tools.ts';
import { permittedTools, type Conversation } from './conversation.ts';
import { readPaused, type PausedLoop } from './paused.ts';
import { RunFailure } from './run-failure.ts';
import type { LoopState } from './state.ts';
import { callTools } from './tool-calls.ts';
import { contentOf } from './user-content.ts';
import { readVerdicts, type Verdict } from './verdicts.ts';

/** What the user said to a call, and what of it the probe shows. */
export interface DecidedCall {
  verdict: Verdict;
  approval: ApprovalDetail;
}

/**
 * The conversation as it was when the run came to rest, gone on with what the user has answered: calls that are
 * approved have been executed, and every call of the round has its result.
 * @throws RunFailure when the answer came too late, or the agent no longer has what was going on.
 */
export async function* resumeConversation(
  state: LoopState,
  { paused, at }: NonNullable<Execution['resumed']>,
): AsyncGenerator<ExecutorEvent, Conversation, undefined> {
  const stored = readPaused(paused);
  restore(state, stored);
  refuseLate(stored, at);
  refuseChanged(state, stored);
  const conversation = conversationOf(state, stored);
  // An execution again says the answer from its beginning, as all of them do.
  if (state.said !== '' && state.execution.attempt > state.execution.firstAttempt)
    yield { kind: 'text', at: Date.now(), text: state.said, first: true, last: false };
  const verdicts = readVerdicts(stored.waiting, state.execution.request);
  const round = yield* callTools(state, {
    calls: stored.waiting.map((call, index) => decidedCall(call, verdicts[index])),
    tools: permittedTools(state, conversation.scenario).filter((tool) => wasProposed(stored, tool)),
    iteration: stored.iteration,
    decided: stored.waiting.map((call, index) => decide(state, { call, verdict: verdicts[index], at })),
  });
  const results = [...stored.results];
  for (const [index, { index: place }] of stored.waiting.entries())
    results[place] = round.results[index] ?? null;
  conversation.messages.push(...results.filter((result) => result !== null));
  return conversation;
}

function restore(state: LoopState, { usage, toolCalls, said }: PausedLoop): void {
  state.usage = { ...usage };
  state.toolCalls = toolCalls;
  state.said = said;
}

function refuseLate({ waiting }: PausedLoop, at: number): void {
  const late = waiting.find(({ expiresAt }) => expiresAt <= at);
  if (!late) return;
  const what = late.kind === 'question' ? 'question' : `proposal to call ${late.tool}`;
  throw new RunFailure(
    'timeout',
    `The answer came too late: the ${what} had expired at ${isoTime(late.expiresAt)}, and nothing was executed. Send the request again as a new task.`,
  );
}

/** What was approved is a call of the agent as it was: another one may send it elsewhere. */
function refuseChanged(state: LoopState, { waiting, revision }: PausedLoop): void {
  if (revision === undefined || revision === state.revision) return;
  if (waiting.some(({ kind }) => kind === 'approval')) throw agentChanged();
}

function agentChanged(): RunFailure {
  return new RunFailure(
    'conflict',
    'The agent has changed since the task began to wait. Send the request again as a new task.',
  );
}

/** Another declaration's tool of the same name is not what the user was asked about. */
function wasProposed({ waiting }: PausedLoop, tool: Tool): boolean {
  return waiting.every(
    ({ tool: name, source }) => name !== tool.name || source === undefined || source === declarationOf(tool),
  );
}

function conversationOf(state: LoopState, stored: PausedLoop): Conversation {
  const { messages, scenario: name, iteration, spokenId } = stored;
  const scenario = state.agent.scenarios.find((one) => one.name === name);
  if (name !== undefined && !scenario) throw agentChanged();
  return {
    messages: messages.map((message) =>
      message.role === 'spoken' ? spokenAgain(state.execution, spokenId) : message,
    ),
    ...(scenario && { scenario }),
    iteration,
    spokenId,
  };
}

function spokenAgain({ exchange }: Execution, spokenId: string): ModelMessage {
  const spoken = exchange.find(({ message }) => message.messageId === spokenId);
  return { role: 'user', content: spoken ? contentOf(visibleParts(spoken)) : '' };
}

/** The call as it is executed: with the arguments that the user has changed. */
function decidedCall(
  { callId, tool, arguments: given }: PausedLoop['waiting'][number],
  verdict: Verdict | undefined,
): ModelToolCall {
  const changed = verdict?.decision === 'edit' ? verdict.arguments : given;
  return { id: callId, name: tool, arguments: JSON.stringify(changed) };
}

/** Who decided what is written down: in the probe, and in the log. */
function decide(
  { execution, log }: LoopState,
  {
    call,
    verdict = { decision: 'deny' },
    at,
  }: { call: PausedLoop['waiting'][number]; verdict: Verdict | undefined; at: number },
): DecidedCall {
  const { proposalId, tool } = call;
  const { decision } = verdict;
  const { owner: by, id: runId, agentId } = execution.record;
  log?.info('A call that waited for its user was decided.', {
    runId,
    agentId,
    tool,
    proposalId,
    decision,
    by,
  });
  return { verdict, approval: { proposalId, decision, by, at: isoTime(at) } };
}
