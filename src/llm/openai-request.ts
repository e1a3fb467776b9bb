import type { ChatCompletionCreateParamsStreaming, ChatCompletionMessageParam } from 'openai/resources';
import type { ModelMessage, ModelRequest } from './model.ts';

/** The body of `POST …/chat/completions` for a request: streamed, with usage. */
export function toRequestBody(model: string, request: ModelRequest): ChatCompletionCreateParamsStreaming {
  const { messages, tools, temperature, responseSchema } = request;
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: messages.map(toWireMessage),
    // An empty list is refused by several providers.
    ...(tools?.length
      ? {
          tools: tools.map(({ name, description, parameters }) => ({
            type: 'function' as const,
            function: { name, description, parameters: { ...parameters } },
          })),
        }
      : {}),
    ...(temperature === undefined ? {} : { temperature }),
    ...(responseSchema
      ? {
          response_format: {
            type: 'json_schema' as const,
            json_schema: { name: responseSchema.name, schema: { ...responseSchema.schema }, strict: false },
          },
        }
      : {}),
  };
}

function toWireMessage(message: ModelMessage): ChatCompletionMessageParam {
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
  }
  if (message.role !== 'assistant') return { role: message.role, content: message.content };
  if (!message.toolCalls?.length) return { role: 'assistant', content: message.content };
  return {
    role: 'assistant',
    content: message.content || null,
    tool_calls: message.toolCalls.map((call) => ({
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: call.arguments },
    })),
  };
}
