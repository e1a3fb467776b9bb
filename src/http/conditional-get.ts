import type { Request, Response } from 'express';

/** A document as it is served to everybody who may read it. */
export interface ServedDocument {
  body: string;
  /** Quoted, strong. */
  etag: string;
  /** HTTP date. */
  lastModified?: string;
}

/** Answers GET and HEAD: the document, or 304 for whoever has it. Further headers are set before. */
export function sendDocument(request: Request, response: Response, document: ServedDocument): void {
  const { body, etag, lastModified } = document;
  response.set({ ETag: etag, ...(lastModified !== undefined && { 'Last-Modified': lastModified }) });
  if (isKnown(request, document)) response.status(304).end();
  else response.send(body);
}

/**
 * Whether the caller has this very document (RFC 9110 §13.1). Express's `fresh` would say no to every fetch-based
 * client: with If-None-Match they send `Cache-Control: no-cache`, which is about caches and not about us.
 */
function isKnown(request: Request, { etag, lastModified }: ServedDocument): boolean {
  const etags = request.get('If-None-Match');
  if (etags !== undefined) {
    return etags.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
  }
  const since = Date.parse(request.get('If-Modified-Since') ?? '');
  return lastModified !== undefined && Date.parse(lastModified) <= since;
}
