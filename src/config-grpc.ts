import { readFileSync } from 'node:fs';
import type { Variables } from './config-variables.ts';

export interface GrpcConfig {
  /** 0: a free one. */
  port: number;
  /** PEM files; absent: the connection is plain, which only a loopback address allows. */
  tls?: { certFile: string; keyFile: string };
}

const certVariable = 'GRPC_TLS_CERT_FILE';
const keyVariable = 'GRPC_TLS_KEY_FILE';

/** GRPC_PORT turns gRPC on. Credentials must not travel in plain text, so off this machine it needs TLS. */
export function readGrpc(variables: Variables, host: string): GrpcConfig | undefined {
  const tlsNamed = [certVariable, keyVariable].some((name) => variables.text(name) !== undefined);
  const tls = readTls(variables);
  if (variables.text('GRPC_PORT') === undefined) {
    if (tlsNamed) variables.reject('GRPC_PORT', `must be set when ${certVariable} or ${keyVariable} is`);
    return undefined;
  }
  if (!tlsNamed && !isLoopback(host)) {
    variables.reject(
      'GRPC_PORT',
      `needs ${certVariable} and ${keyVariable} unless HOST is a loopback address`,
    );
  }
  const port = variables.number('GRPC_PORT', { fallback: 0, minimum: 0, maximum: 65_535, integer: true });
  return { port, ...(tls && { tls }) };
}

/** Both or none. */
function readTls(variables: Variables): GrpcConfig['tls'] {
  const certFile = variables.checked(certVariable, isPem, 'must be a PEM file that can be read');
  const keyFile = variables.checked(keyVariable, isPem, 'must be a PEM file that can be read');
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  for (const [name, other] of [
    [certVariable, keyVariable],
    [keyVariable, certVariable],
  ] as const) {
    if (variables.text(name) !== undefined && variables.text(other) === undefined) {
      variables.reject(other, `must be set when ${name} is`);
    }
  }
  return undefined;
}

function isPem(path: string): boolean {
  try {
    return readFileSync(path, 'latin1').includes('-----BEGIN ');
  } catch {
    return false;
  }
}

/** Whether nobody can listen in: the connection never leaves the machine. */
function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host);
}
