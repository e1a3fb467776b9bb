import { ModelError, type ModelErrorKind, type ModelErrorOptions } from './model.ts';

interface FailureText {
  /** Whether another try, or another provider, may do better. */
  retryable: boolean;
  /** Ends the sentence that begins with the model's name, and says what to do. */
  text: string;
}

const failures: Readonly<Record<ModelErrorKind, FailureText>> = {
  rate_limited: {
    retryable: true,
    text: 'is rate-limited by its provider. Try again later or name another llmId.',
  },
  unavailable: {
    retryable: true,
    text: 'cannot be reached or does not answer. Try again later or name another llmId; an administrator checks the server and the base URL of its provider record.',
  },
  timeout: {
    retryable: true,
    text: 'took longer than the time-out of its provider record. Try again or name another llmId.',
  },
  unauthorized: {
    retryable: false,
    text: 'refused the credentials of its provider record. An administrator must set a valid API key; until then name another llmId.',
  },
  rejected: {
    retryable: false,
    text: 'refused the request as invalid. Shorten or change the message; an administrator checks the model name, the tools and the options.',
  },
  malformed: {
    retryable: true,
    text: 'answered with something that is no chat completion stream. Name another llmId; an administrator checks that its base URL is an OpenAI-compatible address.',
  },
  truncated: {
    retryable: true,
    text: 'broke off before the end of its answer. Try again or name another llmId.',
  },
  breaker_open: {
    retryable: true,
    text: 'failed several times in a row and is paused for some seconds. Try again shortly or name another llmId.',
  },
};

/**
 * The error of one kind with its sentence. `note` stands in brackets and must be harmless by itself (a status, an
 * error code): the provider's own words may hold the key or the address, so they never go in, nor does its error
 * as the cause.
 */
export function modelError(
  kind: ModelErrorKind,
  llmId: string,
  options: Pick<ModelErrorOptions, 'retryAfterMs'> & { note?: string } = {},
): ModelError {
  const { retryable, text } = failures[kind];
  const { note, ...rest } = options;
  const message = `The model ${JSON.stringify(llmId)}${note ? ` (${note})` : ''} ${text}`;
  return new ModelError(kind, llmId, message, { retryable, ...rest });
}
