import type { RunEngine } from '../runs/engine.ts';
import { eventId, isAfter, type Position, type StoredEvent } from '../runs/event.ts';
import type { LoadedRun } from '../runs/log.ts';
import type { RunRecord } from '../runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../runs/snapshot.ts';
import { answerPlace, type Call } from './call.ts';
import { responseOf, taskOf } from './projection.ts';
import type { StreamResponse } from './wire.ts';

/** One frame of a stream: the log's event id and the version's JSON text. */
export interface Frame {
  id: string;
  json: string;
}

/** One reader's stream of a run: frames in batches, until the run is at rest or the reader leaves. */
export class RunStream {
  readonly #engine: RunEngine;
  readonly #record: RunRecord;
  readonly #call: Call;
  readonly #start: { from: Position; first?: LoadedRun };
  /** Folded along, for the final status message; undefined when the reader joined in the middle. */
  readonly #folded: RunSnapshot | undefined;
  readonly #answerIn: ReturnType<typeof answerPlace>;
  /** What an event's encoding depends on. */
  readonly #dialect: string;

  constructor(
    engine: RunEngine,
    record: RunRecord,
    call: Call,
    start: { from: Position; first?: LoadedRun },
  ) {
    this.#engine = engine;
    this.#record = record;
    this.#call = call;
    this.#start = start;
    this.#answerIn = answerPlace(call);
    this.#dialect = `${call.codec.version} ${this.#answerIn}`;
    if (start.first) this.#folded = { ...start.first.snapshot };
    else if (start.from.attempt === 0) this.#folded = emptySnapshot(record.createdAt);
  }

  async *frames(): AsyncGenerator<Frame[], void> {
    const { first, from } = this.#start;
    if (first) yield [this.#taskFrame(first)];
    for await (const events of this.#engine.read(this.#record.id, from, this.#call.signal)) {
      const answer = await this.#answerFor(events);
      const frames: Frame[] = [];
      for (const stored of events) {
        const json = this.#encode(stored, answer);
        if (json !== undefined) frames.push({ id: eventId(stored), json });
      }
      if (frames.length > 0) yield frames;
    }
  }

  #taskFrame(run: LoadedRun): Frame {
    const task = taskOf(run, { answerIn: this.#answerIn });
    return { id: eventId(run.snapshot), json: this.#call.codec.encodeEvent({ task }, false) };
  }

  /** The snapshot whose answer the final status repeats, where this reader's version repeats it at all. */
  async #answerFor(events: readonly StoredEvent[]): Promise<RunSnapshot | undefined> {
    if (this.#answerIn === 'artifact') return undefined;
    if (this.#folded)
      for (const stored of events) if (isAfter(stored, this.#folded)) fold(this.#folded, stored);
    if (events.at(-1)?.event.kind !== 'finished') return undefined;
    return this.#folded ?? (await this.#engine.load(this.#record.id))?.snapshot;
  }

  #encode(stored: StoredEvent, answer: RunSnapshot | undefined): string | undefined {
    const known = stored.encodings?.[this.#dialect];
    if (known !== undefined) return known;
    const response: StreamResponse | undefined = responseOf(this.#record, stored, this.#answerIn, answer);
    if (!response) return undefined;
    const json = this.#call.codec.encodeEvent(response, stored.event.kind === 'finished');
    stored.encodings ??= {};
    stored.encodings[this.#dialect] = json;
    return json;
  }
}
