import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { OpenApiToolDefinition } from '../../agents/tool-types/openapi.ts';
import { maximumDocumentBytes } from '../api-document.ts';
import { sendRequest, type WayOut } from '../http/send-request.ts';
import { ToolError } from '../tool.ts';

/** A document's text; a text that did not change is the same object. */
export interface DocumentText {
  text: string;
}

/** Where a document is read from, again and again. */
export type ReadDocument = () => Promise<DocumentText>;

/** How long a fetched document is used before its address is asked again. */
const freshMs = 60_000;

/** How long it may take to arrive. */
const fetchTimeoutSeconds = 15;

/** The reader of a declaration's document. */
export function documentReader(
  definition: OpenApiToolDefinition,
  guard: WayOut,
  now: () => number,
): ReadDocument {
  const { document, documentHash } = definition;
  if (documentHash !== undefined) return fileReader(document, documentHash);
  return new FetchedDocument(document, guard, now).read;
}

/** The file as the revision has it: a changed one is a new revision's. */
function fileReader(path: string, documentHash: string): ReadDocument {
  let kept: DocumentText | undefined;
  return async () => {
    if (kept) return kept;
    const content = await readFile(path).catch((error: unknown) => {
      throw new ToolError('The document cannot be read.', { cause: error });
    });
    if (hash('sha256', content, 'hex') !== documentHash) {
      throw new ToolError('The document was changed just now; try again.');
    }
    kept = { text: content.toString('utf8') };
    return kept;
  };
}

function tooSlow(cause: unknown): ToolError {
  return new ToolError(`The document did not arrive within ${fetchTimeoutSeconds} s.`, { cause });
}

/** A document at an address of the operator's: asked again after a while, and kept as long as that fails. */
class FetchedDocument {
  readonly #address: string;
  readonly #guard: WayOut;
  readonly #now: () => number;
  #kept: DocumentText | undefined;
  #validators: Record<string, string> = {};
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(address: string, guard: WayOut, now: () => number) {
    this.#address = address;
    this.#guard = guard;
    this.#now = now;
  }

  readonly read: ReadDocument = async () => {
    if (this.#kept && this.#now() - this.#askedAt < freshMs) return this.#kept;
    const timeout = AbortSignal.timeout(fetchTimeoutSeconds * 1000);
    try {
      this.#kept = await this.#fetch(timeout);
    } catch (error) {
      if (!this.#kept) throw timeout.aborted ? tooSlow(error) : error;
    }
    this.#askedAt = this.#now();
    return this.#kept;
  };

  async #fetch(signal: AbortSignal): Promise<DocumentText> {
    const response = await sendRequest(
      this.#guard,
      { url: this.#address, isTrusted: true },
      {
        headers: { accept: 'application/json, application/yaml;q=0.9, */*;q=0.1', ...this.#validators },
        signal,
        maxBytes: maximumDocumentBytes,
      },
    );
    if (response.status === 304 && this.#kept) return this.#kept;
    if (response.status !== 200) throw new ToolError(`The document's address answered ${response.status}.`);
    if (response.truncated) throw new ToolError('The document is larger than 5 MB.');
    const { headers } = response;
    const [etag, modified] = [headers.get('etag'), headers.get('last-modified')];
    this.#validators = {
      ...(etag && { 'if-none-match': etag }),
      ...(modified && { 'if-modified-since': modified }),
    };
    const text = response.body.toString('utf8');
    return this.#kept?.text === text ? this.#kept : { text };
  }
}
