import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../src/config.ts';
import type { Config, Environment } from '../src/config.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function failure(env: Environment): ConfigError {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function names(env: Environment): string[] {
  return failure(env).problems.map((problem) => problem.variable);
}

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('readConfig', () => {
  test('has a default for everything that needs one', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      trustProxy: false,
      agentCardsDir: './agent-cards',
      dataDir: './data',
      authAnonymous: false,
      llmProviders: [],
      dataSources: [],
      ownTools: {
        searchKnowledgeBase: { sources: [{ name: 'guide', folder: resolve('agent-cards/guide') }] },
      },
      sseKeepaliveSeconds: 15,
      shutdownGraceSeconds: 25,
      drainDelaySeconds: 0,
      idempotencyWindowSeconds: 300,
      retentionTaskDays: 7,
      retentionEventHours: 24,
      egressAllow: [],
      maxBodyBytes: 4_194_304,
      toolCommandsAllow: [],
      mcpCommandsAllow: [],
      moduleAgents: false,
      cardDefaultVersion: '0.3',
      logLevel: 'info',
      logFormat: 'json',
    });
  });

  test('reads every variable', () => {
    const secretsKey = Buffer.alloc(32, 7).toString('base64');
    const config = readConfig({
      HOST: '::1',
      PORT: '0',
      PUBLIC_URL: 'https://agents.example.com/base/',
      TRUST_PROXY: 'loopback, 10.0.0.0/8',
      AGENT_CARDS_DIR: '/agents',
      DEFAULT_AGENT: 'helper',
      DATA_DIR: ':memory:',
      ADMIN_API_KEY: 'a-key-of-24-characters-or-more',
      AUTH_ANONYMOUS: 'TRUE',
      SECRETS_KEY: secretsKey,
      SSE_KEEPALIVE_SECONDS: '2.5',
      SHUTDOWN_GRACE_SECONDS: '0',
      DRAIN_DELAY_SECONDS: '3',
      IDEMPOTENCY_WINDOW_SECONDS: '0',
      RETENTION_TASK_DAYS: '1',
      RETENTION_EVENT_HOURS: '2',
      EGRESS_ALLOW: 'intranet.example, 10.1.0.0/16,,fd00::/8, db:5432',
      MAX_BODY_BYTES: '2048',
      CARD_DEFAULT_VERSION: '1.0',
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'pretty',
    });
    expect(config).toMatchObject({
      host: '::1',
      port: 0,
      publicUrl: 'https://agents.example.com/base',
      trustProxy: 'loopback, 10.0.0.0/8',
      agentCardsDir: '/agents',
      defaultAgent: 'helper',
      dataDir: ':memory:',
      adminApiKey: 'a-key-of-24-characters-or-more',
      authAnonymous: true,
      secretsKey,
      sseKeepaliveSeconds: 2.5,
      shutdownGraceSeconds: 0,
      drainDelaySeconds: 3,
      idempotencyWindowSeconds: 0,
      retentionTaskDays: 1,
      retentionEventHours: 2,
      egressAllow: ['intranet.example', '10.1.0.0/16', 'fd00::/8', 'db:5432'],
      maxBodyBytes: 2048,
      cardDefaultVersion: '1.0',
      logLevel: 'debug',
      logFormat: 'pretty',
    });
  });

  test('is frozen to the bottom', () => {
    const config = readConfig({ OPENAI_API_KEY: 'sk-test', EGRESS_ALLOW: 'one' });
    const frozen = [config, config.llmProviders, config.llmProviders[0], config.egressAllow];
    expect(frozen.map((part) => Object.isFrozen(part))).toEqual([true, true, true, true]);
  });

  test('takes an empty variable as not set', () => {
    expect(readConfig({ PORT: '', ADMIN_API_KEY: ' ', OPENAI_API_KEY: '' })).toEqual(readConfig({}));
  });

  test('writes for people on a terminal, unless told otherwise', () => {
    expect(readConfig({}, { isTerminal: true }).logFormat).toBe('pretty');
    expect(readConfig({ LOG_FORMAT: 'json' }, { isTerminal: true }).logFormat).toBe('json');
  });

  test('names every bad variable at once and never a value', () => {
    const bad = {
      HOST: 'http://bad-value',
      PORT: '70000',
      PUBLIC_URL: 'https://user:bad-value@example.com',
      TRUST_PROXY: 'bad-value',
      ADMIN_API_KEY: 'bad-value',
      AUTH_ANONYMOUS: 'bad-value',
      SECRETS_KEY: 'bad-value',
      OPENAI_BASE_URL: 'ftp://bad-value',
      SSE_KEEPALIVE_SECONDS: '0',
      SHUTDOWN_GRACE_SECONDS: '-1',
      DRAIN_DELAY_SECONDS: '1e3',
      IDEMPOTENCY_WINDOW_SECONDS: 'NaN',
      RETENTION_TASK_DAYS: '0',
      RETENTION_EVENT_HOURS: 'Infinity',
      EGRESS_ALLOW: '10.0.0.0/33',
      MAX_BODY_BYTES: '10.5',
      CARD_DEFAULT_VERSION: '2.0',
      LOG_LEVEL: 'loud',
      LOG_FORMAT: 'xml',
    };
    const error = failure(bad);
    expect(error.problems.map((problem) => problem.variable).sort()).toEqual(Object.keys(bad).sort());
    for (const name of Object.keys(bad)) expect(error.message).toContain(name);
    expect(error.message).not.toContain('bad-value');
    expect(error.message).toContain('PORT must be an integer from 0 to 65535');
  });

  test.each<[string, Config['trustProxy']]>([
    ['true', true],
    ['False', false],
    ['2', 2],
    ['10.0.0.1', '10.0.0.1'],
  ])('TRUST_PROXY=%s', (value, expected) => {
    expect(readConfig({ TRUST_PROXY: value }).trustProxy).toBe(expected);
  });
});

describe('JWT', () => {
  const jwks = 'https://issuer.example/keys';
  const basis = { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'gateway' };

  test('is on with issuer, audience and a source of keys', () => {
    const { jwt } = readConfig({ ...basis, JWT_JWKS_URL: jwks });
    expect(jwt).toEqual({
      issuer: basis.JWT_ISSUER,
      audience: 'gateway',
      jwksUrl: jwks,
      rolesClaim: 'roles',
    });
    const publicKeyFile = file('key.pem', 'a key');
    const withFile = readConfig({ ...basis, JWT_PUBLIC_KEY_FILE: publicKeyFile, JWT_ROLES_CLAIM: 'groups' });
    expect(withFile.jwt).toMatchObject({ publicKeyFile, rolesClaim: 'groups' });
    expect(withFile.jwt).not.toHaveProperty('jwksUrl');
  });

  test('takes http for its keys on a loopback address only', () => {
    const local = readConfig({ ...basis, JWT_JWKS_URL: 'http://127.0.0.1:9000/keys' });
    expect(local.jwt?.jwksUrl).toBe('http://127.0.0.1:9000/keys');
    for (const url of ['http://issuer.example/keys', 'http://127.0.0.1.example/keys', 'not a url']) {
      expect(names({ ...basis, JWT_JWKS_URL: url })).toEqual(['JWT_JWKS_URL']);
    }
  });

  test.each<[string, Environment, string[]]>([
    ['only an issuer', { JWT_ISSUER: 'x' }, ['JWT_AUDIENCE', 'JWT_JWKS_URL']],
    ['only keys', { JWT_JWKS_URL: jwks }, ['JWT_ISSUER', 'JWT_AUDIENCE']],
    [
      'both sources',
      { ...basis, JWT_JWKS_URL: jwks, JWT_PUBLIC_KEY_FILE: import.meta.filename },
      ['JWT_JWKS_URL'],
    ],
    ['a missing file', { ...basis, JWT_PUBLIC_KEY_FILE: '/missing.pem' }, ['JWT_PUBLIC_KEY_FILE']],
  ])('is all or nothing: %s', (_name, env, expected) => {
    expect(names(env)).toEqual(expected);
  });
});

test('CARD_SIGNING_KEY_FILE must be a file that can be read', () => {
  const keyFile = file('signing.pem', 'a key');
  expect(readConfig({ CARD_SIGNING_KEY_FILE: keyFile }).cardSigningKeyFile).toBe(keyFile);
  expect(names({ CARD_SIGNING_KEY_FILE: '/missing.pem' })).toEqual(['CARD_SIGNING_KEY_FILE']);
});

test('a message cannot attach to a run whose events are gone', () => {
  const env = { IDEMPOTENCY_WINDOW_SECONDS: '7200', RETENTION_EVENT_HOURS: '1' };
  expect(() => readConfig(env)).toThrow(/IDEMPOTENCY_WINDOW_SECONDS must not be longer/);
  expect(readConfig({ ...env, RETENTION_EVENT_HOURS: '2' }).idempotencyWindowSeconds).toBe(7200);
});
