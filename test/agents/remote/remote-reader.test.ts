import { describe, expect, test } from '@jest/globals';
import { StreamResponse } from '@a2a-js/sdk';
import { missingParts, RemoteReader } from '../../../src/agents/remote/remote-reader.ts';
import type { ExecutorEvent } from '../../../src/runs/executor.ts';
import type { Part } from '../../../src/runs/message.ts';
import { remoteTask } from '../../support/fake-remote.ts';

const one: Part = { text: 'one ', mediaType: 'text/plain' };
const two: Part = { text: 'two', mediaType: 'text/plain' };
const data: Part = { data: { n: 1 } };

describe('what is missing of an artifact', () => {
  const cases: readonly [what: string, said: Part[], now: Part[], missing: Part[] | undefined][] = [
    ['nothing', [one, data], [one, data], []],
    ['parts at the end', [one], [one, data, two], [data, two]],
    ['nothing where pieces of text are one part now', [one, two], [{ ...one, text: 'one two' }], []],
    ['the rest of the text', [one], [{ ...one, text: 'one two' }], [two]],
    ['all of it: another text', [one], [two], undefined],
    ['all of it: another datum', [data], [{ data: { n: 2 } }], undefined],
    ['all of it: text of another form', [one], [{ text: 'one two' }], undefined],
    ['all of it: fewer parts', [one, data], [one], undefined],
  ];
  test.each(cases)('%s', (_what, said, now, missing) => {
    expect(missingParts(said, now)).toEqual(missing);
  });
});

function read(...events: object[]): { said: ExecutorEvent[]; reader: RemoteReader } {
  const reader = new RemoteReader();
  const said = events.flatMap((event) => [...reader.take(StreamResponse.fromJSON(event))]);
  return { said, reader };
}

test('a task that is shown again brings nothing that was said', () => {
  const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'at it' }] };
  const status = { state: 'TASK_STATE_WORKING', message };
  const task = remoteTask('WORKING', { status, artifacts: [{ artifactId: 'a', parts: [one] }] });
  const { said } = read({ task }, { task }, { task });
  expect(said.map(({ kind }) => kind)).toEqual(['linked', 'artifact', 'status']);
});

test('an artifact that is another one now is said whole', () => {
  const shown = (parts: Part[]): object => ({
    task: remoteTask('WORKING', { artifacts: [{ artifactId: 'a', parts }] }),
  });
  const { said } = read(shown([data]), shown([two]));
  expect(said.at(-1)).toMatchObject({ kind: 'artifact', append: false, artifact: { parts: [two] } });
});

test('a message after a task is what the task ends with, not a direct answer', () => {
  const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [two], metadata: { a: 1 } };
  expect(read({ message }).reader.outcome).toEqual({
    state: 'completed',
    reply: { parts: [two], metadata: { a: 1 } },
  });
  const { reader } = read({ task: remoteTask('WORKING') }, { message });
  expect(reader.outcome).toEqual({ state: 'completed', parts: [two], metadata: { a: 1 } });
});

test('events without end are cut off', () => {
  const { reader } = read();
  const update = StreamResponse.fromJSON({
    statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } },
  });
  const flood = (): void => {
    for (let count = 0; count <= 100_000; count += 1) Array.from(reader.take(update));
  };
  expect(flood).toThrow(/more than 100000 events/);
});
