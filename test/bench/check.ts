import { count, type Answer } from './connection.ts';
import { machineMicroseconds, type LoadJob } from './job.ts';

const blankLine = Buffer.from('\n\n');
const markers: Readonly<Record<LoadJob['dialect'], Buffer>> = {
  v1: Buffer.from('"TASK_STATE_COMPLETED"'),
  v03: Buffer.from('"final":true'),
  openai: Buffer.from('data: [DONE]'),
};
const tilde = 126;
/** One stream in so many is read event by event. */
const sampling = 16;

/** What is wrong with the answer: every one is counted through, a sample is read to the letter. */
export function problemOf(job: LoadJob, answer: Answer, index: number): string | undefined {
  const { bytes } = answer;
  const ends = count(bytes, markers[job.dialect]);
  if (ends !== 1) return `${ends} ends in place of one`;
  const frames = count(bytes, blankLine);
  if (job.frames !== undefined && frames !== job.frames) return `${frames} frames in place of ${job.frames}`;
  const tokens = job.tokens === undefined ? undefined : count(bytes, tilde);
  if (tokens !== job.tokens) return `${tokens} tokens in place of ${job.tokens}`;
  return job.dialect === 'openai' || index % sampling > 0 ? undefined : readingProblem(job, bytes);
}

/** The first two and all further events of a stream, as far as the check looks at them. */
interface StreamEvent {
  kind?: string;
  task?: object;
  artifact?: { parts: { text?: string }[] };
  append?: boolean;
  artifactUpdate?: { artifact: { parts: { text?: string }[] }; append?: boolean };
  status?: { state: string };
  statusUpdate?: { status: { state: string } };
}

function readingProblem(job: LoadJob, bytes: Buffer): string | undefined {
  // A fronted agent's second event, the other server's task, is shown to no reader.
  const skipped = job.fronted ? 1 : 0;
  const frames = withoutChunks(bytes).split('\n\n').slice(0, -1);
  const ids = frames.map((frame) => /^id: (\S+)$/m.exec(frame)?.[1]);
  const expectedIds = frames.map((_frame, index) => `1-${index + (index > 0 ? skipped : 0) + 1}`);
  if (ids[0] !== undefined && ids.join() !== expectedIds.join()) return `ids are ${ids.slice(0, 4).join()}…`;
  const events = frames.map((frame) => {
    const data = /^data: (.*)$/m.exec(frame)?.[1] ?? '';
    return (JSON.parse(data) as { result: StreamEvent }).result;
  });
  const [first] = events;
  if (!first?.task && first?.kind !== 'task') return 'the first event is no task';
  const last = events.at(-1);
  const state = last?.statusUpdate?.status.state ?? last?.status?.state;
  if (state !== 'completed' && state !== 'TASK_STATE_COMPLETED') return `the last event says ${state}`;
  const text = textOf(events);
  return job.text === undefined || text === job.text ? undefined : `the text is ${text.slice(0, 80)}…`;
}

function textOf(events: readonly StreamEvent[]): string {
  let text = '';
  for (const event of events) {
    const update = event.artifactUpdate ?? (event.artifact ? event : undefined);
    const pieces = (update?.artifact?.parts ?? []).map((part) => part.text ?? '').join('');
    text = update && !update.append ? pieces : text + pieces;
  }
  return text;
}

/** The body of an answer: its chunk framing taken away. */
export function withoutChunks(bytes: Buffer): string {
  const parts: Buffer[] = [];
  let at = bytes.indexOf('\r\n\r\n') + 4;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) return Buffer.concat(parts).toString('utf8');
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

/** Milliseconds that each token was on its way; tokens are `~<microseconds of sending> `. */
export function tokenDelays({ bytes, arrivals }: Answer): number[] {
  const delays: number[] = [];
  let arrival = 0;
  for (const match of bytes.toString('latin1').matchAll(/~(\d+) /g)) {
    while (arrival < arrivals.length - 1 && (arrivals[arrival]?.end ?? 0) <= match.index) arrival += 1;
    delays.push(((arrivals[arrival]?.microseconds ?? machineMicroseconds()) - Number(match[1])) / 1000);
  }
  return delays;
}
