import type { EgressGuard } from '../egress/egress-guard.ts';

/** An OpenAI-compatible `/embeddings` endpoint, as an agent file names it. */
export interface EmbeddingsEndpoint {
  /** Up to `/embeddings`, for instance `https://api.openai.com/v1`; the operator's, so it may be anywhere. */
  baseUrl: string;
  model: string;
  apiKey?: { env: string };
  /** Asks for vectors of this length, where the model can shorten them. */
  dimensions?: number;
}

export interface EmbeddingsDependencies {
  env: Readonly<Record<string, string | undefined>>;
  guard: Pick<EgressGuard, 'trustedFetch'>;
}

/** The endpoint did not give what was asked; the message completes "… : ", and holds nothing secret. */
export class EmbeddingsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddingsError';
  }
}

const maximumAnswerBytes = 32_000_000;
const maximumDimensions = 4096;

/** Turns texts into vectors. */
export class EmbeddingsClient {
  readonly #endpoint: EmbeddingsEndpoint;
  readonly #deps: EmbeddingsDependencies;

  constructor(endpoint: EmbeddingsEndpoint, deps: EmbeddingsDependencies) {
    this.#endpoint = endpoint;
    this.#deps = deps;
  }

  /**
   * One vector of length 1 for each text, in their order.
   * @throws EmbeddingsError; the signal's reason when it aborts.
   */
  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const vectors = readVectors(await this.#post(texts, signal), texts.length);
    if (!vectors) throw new EmbeddingsError('its answer holds no vectors that fit');
    return vectors;
  }

  async #post(texts: readonly string[], signal: AbortSignal): Promise<unknown> {
    const { baseUrl, model, dimensions } = this.#endpoint;
    const body = { model, input: texts, encoding_format: 'float', ...(dimensions && { dimensions }) };
    const answer = await this.#send(`${baseUrl.replace(/\/+$/, '')}/embeddings`, body, signal);
    if (answer.status !== 200) throw new EmbeddingsError(`it answered with status ${answer.status}`);
    if (answer.truncated) throw new EmbeddingsError('its answer is too large');
    try {
      return JSON.parse(answer.body.toString('utf8'));
    } catch {
      throw new EmbeddingsError('its answer is no JSON');
    }
  }

  async #send(url: string, body: object, signal: AbortSignal): ReturnType<EgressGuard['trustedFetch']> {
    const headers = { 'content-type': 'application/json', ...this.#credentials() };
    const request = {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
      maxBytes: maximumAnswerBytes,
    };
    try {
      return await this.#deps.guard.trustedFetch(url, request);
    } catch (error) {
      signal.throwIfAborted();
      throw new EmbeddingsError('it cannot be reached', { cause: error });
    }
  }

  #credentials(): Record<string, string> {
    const name = this.#endpoint.apiKey?.env;
    if (name === undefined) return {};
    const key = this.#deps.env[name];
    if (!key) throw new EmbeddingsError(`the environment variable ${name} is needed and not set`);
    // Anything else would start a header of its own, or be quoted by the HTTP client's message.
    if (!/^[\x21-\x7e]+$/.test(key))
      throw new EmbeddingsError(`the value of ${name} cannot stand in a header`);
    return { authorization: `Bearer ${key}` };
  }
}

/** `{data: [{index, embedding}]}`; undefined unless there is exactly one fitting vector for each text. */
function readVectors(answer: unknown, count: number): Float32Array[] | undefined {
  const { data } = (answer ?? {}) as { data?: unknown };
  if (!Array.isArray(data) || data.length !== count) return undefined;
  const vectors = new Map<number, Float32Array>();
  for (const [position, one] of data.entries()) {
    const { index = position, embedding } = (one ?? {}) as { index?: number; embedding?: unknown };
    const vector = isVector(embedding) ? normalized(embedding) : undefined;
    if (vector) vectors.set(index, vector);
  }
  const inOrder = Array.from({ length: count }, (_, index) => vectors.get(index));
  const fitting = inOrder.filter((vector) => vector?.length === inOrder[0]?.length);
  return fitting.every((vector) => vector !== undefined) && fitting.length === count ? fitting : undefined;
}

function isVector(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= maximumDimensions &&
    value.every((one) => Number.isFinite(one))
  );
}

/** Of length 1, so that a product of two is their cosine; undefined for zero, which has no direction. */
function normalized(values: readonly number[]): Float32Array | undefined {
  const length = Math.hypot(...values);
  return length > 0 ? Float32Array.from(values, (value) => value / length) : undefined;
}
