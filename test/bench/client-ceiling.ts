import { OpenAI } from 'openai';
import { answerQuestions } from './child.ts';
import { scriptText } from './script.ts';

/** How many answers of so many tokens the `openai` client alone reads in a second: no server, no agent. */
async function measure({
  tokens,
  connections,
  seconds,
}: {
  tokens: number;
  connections: number;
  seconds: number;
}) {
  const baseURL = process.argv[2] ?? '';
  const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
  const content = scriptText({ pace: 'burst', size: tokens });
  const startedAt = performance.now();
  let streams = 0;
  const repeat = async (): Promise<void> => {
    while (performance.now() < startedAt + seconds * 1000) {
      const messages = [{ role: 'user' as const, content }];
      let pieces = 0;
      for await (const chunk of await client.chat.completions.create({
        model: 'bench',
        stream: true,
        messages,
      })) {
        if (chunk.choices[0]?.delta.content) pieces += 1;
      }
      if (pieces !== tokens) throw new Error(`The client read ${pieces} tokens in place of ${tokens}.`);
      streams += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, repeat));
  return { streams, seconds: (performance.now() - startedAt) / 1000 };
}

answerQuestions({ measure });
