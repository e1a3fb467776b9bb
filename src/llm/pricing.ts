import type { Price } from './model.ts';

const tokensPerPrice = 1_000_000;

/** US dollars that a completion cost; undefined where the provider declares no price. */
export function costUsd(
  usage: { promptTokens: number; completionTokens: number },
  price: Price | undefined,
): number | undefined {
  if (!price) return undefined;
  const cost = usage.promptTokens * price.inputPerMillion + usage.completionTokens * price.outputPerMillion;
  return cost / tokensPerPrice;
}
