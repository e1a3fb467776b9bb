import type { Json, JsonObject } from '../../runs/message.ts';
import type { ContextVariable } from '../definition.ts';

const mask = '[redacted]';
/** What has fewer characters cannot be told from ordinary text: masking `1` would leave no number readable. */
const shortest = 4;

/** Cuts a run's secret context values out of whatever could carry them to the model, the probe or the store. */
export class SecretMask {
  readonly #values: string[];

  constructor(variables: readonly ContextVariable[], contextValues: JsonObject) {
    const secrets = variables
      .filter((variable) => variable.secret)
      .map((variable) => contextValues[variable.name]);
    this.#values = secrets.flatMap(texts).filter((text) => text.length >= shortest);
    // Long ones first, so that a secret that holds another one leaves no rest of itself.
    this.#values.sort((one, other) => other.length - one.length);
  }

  text(text: string): string {
    let masked = text;
    for (const value of this.#values) masked = masked.replaceAll(value, mask);
    return masked;
  }

  /** The value with every secret in it masked: in texts, in names, and where a number or a boolean is one. */
  json(value: Json): Json {
    if (this.#values.length === 0) return value;
    if (Array.isArray(value)) return value.map((member) => this.json(member));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(
        Object.entries(value).map(([name, member]) => [this.text(name), this.json(member)]),
      );
    }
    const masked = this.text(String(value));
    return typeof value === 'string' || masked !== String(value) ? masked : value;
  }
}

/** How a secret may appear in text: as it is, as JSON writes it, and URL-encoded. */
function texts(value: Json | undefined): string[] {
  if (typeof value === 'string')
    return [
      ...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())]),
    ];
  if (typeof value === 'number') return [String(value)];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(texts);
}
