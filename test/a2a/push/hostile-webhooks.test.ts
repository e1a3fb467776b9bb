import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sealSecrets } from '../../../src/a2a/push/config-secrets.ts';
import type { Delivery } from '../../../src/a2a/push/outbox.ts';
import { PushOperations } from '../../../src/a2a/push/push-operations.ts';
import { PushSender, type SendOutcome } from '../../../src/a2a/push/sender.ts';
import { Problem } from '../../../src/http/problem.ts';
import { Feed } from '../../../src/runs/feed.ts';
import type { LoadedRun } from '../../../src/runs/log.ts';
import { SecretBox } from '../../../src/runs/secret-box.ts';
import { openDatabase } from '../../../src/stores/sqlite/database.ts';
import { SqlitePushOutbox } from '../../../src/stores/sqlite/push-outbox.ts';
import { PushRows } from '../../../src/stores/sqlite/push-rows.ts';
import { SqliteRunLog } from '../../../src/stores/sqlite/run-log.ts';
import { EgressGuard, type Resolve } from '../../../src/tools/egress/egress-guard.ts';
import { finishedRun } from '../../stores/run-samples.ts';
import { pushConfig } from '../../stores/push-samples.ts';
import { startWebhook, statusOf, type Webhook } from '../../support/webhook.ts';
import { agentRevision } from '../agent-revision.ts';
import { callOn } from '../operations-fixture.ts';

const secretBox = new SecretBox(randomBytes(32));
const publicAddress = '93.184.216.34';
const guards: EgressGuard[] = [];
let victim: Webhook;
let log: SqliteRunLog;
let outbox: SqlitePushOutbox;
let run: LoadedRun;

beforeAll(async () => {
  victim = await startWebhook();
  const database = openDatabase(':memory:');
  const rows = new PushRows(database);
  log = new SqliteRunLog(database, new Feed(), rows);
  outbox = new SqlitePushOutbox(database, rows);
  run = await finishedRun(log, 'completed');
});

afterEach(async () => {
  await Promise.all(guards.splice(0).map(async (guard) => await guard.close()));
  expect(victim.connections).toBe(0);
});

afterAll(async () => {
  await victim.close();
  await log.close();
});

/** The names of the tests: what each resolves to, as often as it is asked. */
const names: Readonly<Record<string, readonly string[]>> = {
  'internal.example': ['127.0.0.1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'both.example': [publicAddress, '127.0.0.1'],
  localhost: ['127.0.0.1'],
};

function resolverOf(answers: (hostname: string) => readonly string[] | undefined): Resolve {
  return async (hostname) => {
    const found = answers(hostname);
    if (!found) throw new Error('no such name');
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
}

function guardWith(resolve: Resolve, allow: readonly string[] = []): EgressGuard {
  const guard = new EgressGuard({ allow, resolve });
  guards.push(guard);
  return guard;
}

async function register(guard: EgressGuard, url: string): Promise<Problem | undefined> {
  const call = callOn({ agent: agentRevision() });
  try {
    await new PushOperations({ outbox, guard, secretBox }).create(run, { url }, call);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Sends as if the address had got past the registration. */
async function send(guard: EgressGuard, url: string): Promise<SendOutcome> {
  const sender = new PushSender({
    log,
    guard,
    secretBox,
    signJwt: async () => 'a.b.c',
    issuer: () => 'https://gateway.example',
    timeoutMs: 5000,
  });
  const delivery: Delivery = {
    id: '1',
    queue: '1',
    runId: run.record.id,
    config: pushConfig('a', { sealed: sealSecrets(secretBox, { url }) }),
    position: { attempt: 1, sequence: 3 },
    tries: 0,
  };
  return await sender.send(delivery, new AbortController().signal);
}

describe('a hostile webhook address', () => {
  test.each([
    ['a loopback literal', 'http://127.0.0.1:PORT/', /loopback/],
    ['a loopback literal over https', 'https://127.0.0.1:PORT/', /loopback/],
    ['a decimal number', 'http://2130706433:PORT/', /loopback/],
    ['a hexadecimal number', 'http://0x7f000001:PORT/', /loopback/],
    ['octal parts', 'http://0177.0.0.01:PORT/', /loopback/],
    ['a short form', 'http://127.1:PORT/', /loopback/],
    ['full-width digits', 'http://１２７.0.0.1:PORT/', /loopback/],
    ['unspecified', 'http://0.0.0.0:PORT/', /unspecified/],
    ['IPv6 loopback', 'http://[::1]:PORT/', /loopback/],
    ['IPv4-mapped IPv6', 'http://[::ffff:7f00:1]:PORT/', /loopback/],
    ['NAT64', 'http://[64:ff9b::127.0.0.1]:PORT/', /loopback/],
    ['6to4', 'http://[2002:7f00:1::1]:PORT/', /loopback/],
    ['IPv6 link-local', 'http://[fe80::1]:PORT/', /link-local/],
    ['cloud metadata', 'http://169.254.169.254/latest/meta-data/', /link-local/],
    ['cloud metadata by name', 'https://metadata.example/', /link-local/],
    ['a private address', 'https://10.0.0.1/', /private/],
    ['a name of a loopback address', 'https://internal.example:PORT/', /loopback/],
    ['a name of a mapped loopback address', 'https://mapped.example:PORT/', /loopback/],
    ['a name of a public and a loopback address', 'https://both.example/', /loopback/],
    ['localhost', 'http://localhost:PORT/', /loopback/],
    ['a user name', 'https://receiver.example@127.0.0.1:PORT/', /user name/],
    ['another scheme', 'file:///etc/passwd', /only https/],
    ['a public address over http', `http://${publicAddress}/`, /only https/],
    ['a public address on another port', `https://${publicAddress}:8443/`, /port 8443/],
    ['http to a name that does not resolve', 'http://later.example/', /only https/],
  ])('is refused at registration and at the send: %s', async (_case, form, reason) => {
    const url = form.replace('PORT', new URL(victim.url).port);
    const guard = guardWith(resolverOf((hostname) => names[hostname]));
    const problem = await register(guard, url);
    expect(problem).toMatchObject({
      reason: 'invalid_request',
      details: { fields: { url: expect.any(String) } },
    });
    expect(problem?.message).toMatch(/^url is refused: /);
    expect(problem?.message).toMatch(reason);
    expect(await outbox.list(run.record.id)).toEqual([]);
    expect(await send(guard, url)).toMatchObject({ kind: 'failed' });
  });

  test('that changes its mind between registration and send is refused at the send', async () => {
    const answers = [[publicAddress], ['127.0.0.1']];
    const guard = guardWith(resolverOf(() => answers.shift()));
    const url = `https://rebinding.example/`;
    expect(await register(guard, url)).toBeUndefined();
    await clear();
    expect(await send(guard, url)).toEqual({
      kind: 'failed',
      error: 'refused: it resolves to a loopback address',
    });
  });

  test('that changes its mind between the check of the send and its connection has no second try', async () => {
    let asked = 0;
    const guard = guardWith(
      resolverOf(() => (asked++ === 0 ? ['127.0.0.2'] : ['127.0.0.1'])),
      ['127.0.0.2'],
    );
    const url = `http://rebinding.example:${new URL(victim.url).port}/`;
    expect(await send(guard, url)).toEqual({ kind: 'failed', error: 'ECONNREFUSED' });
    expect(asked).toBe(1);
  });

  test('that an allowed receiver redirects to is not followed', async () => {
    const receiver = await startWebhook();
    const guard = guardWith(
      resolverOf(() => undefined),
      [new URL(receiver.url).host],
    );
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answerWith(statusOf(status, { Location: victim.url }));
      expect(await send(guard, receiver.url)).toEqual({
        kind: 'failed',
        error: `HTTP ${status}, which is not followed`,
      });
    }
    expect(receiver.received).toHaveLength(5);
    await receiver.close();
  });
});

describe('an honest one', () => {
  test('is accepted over https on the two ports, also before its name resolves', async () => {
    const guard = guardWith(
      resolverOf((hostname) => (hostname === 'known.example' ? [publicAddress] : undefined)),
    );
    for (const url of ['https://known.example/a', 'https://later.example/', 'https://known.example:80/']) {
      expect(await register(guard, url)).toBeUndefined();
      await clear();
    }
  });

  test.each([
    ['127.0.0.1', 'http://127.0.0.1:PORT/hook'],
    ['localhost', 'http://localhost:PORT/hook'],
  ])('is reached over http on every port where EGRESS_ALLOW names %s', async (rule, form) => {
    const receiver = await startWebhook();
    const guard = guardWith(
      resolverOf((hostname) => names[hostname]),
      [rule],
    );
    const url = form.replace('PORT', new URL(receiver.url).port);
    expect(await register(guard, url)).toBeUndefined();
    await clear();
    expect(await send(guard, url)).toEqual({ kind: 'delivered' });
    await receiver.close();
  });
});

async function clear(): Promise<void> {
  for (const { id } of await outbox.list(run.record.id)) await outbox.remove(run.record.id, id);
}
