import { isTooDeep, isUnsafe } from '../../http/json-safety.ts';
import { Problem } from '../../http/problem.ts';
import type { JsonObject } from '../../runs/message.ts';
import type { Procedure } from './service.ts';

const maxDepth = 64;

/**
 * The key `__proto__` of a google.protobuf.Struct on the wire, between the tags of key and value. The decoder
 * drops it without a word, so it cannot be found later.
 */
const protoKey = Buffer.from('\n\t__proto__\x12', 'latin1');

/**
 * The request as JSON, under the same rules as a JSON body.
 * @throws Problem invalid_message for bytes that are no such message, nest too deep, or hold what is not allowed
 */
export function readMessage(procedure: Procedure, message: Buffer): JsonObject {
  const text = decode(procedure, message);
  if (isTooDeep(Buffer.from(text), maxDepth)) {
    throw new Problem('invalid_message', `The message is nested more than ${maxDepth} levels deep.`);
  }
  const value = JSON.parse(text) as JsonObject;
  if (message.includes(protoKey) || isUnsafe(text, value)) {
    throw new Problem(
      'invalid_message',
      'The message has a key that is not allowed (__proto__, constructor.prototype), or text with NUL or lone surrogates.',
    );
  }
  return value;
}

/** As JSON text: what is no JSON, such as NaN in a Struct, is gone then. */
function decode(procedure: Procedure, message: Buffer): string {
  try {
    return JSON.stringify(procedure.decode(message));
  } catch {
    // Also the end of the stack, for what nests without end. The decoder's own message may quote the bytes.
    throw new Problem('invalid_message', `The message cannot be read as the request of ${procedure.path}.`);
  }
}
