import { Problem } from '../../http/problem.ts';
import type { JsonObject, Part } from '../../runs/message.ts';
import { visibleParts, type RunRequest } from '../../runs/record.ts';
import { compileParameters } from '../../tools/parameters.ts';
import { decisionOf } from './plain-words.ts';
import { contentOf } from './user-content.ts';
import type { WaitingCall } from './waiting.ts';

/** What the user says to a call that waited. */
export type Verdict =
  | { decision: 'approve' }
  /** It is executed with these arguments in place of the model's. */
  | { decision: 'edit'; arguments: JsonObject }
  /** `words`: what was said in place of a bare no. */
  | { decision: 'deny'; words?: string }
  /** To a question: its result. */
  | { decision: 'answer'; words: string };

interface ApprovalPart {
  proposal_id: string;
  decision: 'approve' | 'deny' | 'edit';
  arguments?: JsonObject;
}

const approvalSchema = {
  type: 'object',
  properties: {
    approval: {
      type: 'object',
      properties: {
        proposal_id: { type: 'string' },
        decision: { enum: ['approve', 'deny', 'edit'] },
        arguments: { type: 'object' },
      },
      required: ['proposal_id', 'decision'],
      additionalProperties: false,
    },
  },
  required: ['approval'],
  additionalProperties: false,
};

let checkApproval: ((data: unknown) => string[]) | undefined;

/**
 * What a message says to each of the calls that wait, in their order. A data part `{approval: {…}}` decides on the
 * call that it names; the text answers questions and decides on all other calls: a bare yes or no as such, and
 * anything else denies them and is handed to the model as the user's words.
 * @throws Problem invalid_request that names what does not fit, or what is left undecided.
 */
export function readVerdicts(
  waiting: readonly WaitingCall[],
  request: Pick<RunRequest, 'message' | 'hiddenParts'>,
): Verdict[] {
  const parts = visibleParts(request);
  const approvals = parts.filter(isApproval).map(approvalIn);
  refuseStrays(waiting, approvals);
  const words = wordsOf(parts.filter((part) => !isApproval(part)));
  return waiting.map((call) => {
    if (call.kind === 'question') return { decision: 'answer', words: requireWords(words, call) };
    const approval = approvals.find((one) => one.proposal_id === call.proposalId);
    return approval ? decided(call, approval) : decidedInWords(requireWords(words, call));
  });
}

function isApproval({ data }: Part): boolean {
  return data !== null && typeof data === 'object' && Object.hasOwn(data, 'approval');
}

function approvalIn({ data }: Part): ApprovalPart {
  checkApproval ??= compileParameters(approvalSchema);
  const [problem] = checkApproval(data);
  if (problem !== undefined) throw refused('approval', problem);
  return (data as { approval: JsonObject })['approval'] as unknown as ApprovalPart;
}

function refuseStrays(waiting: readonly WaitingCall[], approvals: readonly ApprovalPart[]): void {
  const open = new Set(waiting.flatMap(({ kind, proposalId }) => (kind === 'approval' ? [proposalId] : [])));
  for (const { proposal_id: id } of approvals) {
    if (!open.delete(id)) throw refused('approval.proposal_id', 'names no proposal that waits, or one twice');
  }
}

function decided(call: WaitingCall, { decision, arguments: changed }: ApprovalPart): Verdict {
  if (decision !== 'edit') {
    if (changed) throw refused('approval.arguments', 'stand there with the decision edit only');
    return { decision };
  }
  if (!changed) throw refused('approval.arguments', 'must stand there with the decision edit');
  const problems = compileParameters(call.parameters)(changed);
  if (problems.length > 0) throw refused('approval.arguments', `do not fit: ${problems.join('; ')}`);
  return { decision, arguments: changed };
}

function decidedInWords(words: string): Verdict {
  const decision = decisionOf(words);
  if (decision === undefined) return { decision: 'deny', words };
  return { decision };
}

function requireWords(words: string, { kind, proposalId, tool }: WaitingCall): string {
  if (words !== '') return words;
  if (kind === 'question') throw refused('message.parts', 'must hold the answer to the question, as text');
  throw refused('message.parts', `must decide on every proposal: ${proposalId} (${tool}) is left open`);
}

function wordsOf(parts: readonly Part[]): string {
  const content = contentOf(parts);
  if (typeof content === 'string') return content.trim();
  return content
    .map(({ text, image }) => text ?? image?.standIn ?? '')
    .join('\n')
    .trim();
}

function refused(field: string, reason: string): Problem {
  return new Problem('invalid_request', `${field} ${reason}. The task still waits.`, {
    details: { fields: { [field]: reason } },
  });
}
