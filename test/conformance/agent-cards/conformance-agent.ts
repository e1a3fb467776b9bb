import { setTimeout as delay } from 'node:timers/promises';
import type { Execution, Executor, ExecutorEvent, Outcome } from '../../../src/runs/executor.ts';
import type { Part } from '../../../src/runs/message.ts';

type Behaviour = (execution: Execution) => AsyncGenerator<ExecutorEvent, Outcome, undefined>;

const file: Part = {
  raw: Buffer.from('Generated file content').toString('base64'),
  filename: 'output.txt',
  mediaType: 'text/plain',
};
const fileAddress: Part = {
  url: 'https://example.com/output.txt',
  filename: 'output.txt',
  mediaType: 'text/plain',
};
const data: Part = { data: { key: 'value', count: 42 }, mediaType: 'application/json' };

/** What the compatibility kits ask for by the prefix of a message's id. A longer prefix counts before a shorter one. */
const behaviours: Readonly<Record<string, Behaviour>> = {
  'tck-complete-task': ends({ state: 'completed', parts: [text('Hello from TCK')] }),
  'tck-input-required': ends({ state: 'input-required', parts: [text('Please go on.')] }),
  'tck-reject-task': ends({ state: 'rejected', parts: [text('Rejected as asked for.')] }),
  'tck-message-response': ends({
    state: 'completed',
    reply: { parts: [text('Direct message response')] },
  }),
  'tck-artifact-text': produces(text('Generated text content')),
  'tck-artifact-file': produces(file),
  'tck-artifact-file-url': produces(fileAddress),
  'tck-artifact-data': produces(data),
  'tck-stream-001': streams(text('Stream hello from TCK')),
  'tck-stream-002': ends({ state: 'completed' }),
  'tck-stream-003': streams(text('Stream task lifecycle')),
  'tck-stream-ordering-001': streams(text('Ordered output')),
  'tck-stream-artifact-text': streams(text('Streamed text content')),
  'tck-stream-artifact-file': streams(file),
  'tck-stream-artifact-chunked': streams(text('chunk-1 '), text('chunk-2')),
  'tck-': ends({ state: 'completed' }),
  'test-resubscribe-message-id': worksFor(4_500, { state: 'completed' }),
  '': worksFor(1_000, { state: 'input-required', parts: [text('What else?')] }),
};

const prefixes = Object.keys(behaviours).toSorted((one, other) => other.length - one.length);

/** The agent that the public compatibility kits steer. */
export const execute: Executor = (execution) => {
  const { messageId } = execution.request.message;
  const prefix = prefixes.find((one) => messageId.startsWith(one)) ?? '';
  const behaviour = behaviours[prefix];
  if (!behaviour) throw new Error(`There is no behaviour for ${JSON.stringify(prefix)}.`);
  return behaviour(execution);
};

const nothing: readonly ExecutorEvent[] = [];

function text(words: string): Part {
  return { text: words, mediaType: 'text/plain' };
}

function ends(outcome: Outcome): Behaviour {
  return async function* () {
    yield* nothing;
    return outcome;
  };
}

/** One artifact and the end. */
function produces(part: Part): Behaviour {
  return async function* () {
    yield piece(part, { append: false, last: true });
    return { state: 'completed' };
  };
}

/** A working status, one artifact in as many pieces as there are parts, and the end. */
function streams(...parts: Part[]): Behaviour {
  return async function* () {
    yield { kind: 'status', at: Date.now() };
    for (const [index, part] of parts.entries()) {
      yield piece(part, { append: index > 0, last: index === parts.length - 1 });
    }
    return { state: 'completed' };
  };
}

function worksFor(milliseconds: number, outcome: Outcome): Behaviour {
  return async function* ({ signal }) {
    yield { kind: 'status', at: Date.now() };
    await delay(milliseconds, undefined, { signal });
    return outcome;
  };
}

function piece(part: Part, flags: { append: boolean; last: boolean }): ExecutorEvent {
  const artifact = { artifactId: 'output', name: 'Output', parts: [part] };
  return { kind: 'artifact', at: Date.now(), artifact, ...flags };
}
