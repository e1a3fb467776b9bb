const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Any text whose value `isUnsafe` must look at: the bad keys, and escapes that can spell them, NUL or a surrogate. */
const SUSPICIOUS = /__proto__|constructor|\\u(?:00|[dD][89a-fA-F])/;

/** Whether JSON text (UTF-8) nests deeper than `maxDepth`: one pass over the bytes, before anything is parsed. */
export function isTooDeep(json: Uint8Array, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index];
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
    }
  }
  return false;
}

/**
 * Whether a parsed value has keys that reach prototypes (`__proto__`, `constructor.prototype`), or texts that
 * cannot be stored as they are (NUL, lone surrogates). Most texts are cleared without a look at the value.
 */
export function isUnsafe(json: string, value: unknown): boolean {
  if (!SUSPICIOUS.test(json)) return false;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const current = pending.pop();
    if (typeof current === 'string') {
      if (isUnsafeText(current)) return true;
    } else if (Array.isArray(current)) {
      for (const member of current) pending.push(member);
    } else if (typeof current === 'object' && current !== null) {
      for (const [key, member] of Object.entries(current)) {
        if (isUnsafeKey(key, member)) return true;
        pending.push(member);
      }
    }
  }
  return false;
}

function isUnsafeText(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed();
}

function isUnsafeKey(key: string, member: unknown): boolean {
  if (key === '__proto__' || isUnsafeText(key)) return true;
  return (
    key === 'constructor' &&
    typeof member === 'object' &&
    member !== null &&
    Object.hasOwn(member, 'prototype')
  );
}
