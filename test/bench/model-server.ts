import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { answerQuestions, listenLocally } from './child.ts';
import { machineMicroseconds } from './job.ts';
import { parseScript, piece } from './script.ts';

/** Milliseconds between two tokens of a paced answer. */
const tokenInterval = 5;

/** An OpenAI-compatible model: `burst` sends all tokens at once, `paced` one every 5 ms with its send time in it. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const body = JSON.parse(text) as { messages: { content: string }[] };
  const { pace, size } = parseScript(body.messages.at(-1)?.content ?? '');
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if (pace === 'burst') {
    // A write per token, as model servers do: clients get each as a chunk of its own.
    for (const token of tokens(size)) response.write(token);
    response.end(ending);
    return;
  }
  response.socket?.setNoDelay(true);
  const startedAt = performance.now();
  for (let index = 0; index < size; index++) {
    await delay(Math.max(0, startedAt + index * tokenInterval - performance.now()));
    response.write(event({ content: `~${machineMicroseconds()} ` }, null));
  }
  response.end(ending);
}

const envelope = {
  id: 'chatcmpl-bench',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'bench',
};
const usage = { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110 };
const ending = `${event({}, 'stop')}data: ${JSON.stringify({ ...envelope, choices: [], usage })}\n\ndata: [DONE]\n\n`;
const answers = new Map<number, readonly string[]>();

function tokens(size: number): readonly string[] {
  const known = answers.get(size);
  if (known) return known;
  const made = Array.from({ length: size }, (_, index) => event({ content: piece(index) }, null));
  answers.set(size, made);
  return made;
}

function event(delta: object, finish_reason: string | null): string {
  return `data: ${JSON.stringify({ ...envelope, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
}

const server = createServer((request, response) => void answer(request, response));
const url = await listenLocally(server);
answerQuestions({ url: () => `${url}/v1` });
