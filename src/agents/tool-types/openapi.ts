import { hash } from 'node:crypto';
import {
  ApiDocumentError,
  everyOperation,
  isSafeMethod,
  listOperations,
  parseApiDocument,
  securitySchemeNames,
  selectOperations,
  type WrittenOperation,
} from '../../tools/api-document.ts';
import type { FilePath, Finding } from '../agent-file.ts';
import {
  headerFindings,
  headerReference,
  headers,
  type CredentialValue,
  type HeaderValue,
} from '../declared-headers.ts';
import { fileInside } from '../file-references.ts';
import { closed, list, matching, text } from '../schema-parts.ts';
import {
  everyTool,
  variableNames,
  type ToolDefinitionBase,
  type ToolType,
  type WrittenToolBase,
} from './tool-type.ts';

/** Operations of an OpenAPI document (3.0 or 3.1), each a tool `<name>_<operationId>`. */
export interface OpenApiToolDefinition extends ToolDefinitionBase {
  type: 'openapi';
  /** A file, resolved to an absolute path at load, or an http(s) address. */
  document: string;
  /** Hash of the file as it was loaded, so that a changed one is a new revision; an address has none. */
  documentHash?: string;
  /** Ids of operations, or `METHOD /path`; `*` stands for all of them. */
  operations: string[];
  /** In place of the document's servers; a path that begins with `/` is the gateway's own address. */
  server?: string;
  headers: Record<string, HeaderValue>;
  /** By the name of a security scheme of the document. */
  credentials: Record<string, CredentialValue>;
  /** What the file says of all operations alike; absent: by their method. */
  declaredSideEffects?: boolean;
}

export type WrittenOpenApiTool = WrittenToolBase &
  Pick<OpenApiToolDefinition, 'type' | 'document' | 'operations' | 'server'> &
  Partial<Pick<OpenApiToolDefinition, 'headers' | 'credentials'>>;

const address = /^https?:\/\//i;

const schema = closed(
  {
    ...everyTool,
    type: { const: 'openapi' },
    document: text(2048),
    operations: { ...list(text(512), 200), minItems: 1 },
    server: matching('^(/(?!/)|https?://[^/])', 'an http(s) address or a path that begins with one /', 2048),
    headers,
    credentials: { type: 'object', maxProperties: 20, additionalProperties: headerReference },
  },
  ['name', 'type', 'document', 'operations'],
);

export const openApiToolType: ToolType<WrittenOpenApiTool, OpenApiToolDefinition> = {
  schema,
  findings: (tool, path, { variables }) => [
    ...addressFindings(tool, path),
    ...headerFindings(tool.headers ?? {}, [...path, 'headers'], variableNames(variables)),
    ...headerFindings(tool.credentials ?? {}, [...path, 'credentials'], variableNames(variables)),
  ],
  async define(tool, folder) {
    if (address.test(tool.document)) return { definition: definition(tool, mayChange(tool.operations)) };
    const file = await fileInside(tool.document, folder);
    if ('reason' in file) return { finding: { path: ['document'], reason: file.reason } };
    const documentHash = hash('sha256', file.content, 'hex');
    try {
      const checked = checkDocument(tool, outlineOf(file.content, documentHash));
      if ('finding' in checked) return checked;
      return { definition: { ...definition(tool, checked.mayChange), document: file.path, documentHash } };
    } catch (error) {
      if (error instanceof ApiDocumentError)
        return { finding: { path: ['document'], reason: error.message } };
      throw error;
    }
  },
};

function definition(tool: WrittenOpenApiTool, mayChange: boolean): OpenApiToolDefinition {
  const { sideEffects } = tool;
  return {
    headers: {},
    credentials: {},
    ...tool,
    sideEffects: sideEffects ?? mayChange,
    ...(sideEffects !== undefined && { declaredSideEffects: sideEffects }),
  };
}

/** What can be said of the document without checking all of it: that is done when it is used. */
function checkDocument(
  tool: WrittenOpenApiTool,
  { operations: all, schemes }: Outline,
): { mayChange: boolean } | { finding: Finding } {
  const { operations, unknown } = selectOperations(all, tool.operations);
  const [first] = unknown;
  if (first !== undefined) {
    const reason = `${JSON.stringify(first)} is not an operation of ${tool.document}`;
    return { finding: { path: ['operations', tool.operations.indexOf(first)], reason } };
  }
  const stranger = Object.keys(tool.credentials ?? {}).find((name) => !schemes.includes(name));
  if (stranger !== undefined) {
    const reason = `is not a security scheme of ${tool.document}`;
    return { finding: { path: ['credentials', stranger], reason } };
  }
  return { mayChange: operations.some(({ method }) => !isSafeMethod(method)) };
}

/** What a document is asked when agents are loaded. */
interface Outline {
  operations: Pick<WrittenOperation, 'id' | 'method' | 'path'>[];
  schemes: string[];
}

/**
 * By the document's hash: agents are loaded again whenever a file in their folder changes, and to read a large
 * document in YAML takes seconds.
 */
const outlines = new Map<string, Outline>();
const keptOutlines = 50;

/** @throws ApiDocumentError when it is no document that can be used. */
function outlineOf(content: Buffer, documentHash: string): Outline {
  const kept = outlines.get(documentHash);
  if (kept) return kept;
  const document = parseApiDocument(content.toString('utf8'));
  const operations = listOperations(document).map(({ id, method, path }) => ({ id, method, path }));
  const outline = { operations, schemes: securitySchemeNames(document) };
  const [oldest] = outlines.keys();
  if (oldest !== undefined && outlines.size >= keptOutlines) outlines.delete(oldest);
  outlines.set(documentHash, outline);
  return outline;
}

/** Whether an operation may change something, as far as its name tells. */
function mayChange(operations: readonly string[]): boolean {
  return operations.some((name) => name === everyOperation || !isSafeMethod(name.split(' /')[0] ?? ''));
}

/** No credential may stand in an address, which is shown. */
function addressFindings({ document, server }: WrittenOpenApiTool, path: FilePath): Finding[] {
  const written = { ...(address.test(document) && { document }), ...(server !== undefined && { server }) };
  return Object.entries(written).flatMap(([name, value]) => {
    const url = URL.parse(value, 'http://gateway');
    const at = [...path, name];
    if (!url) return [{ path: at, reason: 'is not a valid address' }];
    if (!url.username && !url.password) return [];
    return [{ path: at, reason: 'must not hold a user name or password: use headers or credentials' }];
  });
}
