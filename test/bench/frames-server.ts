import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import express from 'express';
import { answerQuestions, listenLocally } from './child.ts';

/** The ceilings: a bare server, of node:http or Express, that sends ready-made frames. */
let frames: readonly string[] = [];
/** Whether answers stay open after the first frame. */
let open = false;

function answer(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    if (open) {
      response.write(frames[0]);
      return;
    }
    for (const frame of frames) response.write(frame);
    response.end();
  });
}

function application(): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.post('/a2a/:agent', answer);
  return app;
}

const server = process.argv[2] === 'express' ? createServer(application()) : createServer(answer);
const url = await listenLocally(server);

answerQuestions({
  url: () => `${url}/a2a/scripted`,
  use: (given: { frames: readonly string[]; open: boolean }) => {
    ({ frames, open } = given);
  },
});
