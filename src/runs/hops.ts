import type { Message } from './message.ts';

/** In the metadata of what the gateway sends to agents: through how many agents the message came. */
export const hopsKey = 'urn:a2a-gateway:hops';

/** Whoever makes it up only lessens what is still permitted. */
export function hopsOf({ metadata }: Pick<Message, 'metadata'>): number {
  const hops = metadata?.[hopsKey];
  return typeof hops === 'number' && hops > 0 ? Math.floor(hops) : 0;
}
