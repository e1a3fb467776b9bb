const MASK = '[redacted]';
/** Shorter strings would mask ordinary words. */
const MINIMUM_SECRET_LENGTH = 6;
const MAXIMUM_DEPTH = 6;
/** Values per call: bounds what a wide or shared structure costs. */
const MAXIMUM_VALUES = 1000;
const MAXIMUM_TEXT_LENGTH = 16_384;

/** Compared with the key in lower case, letters and digits only: `X-Api-Key` is `xapikey`. */
const CREDENTIAL_KEY =
  /authorization|apikey|token|secret|passw(or)?d|passphrase|cookie|credential|privatekey|accesskey|jwt|bearer/;
const SCHEME = /\b(SSWS|Bearer|Basic)(\s+)[^\s,;"'\\]+/gi;
const GATEWAY_KEY = /agw_[\w-]{6,}/g;
const DOTTED_RUN = /[\w.-]{20,}/g;

export interface RedactionOptions {
  /** Whether errors carry their stack. */
  stacks?: boolean;
}

/** Keeps credentials out of logs: known values, fields named like credentials, and texts shaped like them. */
export class Redactor {
  /** Longest first, so that a secret that contains another one goes as a whole. */
  #secrets: string[] = [];

  /** Makes a value known; from now on it is masked wherever it occurs, as part of a URL or of JSON text too. */
  add(secret: string): void {
    if (secret.length < MINIMUM_SECRET_LENGTH) return;
    const forms = [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)];
    const known = new Set([...this.#secrets, ...forms]);
    this.#secrets = [...known].sort((one, other) => other.length - one.length);
  }

  /** The text with every credential masked; texts over 16,384 characters are cut. */
  redactText(text: string): string {
    let result = text;
    for (const secret of this.#secrets) {
      if (result.includes(secret)) result = result.replaceAll(secret, MASK);
    }
    result = cut(result);
    result = result.replace(SCHEME, `$1$2${MASK}`).replace(GATEWAY_KEY, MASK);
    return result.includes('eyJ') ? result.replace(DOTTED_RUN, maskToken) : result;
  }

  /** A plain copy of the fields, safe to write: masked, bounded in depth and size, errors as name and message. */
  redactFields(
    fields: Readonly<Record<string, unknown>>,
    options: RedactionOptions = {},
  ): Record<string, unknown> {
    const walk: Walk = { stacks: options.stacks ?? false, remaining: MAXIMUM_VALUES, ancestors: new Set() };
    return this.#redactEntries(Object.entries(fields), walk);
  }

  #redactEntries(entries: Iterable<[string, unknown]>, walk: Walk): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      if (value === undefined) continue;
      if (walk.remaining <= 0) break;
      const name = key === '__proto__' ? '[__proto__]' : this.redactText(key);
      result[name] = isCredential(key, value) ? MASK : this.#redactValue(value, walk);
    }
    return result;
  }

  #redactValue(value: unknown, walk: Walk): unknown {
    walk.remaining -= 1;
    if (typeof value === 'string') return this.redactText(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
    if (value instanceof URL) return this.redactText(value.href);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (walk.ancestors.has(value)) return '[circular]';
    if (walk.ancestors.size >= MAXIMUM_DEPTH) return '[too deep]';
    walk.ancestors.add(value);
    const result = this.#redactObject(value, walk);
    walk.ancestors.delete(value);
    return result;
  }

  #redactObject(value: object, walk: Walk): unknown {
    if (value instanceof Error) return this.#redactError(value, walk);
    if (value instanceof Map) {
      const entries = Array.from(value, ([key, member]): [string, unknown] => [String(key), member]);
      return this.#redactEntries(entries, walk);
    }
    if (!Array.isArray(value) && !(value instanceof Set))
      return this.#redactEntries(Object.entries(value), walk);
    const members: unknown[] = [];
    for (const member of value) {
      if (walk.remaining <= 0) break;
      members.push(this.#redactValue(member, walk));
    }
    return members;
  }

  #redactError(error: Error, walk: Walk): Record<string, unknown> {
    const code: unknown = 'code' in error ? error.code : undefined;
    return {
      name: this.redactText(error.name),
      message: this.redactText(error.message),
      ...(typeof code === 'string' && { code: this.redactText(code) }),
      ...(error.cause !== undefined && { cause: this.#redactValue(error.cause, walk) }),
      ...(walk.stacks && error.stack !== undefined && { stack: this.redactText(error.stack) }),
    };
  }
}

interface Walk {
  stacks: boolean;
  remaining: number;
  ancestors: Set<object>;
}

/** Counts such as `promptTokens: 12` and flags such as `hasPassword: true` are no credentials. */
function isCredential(key: string, value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return false;
  const name = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  return CREDENTIAL_KEY.test(name) && !(typeof value === 'number' && name.includes('tokens'));
}

/** From the header of a JSON Web Token (base64url of `{"`) to the end, if two more segments follow. */
function maskToken(run: string): string {
  const start = run.indexOf('eyJ');
  const firstDot = start < 0 ? -1 : run.indexOf('.', start);
  const secondDot = firstDot < 0 ? -1 : run.indexOf('.', firstDot + 1);
  return secondDot < 0 ? run : run.slice(0, start) + MASK;
}

function cut(text: string): string {
  if (text.length <= MAXIMUM_TEXT_LENGTH) return text;
  return `${text.slice(0, MAXIMUM_TEXT_LENGTH)}… (${text.length - MAXIMUM_TEXT_LENGTH} more characters)`;
}
