import { afterAll, describe, expect, test } from '@jest/globals';
import { EgressGuard, EgressRefusedError } from '../../src/tools/egress/egress-guard.ts';
import { serve } from '../http/local-server.ts';

const guard = new EgressGuard({ allow: [] });
const allowing = new EgressGuard({ allow: ['127.0.0.1'] });

afterAll(async () => {
  await guard.close();
  await allowing.close();
});

describe('an answer that is read as it comes', () => {
  test('is handed over at its first byte, and its connection ends when it is left', async () => {
    let closed: Promise<unknown> | undefined;
    await using server = await serve((_request, response) => {
      closed = new Promise((resolve) => response.once('close', resolve));
      response.write('first ');
    });
    const response = await guard.trustedOpen(server.url, {});
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first ');
    await reader?.cancel();
    await closed;
    expect(response.status).toBe(200);
  });

  test('is guarded like any other, and redirects are not followed', async () => {
    await using server = await serve((_request, response) =>
      response.writeHead(302, { location: '/' }).end(),
    );
    await expect(guard.open(server.url, {})).rejects.toThrow(EgressRefusedError);
    const allowed = await allowing.open(server.url, {});
    expect(allowed.status).toBe(302);
    await allowed.body?.cancel();
  });
});
