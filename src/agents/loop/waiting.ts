import { randomUUID } from 'node:crypto';
import type { ModelToolCall } from '../../llm/model.ts';
import { isoTime } from '../../runs/event.ts';
import type { JsonObject, Part } from '../../runs/message.ts';
import type { Tool } from '../../tools/tool.ts';
import { declarationOf } from '../unique-tools.ts';
import type { LoopState } from './state.ts';
import type { StartedStep } from './steps.ts';

/** A call that waits for the user: to be approved, or, where it is a question, to be answered. */
export interface WaitingCall {
  kind: 'approval' | 'question';
  /** Names it in the user's answer. */
  proposalId: string;
  /** Which of its round's calls it is. */
  index: number;
  /** The model's id of the call. */
  callId: string;
  tool: string;
  /** Its declaration: no other one's tool of that name is executed. Absent in tasks of earlier releases. */
  source?: string;
  arguments: JsonObject;
  /** JSON Schema that changed arguments must fit. */
  parameters: JsonObject;
  stepId: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

const longestArguments = 2_000;

/** Whether the user has the word before anything is executed. */
export function waitsForUser({ needsApproval, asksUser }: Tool): boolean {
  return needsApproval === true || asksUser === true;
}

export function waitingCall(
  state: LoopState,
  { tool, given }: { tool: Tool; given: JsonObject },
  { call, index, step }: { call: ModelToolCall; index: number; step: StartedStep },
): WaitingCall {
  return {
    kind: tool.asksUser ? 'question' : 'approval',
    proposalId: randomUUID(),
    index,
    callId: call.id,
    tool: tool.name,
    source: declarationOf(tool),
    arguments: given,
    parameters: tool.parameters as JsonObject,
    stepId: step.id,
    expiresAt: Date.now() + state.agent.limits.approvalTimeoutSeconds * 1000,
  };
}

/** The status message of a run that waits: for each call what is proposed and how to answer, in words and as data. */
export function waitingParts(waiting: readonly WaitingCall[]): Part[] {
  const text = [...waiting.map(sentenceOf), howTo(waiting)].join('\n\n');
  return [{ text, mediaType: 'text/plain' }, ...waiting.map(dataPart)];
}

function sentenceOf({ kind, tool, arguments: given }: WaitingCall): string {
  if (kind === 'question') {
    const choices = choicesOf(given);
    return choices ? `${questionOf(given)} (${choices.join(' | ')})` : questionOf(given);
  }
  const shown = JSON.stringify(given);
  const cut = shown.length > longestArguments ? `${shown.slice(0, longestArguments).toWellFormed()}…` : shown;
  return `The agent wants to call ${tool} with ${cut}`;
}

function howTo(waiting: readonly WaitingCall[]): string {
  const proposals = waiting.filter(({ kind }) => kind === 'approval');
  if (proposals.length === 0) return 'Answer in a further message to this task.';
  const until = isoTime(Math.min(...proposals.map(({ expiresAt }) => expiresAt)));
  return `Answer "yes" or "no" in a further message to this task, until ${until}. A data part with "approval" decides on one call, or changes its arguments.`;
}

function dataPart(call: WaitingCall): Part {
  const isQuestion = call.kind === 'question';
  const data = isQuestion ? questionData(call) : proposalData(call);
  const metadata = { type: isQuestion ? 'QUESTION' : 'APPROVAL_REQUIRED' };
  return { data, mediaType: 'application/json', metadata };
}

function proposalData({ proposalId, tool, arguments: given, stepId, expiresAt }: WaitingCall): JsonObject {
  return {
    proposal_id: proposalId,
    tool,
    arguments: given,
    step_id: stepId,
    expires_at: isoTime(expiresAt),
    how: {
      words: ['yes', 'no'],
      data: {
        approval: { proposal_id: proposalId, decision: 'approve | deny | edit', arguments: 'with edit' },
      },
    },
  };
}

function questionData({ arguments: given, stepId, expiresAt }: WaitingCall): JsonObject {
  const choices = choicesOf(given);
  return {
    question: questionOf(given),
    ...(choices && { choices }),
    step_id: stepId,
    expires_at: isoTime(expiresAt),
    how: 'The text of the next message to this task is the answer.',
  };
}

function questionOf({ text }: JsonObject): string {
  return typeof text === 'string' ? text : '';
}

function choicesOf({ choices }: JsonObject): string[] | undefined {
  return Array.isArray(choices) && choices.length > 0 ? choices.map(String) : undefined;
}
