import { hash } from 'node:crypto';
import { Router } from 'express';
import type { Authenticate } from '../auth/authenticate.ts';
import type { SigningKeys, SigningKeyStatus } from '../auth/signing-keys.ts';
import { sendDocument } from '../http/conditional-get.ts';
import { requireAdministrator } from './administrator.ts';

export interface SigningKeyRoutesOptions {
  authenticate: Authenticate;
  signingKeys: SigningKeys;
}

/** `GET /.well-known/jwks.json`: what the gateway's signatures are verified with (RFC 7517), for everybody. */
export function keySetRoute({ signingKeys }: Pick<SigningKeyRoutesOptions, 'signingKeys'>): Router {
  const router = Router();
  router.get('/.well-known/jwks.json', async (request, response) => {
    const body = JSON.stringify(await signingKeys.publishedJwks());
    // Short, so that a key that has just become current is soon known everywhere.
    response.set('Cache-Control', 'public, max-age=60').type('application/jwk-set+json');
    sendDocument(request, response, { body, etag: `"${hash('sha256', body)}"` });
  });
  return router;
}

/** `GET /signing-keys` and `POST /signing-keys/rotate`, for administrators. */
export function signingKeyRoutes({ authenticate, signingKeys }: SigningKeyRoutesOptions): Router {
  const router = Router();
  router.get('/signing-keys', async (request, response) => {
    await requireAdministrator(authenticate, request);
    response.json({ keys: (await signingKeys.list()).map(row) });
  });
  router.post('/signing-keys/rotate', async (request, response) => {
    await requireAdministrator(authenticate, request);
    response.status(201).json(row(await signingKeys.rotate()));
  });
  return router;
}

function row({ createdAt, retiredAt, publishedUntil, ...rest }: SigningKeyStatus): Record<string, unknown> {
  return {
    ...rest,
    created_at: isoTime(createdAt),
    retired_at: isoTime(retiredAt),
    published_until: isoTime(publishedUntil),
  };
}

function isoTime(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}
