import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConfigError, readConfig, type Environment } from '../src/config.ts';
import { fixtureCertificate, fixtureKey } from './support/tls-fixture.ts';

let folder: string;
let tls: { GRPC_TLS_CERT_FILE: string; GRPC_TLS_KEY_FILE: string };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-grpc-'));
  tls = { GRPC_TLS_CERT_FILE: join(folder, 'cert.pem'), GRPC_TLS_KEY_FILE: join(folder, 'key.pem') };
  writeFileSync(tls.GRPC_TLS_CERT_FILE, fixtureCertificate);
  writeFileSync(tls.GRPC_TLS_KEY_FILE, fixtureKey);
});
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(env: Environment): string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ variable, expected }) => `${variable} ${expected}`);
    throw error;
  }
  return [];
}

test('gRPC is off where no port is named', () => {
  expect(readConfig({}).grpc).toBeUndefined();
});

test('it is plain on a loopback address only', () => {
  for (const HOST of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) {
    expect(readConfig({ HOST, GRPC_PORT: '50051' }).grpc).toEqual({ port: 50_051 });
  }
  for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'gateway.example', '127.0.0.1.example']) {
    expect(problemsOf({ HOST, GRPC_PORT: '50051' })).toEqual([
      'GRPC_PORT needs GRPC_TLS_CERT_FILE and GRPC_TLS_KEY_FILE unless HOST is a loopback address',
    ]);
  }
});

test('it takes certificate and key together', () => {
  expect(readConfig({ HOST: '0.0.0.0', GRPC_PORT: '0', ...tls }).grpc).toEqual({
    port: 0,
    tls: { certFile: tls.GRPC_TLS_CERT_FILE, keyFile: tls.GRPC_TLS_KEY_FILE },
  });
  expect(problemsOf({ GRPC_PORT: '1', ...tls, GRPC_TLS_KEY_FILE: '' })).toEqual([
    'GRPC_TLS_KEY_FILE must be set when GRPC_TLS_CERT_FILE is',
  ]);
  expect(problemsOf({ GRPC_PORT: '1', ...tls, GRPC_TLS_CERT_FILE: '' })).toEqual([
    'GRPC_TLS_CERT_FILE must be set when GRPC_TLS_KEY_FILE is',
  ]);
  expect(problemsOf(tls)).toEqual(['GRPC_PORT must be set when GRPC_TLS_CERT_FILE or GRPC_TLS_KEY_FILE is']);
});

test('files that are missing or no PEM are named, and nothing of what is in them', () => {
  const other = join(folder, 'other.txt');
  writeFileSync(other, 'secret text');
  const files = { GRPC_TLS_CERT_FILE: join(folder, 'missing.pem'), GRPC_TLS_KEY_FILE: other };
  expect(problemsOf({ HOST: '0.0.0.0', GRPC_PORT: '70000', ...files })).toEqual([
    'GRPC_TLS_CERT_FILE must be a PEM file that can be read',
    'GRPC_TLS_KEY_FILE must be a PEM file that can be read',
    'GRPC_PORT must be an integer from 0 to 65535',
  ]);
});
