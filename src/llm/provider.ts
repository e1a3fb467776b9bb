import type { Price } from './model.ts';

/** One record of the configuration, which is one model behind an OpenAI-compatible address. */
export interface ProviderRecord {
  /** What callers name in `llmId`. */
  id: string;
  name: string;
  baseUrl: string;
  /** Absent for servers that ask for no key. */
  apiKey?: string;
  /** The provider's name for the model. */
  model: string;
  default: boolean;
  /** Whether the model takes images; absent: it is told of them in words. */
  images?: boolean;
  price?: Price;
  /** Seconds until the first chunk, and between two chunks. */
  timeoutSeconds: number;
  /** Concurrent completions; more wait. */
  maxConcurrency: number;
  /** What carries the requests; absent: Node's own fetch with its kept-alive connections. */
  fetch?: typeof fetch;
}
