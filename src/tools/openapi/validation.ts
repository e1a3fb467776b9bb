import { ApiDocumentError } from '../api-document.ts';
import type { ApiDocument, WrittenOperation } from '../api-document.ts';

/** Mistakes that do not keep a request from being built. */
const tolerated = {
  'array-without-items': 'warning',
  'unknown-required-schema-property': 'warning',
} as const;

/**
 * Checks operations against the specification of their document's version. Only what is used is checked, its
 * references inlined: a mistake elsewhere in a large document is none here.
 * @throws ApiDocumentError that says the first thing which is wrong.
 */
export async function validateOperations(
  document: ApiDocument,
  operations: readonly WrittenOperation[],
): Promise<void> {
  const { validate } = await import('@readme/openapi-parser');
  const used = documentOf(document, operations);
  const options = {
    // Nothing is left to follow, and nothing is to be read because a document says so.
    resolve: { external: false, file: false },
    validate: { rules: { openapi: tolerated } },
  };
  // The library changes what it is given.
  const result = await validate(structuredClone(used) as never, options).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    throw new ApiDocumentError(`is not valid: ${firstLine(message)}`, { cause: error });
  });
  if (!result.valid)
    throw new ApiDocumentError(`is not valid: ${firstLine(result.errors[0]?.message ?? '')}`);
}

/** A document of these operations and no other, each with an answer that stands for its own. */
function documentOf(document: ApiDocument, operations: readonly WrittenOperation[]): object {
  const paths = new Map<string, Record<string, unknown>>();
  for (const { path, method, item, operation } of operations) {
    const written = paths.get(path) ?? { ...item };
    written[method.toLowerCase()] = { ...operation, responses: { default: { description: 'An answer.' } } };
    paths.set(path, written);
  }
  const { openapi, info } = document;
  return { openapi, info, paths: Object.fromEntries(paths) };
}

/** The message is followed by an excerpt of a document that nobody has seen; its marked line says where. */
function firstLine(message: string): string {
  const [first = '', ...rest] = message.split('\n');
  const marked = rest.find((line) => line.startsWith('>'));
  return `${first}${marked ? ` (at ${marked.replace(/^>\s*\d+ \|\s*/, '').trim()})` : ''}`.slice(0, 300);
}
