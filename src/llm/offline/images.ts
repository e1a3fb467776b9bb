import type { ChatMessage, ChatRequest } from './chat.ts';

/** The request as it is sent: what a user says may come in parts. */
export type WireRequest = Omit<ChatRequest, 'messages'> & {
  messages: readonly (Omit<ChatMessage, 'content'> & {
    content: ChatMessage['content'] | readonly WirePart[];
  })[];
};

type WirePart = { type: 'text'; text: string } | { type: 'image_url' };

/** The request with its texts alone: images are counted, and nothing of them is kept. */
export function readText(request: WireRequest): ChatRequest {
  const messages = request.messages.map(({ content, ...message }): ChatMessage => {
    if (content === null || typeof content === 'string') return { ...message, content };
    const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    return { ...message, content: texts.join('\n'), images: content.length - texts.length };
  });
  return { ...request, messages };
}
