import { Problem } from '../../http/problem.ts';

/** A name may be the caller's own: its length does not grow the answer. */
const longestSentence = 300;

/**
 * The refusal of arguments that do not fit a tool's parameters.
 * @param sentences of `Tool.validate`: each begins with the field that it is about
 */
export function invalidArguments(sentences: readonly string[]): Problem {
  const shown = sentences.map((sentence) => sentence.slice(0, longestSentence).toWellFormed());
  return new Problem('invalid_request', `The arguments do not fit: ${shown.join('; ')}.`, {
    details: { fields: Object.fromEntries(shown.map(fieldAndReason)) },
  });
}

function fieldAndReason(sentence: string): [field: string, reason: string] {
  const ofAll = /^the arguments (.*)$/s.exec(sentence)?.[1];
  if (ofAll !== undefined) return ['arguments', ofAll];
  const space = sentence.indexOf(' ');
  return space > 0 ? [sentence.slice(0, space), sentence.slice(space + 1)] : [sentence, 'does not fit'];
}

/** The same for what there is not and for what the caller may not see. */
export function noSuchTool(): Problem {
  return new Problem('not_found', 'There is no such tool. GET /api/v1/tools lists those that you may use.');
}

export function approvalRequired(name: string): Problem {
  return new Problem(
    'approval_required',
    'Each call of this tool needs an approval, which only a task can wait for: ask its agent over A2A instead.',
    { details: { tool: name } },
  );
}

export function noContextValues(name: string): Problem {
  const field = name.slice(0, 64);
  return new Problem('invalid_request', "The gateway's own tools take no context values.", {
    details: { fields: { [field]: 'is not a context value of this tool' } },
  });
}
