import {
  ModelError,
  type Model,
  type ModelChunk,
  type ModelErrorKind,
  type ModelRequest,
  type Price,
} from './model.ts';
import { OpeningStream, type Opened } from './opening-stream.ts';

/** Comes first, as soon as it is known who answers. */
export interface StartedChunk {
  kind: 'started';
  llmId: string;
  /** The provider's name for the model. */
  model: string;
  price?: Price;
}

export type AnswerChunk = StartedChunk | ModelChunk;

/** Failures of one provider that say nothing about the next one, beside those that are retryable. */
const movesOn: ReadonlySet<ModelErrorKind> = new Set(['unauthorized', 'rate_limited', 'breaker_open']);

/**
 * Streams the completion of the first of `models` that begins to answer: `started`, then its chunks.
 * A request that a model refuses as invalid (`rejected`) is not put to the next one.
 * @throws ModelError of the last model tried, naming all that were; the signal's reason when it aborts.
 */
export function completeWithFallback(
  models: readonly Model[],
  request: ModelRequest,
  signal: AbortSignal,
): AsyncIterableIterator<AnswerChunk> {
  return new OpeningStream<AnswerChunk>(() => openFirst(models, request, signal));
}

async function openFirst(
  models: readonly Model[],
  request: ModelRequest,
  signal: AbortSignal,
): Promise<Opened<AnswerChunk>> {
  const failures: ModelError[] = [];
  for (const model of models) {
    const rest = model.complete(request, signal)[Symbol.asyncIterator]();
    try {
      const first = await rest.next();
      return { ready: [{ done: false, value: started(model) }, first], rest };
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      failures.push(error);
      if (!error.retryable && !movesOn.has(error.kind)) break;
    }
  }
  throw together(failures);
}

function started(model: Model): StartedChunk {
  const { llmId, name, price } = model;
  return { kind: 'started', llmId, model: name, ...(price ? { price } : {}) };
}

function together(failures: readonly ModelError[]): Error {
  const last = failures.at(-1);
  if (!last) return new RangeError('There is no model to ask.');
  if (failures.length === 1) return last;
  const message = failures.map((failure) => failure.message).join(' ');
  return new ModelError(last.kind, last.llmId, message, {
    retryable: failures.some((failure) => failure.retryable),
    ...(last.retryAfterMs === undefined ? {} : { retryAfterMs: last.retryAfterMs }),
  });
}
