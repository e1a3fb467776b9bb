import type { OpenApiToolDefinition } from '../../agents/tool-types/openapi.ts';
import { ApiDocumentError } from '../api-document.ts';
import type { OperationPlan } from './operation-plan.ts';

/** Where an operation's requests go. */
export interface ServerAddress {
  /** Absolute, or a path of the gateway itself. */
  url: string;
  /** Whether the operator chose the host; otherwise the egress guard decides. */
  isTrusted: boolean;
}

/**
 * The operator's `server`, or the document's. A document from the network that names a server elsewhere is
 * not trusted with the host, and never gets the operator's credentials sent there.
 * @throws ApiDocumentError that says to write `server`.
 */
export function serverAddress(definition: OpenApiToolDefinition, plan: OperationPlan): ServerAddress {
  const { server, document, documentHash } = definition;
  if (server !== undefined) return { url: server, isTrusted: true };
  const home = documentHash === undefined ? new URL(document) : undefined;
  const url = URL.parse(plan.server, home?.href);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new ApiDocumentError('names no server with an http(s) address: write "server" beside "document"');
  }
  url.search = url.hash = '';
  const isTrusted = home === undefined || url.origin === home.origin;
  if (!isTrusted && sendsValues(definition)) {
    throw new ApiDocumentError(
      `names the server ${url.origin}, which is not where it comes from: write "server" to send credentials there`,
    );
  }
  return { url: url.href, isTrusted };
}

function sendsValues({ headers, credentials }: OpenApiToolDefinition): boolean {
  return [...Object.values(headers), ...Object.values(credentials)].some(
    (value) => typeof value === 'object',
  );
}
