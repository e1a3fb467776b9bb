import { describe, expect, test } from '@jest/globals';
import type { RunEvent, Step, StoredEvent } from '../../src/runs/event.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../../src/runs/snapshot.ts';
import { stored } from '../stores/run-samples.ts';

function step(id: string, status: Step['status']): RunEvent {
  const place = { iteration: 1, startedAt: '2026-01-01T00:00:00.000Z' };
  return { kind: 'step', at: 5, step: { id, type: 'model_call', name: 'Ask the model', status, ...place } };
}

function say(text: string, first = false, last = false): RunEvent {
  return { kind: 'text', at: 6, text, first, last };
}

/** Two attempts: the first is lost in the middle of its text, the second comes to its end. */
const log: StoredEvent[] = [
  ...stored(
    { attempt: 1, sequence: 1 },
    { kind: 'accepted', at: 1 },
    step('a', 'in_progress'),
    say('Lost ', true),
    say('words'),
    { kind: 'structured', at: 7, data: { lost: true } },
    step('b', 'in_progress'),
  ),
  ...stored(
    { attempt: 2, sequence: 1 },
    { kind: 'restarted', at: 8 },
    step('c', 'in_progress'),
    step('c', 'completed'),
    say('Hello ', true),
    say('world', false, true),
    { kind: 'structured', at: 9, data: { found: [1, { deep: true }] } },
    { kind: 'finished', at: 10, state: 'completed', usage: { promptTokens: 3, completionTokens: 2 } },
  ),
];

function folded(snapshot: RunSnapshot, events: readonly StoredEvent[]): RunSnapshot {
  for (const event of events) fold(snapshot, event);
  return snapshot;
}

const whole = folded(emptySnapshot(0), log);

function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

describe('a snapshot is the fold of its log', () => {
  test('whole', () => {
    expect(whole).toMatchObject({
      attempt: 2,
      sequence: 7,
      state: 'completed',
      stateAt: 10,
      text: 'Hello world',
      structured: { found: [1, { deep: true }] },
      finished: { state: 'completed' },
      usage: { promptTokens: 3, completionTokens: 2 },
    });
  });

  test('in any split, saved and read in between', () => {
    for (let split = 0; split <= log.length; split += 1) {
      const saved = JSON.stringify(folded(emptySnapshot(0), log.slice(0, split)));
      expect(folded(JSON.parse(saved) as RunSnapshot, log.slice(split))).toEqual(whole);
    }
  });

  test('with any stretch of it delivered again', () => {
    for (let from = 0; from < log.length; from += 1) {
      for (let to = from + 1; to <= log.length; to += 1) {
        const again = [...log.slice(0, to), ...log.slice(from)];
        expect(folded(emptySnapshot(0), again)).toEqual(whole);
      }
    }
  });

  test('and late words of an earlier attempt count no more', () => {
    const late = stored({ attempt: 1, sequence: 7 }, say('late'), {
      kind: 'finished',
      at: 99,
      state: 'failed',
    });
    expect(folded(folded(emptySnapshot(0), log), late)).toEqual(whole);
  });

  test('folding changes neither the events nor a copy of the snapshot', () => {
    const events = frozen(structuredClone(log));
    let snapshot = emptySnapshot(0);
    const copies: [RunSnapshot, string][] = [];
    for (const event of events) {
      fold(snapshot, event);
      copies.push([frozen(snapshot), JSON.stringify(snapshot)]);
      snapshot = { ...snapshot };
    }
    expect(snapshot).toEqual(whole);
    for (const [copy, before] of copies) expect(JSON.stringify(copy)).toBe(before);
  });
});

describe('states', () => {
  test('are entered once: later work does not move the time', () => {
    const snapshot = folded(emptySnapshot(0), log.slice(0, 1));
    expect(snapshot).toMatchObject({ state: 'submitted', stateAt: 1 });
    folded(snapshot, log.slice(1, 2));
    expect(snapshot).toMatchObject({ state: 'working', stateAt: 5 });
    folded(snapshot, log.slice(2, 6));
    expect(snapshot).toMatchObject({
      state: 'working',
      stateAt: 5,
      text: 'Lost words',
      structured: { lost: true },
    });
  });

  test('a restart clears the text, the structured response and the end', () => {
    const paused: StoredEvent[] = [
      ...log.slice(0, 6),
      ...stored({ attempt: 1, sequence: 7 }, { kind: 'finished', at: 7, state: 'input-required' }),
    ];
    const snapshot = folded(emptySnapshot(0), [...paused, ...log.slice(6, 7)]);
    expect(snapshot).toMatchObject({ attempt: 2, sequence: 1, state: 'working', stateAt: 8, text: '' });
    expect(snapshot).not.toHaveProperty('structured');
    expect(snapshot).not.toHaveProperty('finished');
  });

  test('text that starts anew replaces what was said', () => {
    const snapshot = folded(
      emptySnapshot(0),
      stored({ attempt: 1, sequence: 1 }, say('one', true), say(' two'), say('anew', true), say('!')),
    );
    expect(snapshot.text).toBe('anew!');
  });
});
