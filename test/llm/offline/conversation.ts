import type { ModelMessage, ModelRequest } from '../../../src/llm/model.ts';
import { createOfflineProvider } from '../../../src/llm/offline/provider.ts';
import { createOpenAiModel } from '../../../src/llm/openai.ts';
import { complete, type Completion } from '../completion.ts';

const model = createOpenAiModel(createOfflineProvider());

export async function ask(request: ModelRequest): Promise<Completion> {
  return await complete(model, request);
}

export function user(content: string): ModelMessage {
  return { role: 'user', content };
}

export function answered(content: string): ModelMessage {
  return { role: 'assistant', content };
}

/** A conversation in which a tool was called and answered with this text. */
export function afterTool(
  question: string,
  name: string,
  result: string,
  args: object = { query: question },
): ModelMessage[] {
  return [
    user(question),
    { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name, arguments: JSON.stringify(args) }] },
    { role: 'tool', toolCallId: 'c1', content: result },
  ];
}

/** What the knowledge tool answers. */
export const excerpts = [
  '[1] policies/refunds.md — Refunds',
  'Refunds are paid within 14 days. They are paid to the card that you used. Gift cards never expire.',
  '',
  '[2] policies/shipping.md — Shipping costs',
  'Shipping is free above 50 euros.',
].join('\n');
