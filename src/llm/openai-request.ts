import type {
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources';
import type { ModelImage, ModelMessage, ModelPart, ModelRequest } from './model.ts';
import type { ProviderRecord } from './provider.ts';

/** The body of `POST …/chat/completions` for a request: streamed, with usage. */
export function toRequestBody(
  { model, images = false }: Pick<ProviderRecord, 'model' | 'images'>,
  request: ModelRequest,
): ChatCompletionCreateParamsStreaming {
  const { messages, tools, temperature, responseSchema } = request;
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: messages.map((message) => toWireMessage(message, images)),
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

function toWireMessage(message: ModelMessage, images: boolean): ChatCompletionMessageParam {
  if (message.role === 'user') return { role: 'user', content: toWireContent(message.content, images) };
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

/** A model that takes no images is told of each in words. */
function toWireContent(
  content: string | readonly ModelPart[],
  images: boolean,
): string | ChatCompletionContentPart[] {
  if (typeof content === 'string') return content;
  if (!images) return content.map(({ text, image }) => text ?? image.standIn).join('\n');
  return content.map(({ text, image }) =>
    image ? { type: 'image_url', image_url: { url: addressOf(image) } } : { type: 'text', text },
  );
}

/** Providers take the standard alphabet with its padding only, which callers need not write. */
function addressOf({ source }: ModelImage): string {
  if ('url' in source) return source.url;
  return `data:${source.mediaType};base64,${Buffer.from(source.base64, 'base64').toString('base64')}`;
}
