import { parse } from 'yaml';

type JsonMap = Readonly<Record<string, unknown>>;

/** An OpenAPI document of version 3.0 or 3.1, as it is written: references in place, nothing checked below. */
export interface ApiDocument extends JsonMap {
  openapi: string;
}

/** One operation of a document, as it is written. */
export interface WrittenOperation {
  /** `operationId`; absent: the method and path. */
  id: string;
  /** Upper case. */
  method: string;
  path: string;
  item: JsonMap;
  operation: JsonMap;
}

/** A document that cannot be used; the message follows the words "the document". */
export class ApiDocumentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiDocumentError';
  }
}

export const maximumDocumentBytes = 5_000_000;

/** Stands in a list of operations for all of them. */
export const everyOperation = '*';

/** All but `trace`, which no client of the gateway's may send. */
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/** Whether a method changes nothing (RFC 9110 §9.2.1). */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/**
 * Reads an OpenAPI document, YAML or JSON.
 * @throws ApiDocumentError when it is none of version 3.0 or 3.1.
 */
export function parseApiDocument(text: string): ApiDocument {
  if (Buffer.byteLength(text) > maximumDocumentBytes) throw new ApiDocumentError('is larger than 5 MB');
  const value = parseText(text);
  if (!isMap(value)) throw new ApiDocumentError('is not an OpenAPI document');
  if ('swagger' in value) throw new ApiDocumentError('is Swagger 2: convert it to OpenAPI 3 first');
  const { openapi } = value;
  if (typeof openapi !== 'string')
    throw new ApiDocumentError('is not an OpenAPI document: openapi is missing');
  if (!/^3\.[01]\.\d/.test(openapi)) throw new ApiDocumentError('is not of OpenAPI version 3.0 or 3.1');
  return { ...value, openapi };
}

/** All operations, in the order of the document. */
export function listOperations(document: ApiDocument): WrittenOperation[] {
  return Object.entries(mapOf(document['paths'])).flatMap(([path, written]) => {
    const item = pathItem(document, written);
    return methods.flatMap((method) => {
      const operation = item[method];
      if (!isMap(operation)) return [];
      const name = `${method.toUpperCase()} ${path}`;
      const { operationId } = operation;
      const id = typeof operationId === 'string' && operationId !== '' ? operationId : name;
      return [{ id, method: method.toUpperCase(), path, item, operation }];
    });
  });
}

/** The operations that a list names, each once, by id or as `GET /path`; and the names that there are none of. */
export function selectOperations<Operation extends Pick<WrittenOperation, 'id' | 'method' | 'path'>>(
  all: readonly Operation[],
  names: readonly string[],
): { operations: Operation[]; unknown: string[] } {
  const found = (name: string): readonly Operation[] =>
    name === everyOperation
      ? all
      : all.filter(({ id, method, path }) => name === id || name === `${method} ${path}`);
  return {
    operations: [...new Set(names.flatMap(found))],
    unknown: names.filter((name) => name !== everyOperation && found(name).length === 0),
  };
}

/** The names of the document's security schemes. */
export function securitySchemeNames(document: ApiDocument): string[] {
  return Object.keys(mapOf(mapOf(document['components'])['securitySchemes']));
}

/**
 * What a reference inside the document points to.
 * @throws ApiDocumentError for one that leads elsewhere, or to nothing.
 */
export function followReference(document: ApiDocument, reference: string): unknown {
  // Nothing is read from files or the network because a document says so.
  if (!reference.startsWith('#/')) {
    throw new ApiDocumentError(
      `refers to ${excerpt(reference)}: only references inside it (#/…) are followed`,
    );
  }
  let value: unknown = document;
  for (const token of reference.slice(2).split('/')) {
    const name = decoded(token).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      throw new ApiDocumentError(`refers to ${excerpt(reference)}, which is not there`);
    }
    value = (value as JsonMap)[name];
  }
  return value;
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one in place of anything else. */
export function mapOf(value: unknown): JsonMap {
  return isMap(value) ? value : {};
}

/** A path item may stand somewhere else in the document; one that stands nowhere has no operations. */
function pathItem(document: ApiDocument, written: unknown): JsonMap {
  const item = mapOf(written);
  const { $ref: reference } = item;
  if (typeof reference !== 'string') return item;
  try {
    return { ...mapOf(followReference(document, reference)), ...item };
  } catch {
    return item;
  }
}

function parseText(text: string): unknown {
  try {
    if (/^\s*\{/.test(text)) return JSON.parse(text);
  } catch {
    // YAML's own braces look the same.
  }
  try {
    const value: unknown = parse(text, { maxAliasCount: 100, merge: true, logLevel: 'error' });
    // Aliases become copies: nothing is shared, and nothing holds itself.
    return JSON.parse(JSON.stringify(value ?? null)) as unknown;
  } catch (error) {
    throw new ApiDocumentError('is neither YAML nor JSON that can be read', { cause: error });
  }
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function excerpt(reference: string): string {
  return JSON.stringify(reference.slice(0, 200));
}
