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
    response.end(wholeAnswer(size));
    return;
  }
  response.socket?.setNoDelay(true);
  const startedAt = performance.now();
  for (let index = 0; index < size; index++) {
    await delay(startedAt + index * tokenInterval - performance.now());
    response.write(event({ content: `~${machineMicroseconds()} ` }, null));
  }
  response.end(ending());
}

const answers = new Map<number, string>();

function wholeAnswer(tokens: number): string {
  let whole = answers.get(tokens);
  if (whole === undefined) {
    const pieces = Array.from({ length: tokens }, (_, index) => event({ content: piece(index) }, null));
    whole = pieces.join('') + ending();
    answers.set(tokens, whole);
  }
  return whole;
}

function ending(): string {
  const usage = { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110 };
  return `${event({}, 'stop')}data: ${JSON.stringify({ ...envelope, choices: [], usage })}\n\ndata: [DONE]\n\n`;
}

const envelope = {
  id: 'chatcmpl-bench',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'bench',
};

function event(delta: object, finish_reason: string | null): string {
  return `data: ${JSON.stringify({ ...envelope, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
}

const server = createServer((request, response) => void answer(request, response));
const url = await listenLocally(server);
answerQuestions({ url: () => `${url}/v1` });
