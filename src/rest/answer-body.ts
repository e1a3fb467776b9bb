import { Ajv2020 } from 'ajv/dist/2020.js';
import { Problem } from '../http/problem.ts';
import type { Turn } from '../runs/message.ts';

export interface AnswerBody {
  conversationHistory: Turn[];
  contextValues: Record<string, unknown>;
}

const schema = {
  type: 'object',
  properties: {
    conversationHistory: {
      type: 'array',
      maxItems: 200,
      items: {
        type: 'object',
        properties: {
          by: { type: 'string', enum: ['USER', 'AI'] },
          text: { type: 'string', maxLength: 100_000 },
        },
        required: ['by', 'text'],
      },
    },
    contextValues: { type: 'object' },
  },
};

const fits = new Ajv2020().compile(schema);

/** The body of the legacy answer; both members are optional, and so is the body. @throws Problem invalid_request */
export function readAnswerBody(body: unknown): AnswerBody {
  const given = body ?? {};
  if (!fits(given)) {
    const [error] = fits.errors ?? [];
    const field = error?.instancePath.slice(1).replaceAll('/', '.') || 'body';
    const reason = error?.message ?? 'does not fit';
    throw new Problem('invalid_request', `${field} ${reason}.`, { details: { fields: { [field]: reason } } });
  }
  const { conversationHistory = [], contextValues = {} } = given as Partial<AnswerBody>;
  return { conversationHistory: conversationHistory.map(({ by, text }) => ({ by, text })), contextValues };
}
