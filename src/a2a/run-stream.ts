import type { RunEngine } from '../runs/engine.ts';
import { eventId, isAfter, type Position, type RunEvent, type StoredEvent } from '../runs/event.ts';
import type { LoadedRun } from '../runs/log.ts';
import type { RunRecord } from '../runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../runs/snapshot.ts';
import type { RunReading } from '../runs/reading.ts';
import { answerPlace, type Call } from './call.ts';
import { responseOf, taskOf, withHistory, type AnswerPlace } from './projection.ts';
import type { Codec, StreamResponse } from './wire.ts';

/** One frame of a stream: the log's event id and the version's JSON text. */
export interface Frame {
  id: string;
  json: string;
}

/** Where a stream begins, and what its reader wants of the task that comes first. */
export interface StreamStart {
  from: Position;
  /** The run whose task comes first; it stands at `from`. */
  first?: LoadedRun;
  /** A task that waits for its caller is followed until its next message has brought it to rest again. */
  throughWaiting?: boolean;
  /** See TaskOptions. */
  historyLength?: number | undefined;
}

/**
 * One reader's stream of a run: frames in batches, until the run is at rest or the reader leaves (`return`, at any
 * time). An iterator by hand, as thousands of them may be open with nothing happening: a generator would hold
 * on to its last batch, and could not be left while it waits.
 */
export class RunStream implements AsyncIterableIterator<Frame[], undefined> {
  readonly #engine: RunEngine;
  readonly #record: RunRecord;
  readonly #codec: Codec;
  readonly #answerIn: AnswerPlace;
  /** What an event's encoding depends on. */
  readonly #dialect: string;
  readonly #events: RunReading;
  readonly #historyLength: number | undefined;
  #first: LoadedRun | undefined;
  /** The first frame of an agent that may answer without a task: held until it has said its first word. */
  #held: Frame | undefined;
  /** Folded along, for the final status message; undefined when the reader joined in the middle. */
  readonly #folded: RunSnapshot | undefined;

  constructor(engine: RunEngine, record: RunRecord, call: Call, start: StreamStart) {
    this.#engine = engine;
    this.#record = record;
    this.#codec = call.codec;
    this.#answerIn = answerPlace(call);
    this.#dialect = `${call.codec.dialect} ${this.#answerIn}`;
    this.#events = engine.read(record.id, start.from, { throughWaiting: start.throughWaiting ?? false });
    this.#first = start.first;
    this.#historyLength = start.historyLength;
    if (!this.#repeatsAnswer) return;
    if (start.first) this.#folded = { ...start.first.snapshot };
    else if (start.from.attempt === 0) this.#folded = emptySnapshot(record.createdAt);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Frame[], undefined>> {
    const first = this.#first;
    this.#first = undefined;
    if (first) return { done: false, value: [this.#taskFrame(first)] };
    for (;;) {
      const { done, value: events } = await this.#events.next();
      if (done) return { done, value: undefined };
      const frames = this.#frames(events, await this.#answerFor(events));
      if (frames.length > 0) return { done: false, value: frames };
    }
  }

  async return(): Promise<IteratorResult<Frame[], undefined>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  #frames(events: readonly StoredEvent[], answer: RunSnapshot | undefined): Frame[] {
    const frames: Frame[] = [];
    for (const stored of events) {
      const json = this.#encode(stored, answer);
      const frame = json === undefined ? undefined : { id: eventId(stored), json };
      const { event } = stored;
      if (this.#record.mayReply && event.kind === 'accepted') {
        this.#held = frame;
        continue;
      }
      if (this.#held && !isReply(event)) frames.push(this.#held);
      this.#held = undefined;
      if (frame) frames.push(frame);
    }
    return frames;
  }

  #taskFrame(run: LoadedRun): Frame {
    const historyLength = this.#historyLength;
    const task = taskOf(run, {
      answerIn: this.#answerIn,
      ...(historyLength !== undefined && { historyLength }),
    });
    return { id: eventId(run.snapshot), json: this.#codec.encodeEvent({ task }, false) };
  }

  /** Whether the final status may hold the answer: by its place, or as the caller takes nothing that came before. */
  get #repeatsAnswer(): boolean {
    return this.#answerIn !== 'artifact' || this.#record.request.acceptedOutputModes !== undefined;
  }

  /** The snapshot whose answer the final status repeats, where this reader's version repeats it at all. */
  async #answerFor(events: readonly StoredEvent[]): Promise<RunSnapshot | undefined> {
    if (!this.#repeatsAnswer) return undefined;
    if (this.#folded)
      for (const stored of events) if (isAfter(stored, this.#folded)) fold(this.#folded, stored);
    if (events.at(-1)?.event.kind !== 'finished') return undefined;
    return this.#folded ?? (await this.#engine.load(this.#record.id))?.snapshot;
  }

  #encode(stored: StoredEvent, answer: RunSnapshot | undefined): string | undefined {
    if (stored.event.kind === 'accepted' && this.#historyLength !== undefined)
      return this.#encodeCut(stored, this.#historyLength);
    const known = stored.encodings?.[this.#dialect];
    if (known !== undefined) return known;
    const response: StreamResponse | undefined = responseOf(this.#record, stored, this.#answerIn, answer);
    if (!response) return undefined;
    const json = this.#codec.encodeEvent(response, stored.event.kind === 'finished');
    stored.encodings ??= {};
    stored.encodings[this.#dialect] = json;
    return json;
  }

  /** The task at its beginning with less of its history: for this reader alone, so it is not kept. */
  #encodeCut(stored: StoredEvent, historyLength: number): string | undefined {
    const response = responseOf(this.#record, stored, this.#answerIn, undefined);
    if (!response || !('task' in response)) return undefined;
    return this.#codec.encodeEvent({ task: withHistory(response.task, historyLength) }, false);
  }
}

/** A message that is all that the agent answers: then there is no task (spec §3.1.2). */
function isReply(event: RunEvent): boolean {
  return event.kind === 'finished' && event.reply !== undefined;
}
