import type { ChatRequest, Reply } from './chat.ts';
import { readConversation, type Conversation } from './conversation.ts';
import { answerFrom } from './quotes.ts';
import { fillSchema } from './schema-fill.ts';
import { chooseTools } from './tool-choice.ts';

/** What the offline provider answers; the same request always gets the same answer. */
export function replyTo(request: ChatRequest): Reply {
  const { messages, tools = [], response_format: format } = request;
  const conversation = readConversation(messages);
  if (tools.length > 0 && conversation.results.length === 0 && messages.at(-1)?.role === 'user') {
    const calls = chooseTools(
      tools.map((tool) => tool.function),
      conversation.question,
    );
    if (calls.length > 0) return { calls };
  }
  const schema = format?.json_schema?.schema;
  if (schema) return { text: JSON.stringify(fillSchema(schema, conversation)) };
  const known = tools.length > 0 || conversation.results.length > 0;
  const text = known ? answerFrom(conversation) : introduction(conversation);
  return { text: messages.some(({ images }) => images) ? `${text}\n\n${notLookedAt}` : text };
}

const notLookedAt = 'Images were not looked at: offline-extractive reads text only.';

function introduction({ question }: Conversation): string {
  return (
    'No language model is configured. This is offline-extractive, the built-in answerer of the gateway: it quotes ' +
    'what the tools of an agent find, and this agent has none. To connect a model, set OPENAI_API_KEY or ' +
    `LLM_PROVIDERS_FILE. You wrote: ${question.text}`
  );
}
