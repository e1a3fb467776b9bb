import { accessSync, constants } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import express from 'express';
import { readDataSources } from './config-data-sources.ts';
import { readProviders } from './config-providers.ts';
import { readToolCommands } from './config-commands.ts';
import { readGrpc, type GrpcConfig } from './config-grpc.ts';
import { readOwnTools } from './config-tools.ts';
import { ConfigError, Variables, isBaseUrl, isSecureUrl, withoutTrailingSlash } from './config-variables.ts';
import type { Environment } from './config-variables.ts';
import type { ProviderRecord } from './llm/provider.ts';
import type { OwnToolsConfig } from './tools/gateway/own-tools.ts';
import type { DataSource } from './tools/data-source.ts';

export { ConfigError } from './config-variables.ts';
export type { ConfigProblem, Environment } from './config-variables.ts';

/** The whole configuration: read from the environment once at start, validated, frozen. */
export interface Config {
  host: string;
  port: number;
  /** Base of every URL that a card publishes; undefined: from host and port. */
  publicUrl?: string;
  /** Express's `trust proxy` value. */
  trustProxy: boolean | number | string;
  agentCardsDir: string;
  defaultAgent?: string;
  /** A folder, or `:memory:`. */
  dataDir: string;
  adminApiKey?: string;
  authAnonymous: boolean;
  jwt?: JwtConfig;
  llmProviders: readonly LlmProvider[];
  dataSources: readonly DataSource[];
  /** The gateway's own tools, of TOOLS_FILE. */
  ownTools: OwnToolsConfig;
  /** 32 bytes, base64. */
  secretsKey?: string;
  sseKeepaliveSeconds: number;
  shutdownGraceSeconds: number;
  drainDelaySeconds: number;
  idempotencyWindowSeconds: number;
  retentionTaskDays: number;
  retentionEventHours: number;
  /** Hosts and CIDRs that the egress guard lets through. */
  egressAllow: readonly string[];
  maxBodyBytes: number;
  /** Absent: no gRPC. */
  grpc?: GrpcConfig;
  /** Absolute paths of the programs that tools may run. */
  toolCommandsAllow: readonly string[];
  /** Programs, or beginnings of command lines, that may be started as MCP servers. */
  mcpCommandsAllow: readonly string[];
  /** Whether agents may be code of the operator's. */
  moduleAgents: boolean;
  cardDefaultVersion: '0.3' | '1.0';
  /** A PEM file; undefined: the gateway makes its signing keys itself. */
  cardSigningKeyFile?: string;
  logLevel: 'error' | 'warn' | 'info' | 'debug';
  logFormat: 'pretty' | 'json';
}

export interface JwtConfig {
  issuer: string;
  audience: string;
  /** Exactly one of the two is set. */
  jwksUrl?: string;
  publicKeyFile?: string;
  rolesClaim: string;
}

/** One record is one model; its key is resolved. */
export type LlmProvider = Omit<ProviderRecord, 'fetch'>;

export interface TerminalOptions {
  /** Whether the log goes to a terminal, which decides the default of LOG_FORMAT. */
  isTerminal?: boolean;
}

/**
 * Reads and checks every variable, and the file of providers where one is named.
 * @throws ConfigError that lists all bad variables, never a value.
 */
export function readConfig(env: Environment, options: TerminalOptions = {}): Config {
  const variables = new Variables(env);
  const addresses = readAddresses(variables);
  const grpc = readGrpc(variables, addresses.host);
  const agentCardsDir = variables.text('AGENT_CARDS_DIR') ?? './agent-cards';
  const config: Config = {
    ...addresses,
    ...(grpc && { grpc }),
    ...readAccess(variables),
    ...readOperation(variables),
    agentCardsDir,
    dataDir: variables.text('DATA_DIR') ?? './data',
    llmProviders: readProviders(variables),
    dataSources: readDataSources(variables, agentCardsDir),
    ownTools: readOwnTools(variables, agentCardsDir),
    toolCommandsAllow: readToolCommands(variables),
    mcpCommandsAllow: variables.list(
      'MCP_COMMANDS_ALLOW',
      isPrintable,
      'must be command lines of printable ASCII, with commas between',
    ),
    moduleAgents: variables.boolean('MODULE_AGENTS', false),
    cardDefaultVersion: variables.choice('CARD_DEFAULT_VERSION', ['0.3', '1.0'], '0.3'),
    logLevel: variables.choice('LOG_LEVEL', ['error', 'warn', 'info', 'debug'], 'info'),
    logFormat: variables.choice('LOG_FORMAT', ['pretty', 'json'], options.isTerminal ? 'pretty' : 'json'),
  };
  const defaultAgent = variables.text('DEFAULT_AGENT');
  if (defaultAgent !== undefined) config.defaultAgent = defaultAgent;
  // A message that attaches to a run must find that run's events.
  if (config.idempotencyWindowSeconds > config.retentionEventHours * 3600) {
    const expected = 'must not be longer than RETENTION_EVENT_HOURS';
    variables.problems.push({ variable: 'IDEMPOTENCY_WINDOW_SECONDS', expected });
  }
  if (variables.problems.length > 0) throw new ConfigError(variables.problems);
  return deepFreeze(config);
}

type Addresses = Pick<Config, 'host' | 'port' | 'publicUrl' | 'trustProxy' | 'egressAllow'>;

function readAddresses(variables: Variables): Addresses {
  const isHost = (value: string): boolean => /^[\w.:%-]+$/.test(value);
  const host = variables.checked('HOST', isHost, 'must be an IP address or a host name');
  const publicUrl = variables.checked(
    'PUBLIC_URL',
    isBaseUrl,
    'must be an http or https URL without credentials, query or fragment',
  );
  return {
    host: host ?? '127.0.0.1',
    port: variables.number('PORT', { fallback: 8080, minimum: 0, maximum: 65_535, integer: true }),
    ...(publicUrl !== undefined && { publicUrl: withoutTrailingSlash(publicUrl) }),
    trustProxy: readTrustProxy(variables),
    egressAllow: variables.list(
      'EGRESS_ALLOW',
      isHostOrNetwork,
      'must be hosts and CIDRs with commas between',
    ),
  };
}

function readTrustProxy(variables: Variables): boolean | number | string {
  const value = variables.text('TRUST_PROXY') ?? 'false';
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (/^\d{1,3}$/.test(value)) return Number(value);
  try {
    express().set('trust proxy', value);
  } catch {
    variables.reject(
      'TRUST_PROXY',
      'must be true, false, a number of hops, or addresses with commas between',
    );
  }
  return value;
}

function isHostOrNetwork(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  if (prefix === undefined) return isIP(entry) !== 0 || /^(\*\.)?[\w.-]+(:\d{1,5})?$/.test(entry);
  if (rest.length > 0 || !/^\d{1,3}$/.test(prefix) || isIP(address) === 0) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
    return true;
  } catch {
    return false;
  }
}

type Access = Pick<Config, 'adminApiKey' | 'authAnonymous' | 'jwt' | 'secretsKey' | 'cardSigningKeyFile'>;

function readAccess(variables: Variables): Access {
  const adminApiKey = variables.checked(
    'ADMIN_API_KEY',
    (value) => /^[\x21-\x7e]{24,}$/.test(value),
    'must be at least 24 printable ASCII characters without spaces',
  );
  const secretsKey = variables.checked(
    'SECRETS_KEY',
    (value) => /^[A-Za-z0-9+/]{43}=?$/.test(value),
    'must be 32 bytes in base64 (for instance from: openssl rand -base64 32)',
  );
  const cardSigningKeyFile = variables.checked(
    'CARD_SIGNING_KEY_FILE',
    isReadable,
    'must be a file that can be read',
  );
  const jwt = readJwt(variables);
  return {
    ...(adminApiKey !== undefined && { adminApiKey }),
    authAnonymous: variables.boolean('AUTH_ANONYMOUS', false),
    ...(jwt && { jwt }),
    ...(secretsKey !== undefined && { secretsKey }),
    ...(cardSigningKeyFile !== undefined && { cardSigningKeyFile }),
  };
}

/** All or nothing: issuer, audience, and exactly one source of keys. */
function readJwt(variables: Variables): JwtConfig | undefined {
  const issuer = variables.text('JWT_ISSUER');
  const audience = variables.text('JWT_AUDIENCE');
  const jwksUrl = variables.text('JWT_JWKS_URL');
  const publicKeyFile = variables.text('JWT_PUBLIC_KEY_FILE');
  if ((issuer ?? audience ?? jwksUrl ?? publicKeyFile) === undefined) return undefined;
  if (issuer === undefined) variables.reject('JWT_ISSUER', 'must be set when another JWT variable is');
  if (audience === undefined) variables.reject('JWT_AUDIENCE', 'must be set when another JWT variable is');
  if ((jwksUrl === undefined) === (publicKeyFile === undefined)) {
    variables.reject('JWT_JWKS_URL', 'or JWT_PUBLIC_KEY_FILE must be set when JWT is on, not both');
  }
  if (jwksUrl !== undefined && !isSecureUrl(jwksUrl)) {
    variables.reject('JWT_JWKS_URL', 'must be an https URL (http only to a loopback address)');
  }
  if (publicKeyFile !== undefined && !isReadable(publicKeyFile)) {
    variables.reject('JWT_PUBLIC_KEY_FILE', 'must be a file that can be read');
  }
  return {
    issuer: issuer ?? '',
    audience: audience ?? '',
    ...(jwksUrl !== undefined && { jwksUrl }),
    ...(publicKeyFile !== undefined && { publicKeyFile }),
    rolesClaim: variables.text('JWT_ROLES_CLAIM') ?? 'roles',
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

type Operation = Pick<
  Config,
  | 'sseKeepaliveSeconds'
  | 'shutdownGraceSeconds'
  | 'drainDelaySeconds'
  | 'idempotencyWindowSeconds'
  | 'retentionTaskDays'
  | 'retentionEventHours'
  | 'maxBodyBytes'
>;

function readOperation(variables: Variables): Operation {
  const duration = (name: string, fallback: number, minimum: number, maximum: number): number =>
    variables.number(name, { fallback, minimum, maximum });
  return {
    sseKeepaliveSeconds: duration('SSE_KEEPALIVE_SECONDS', 15, 0.1, 3600),
    shutdownGraceSeconds: duration('SHUTDOWN_GRACE_SECONDS', 25, 0, 3600),
    drainDelaySeconds: duration('DRAIN_DELAY_SECONDS', 0, 0, 3600),
    idempotencyWindowSeconds: duration('IDEMPOTENCY_WINDOW_SECONDS', 300, 0, 604_800),
    retentionTaskDays: duration('RETENTION_TASK_DAYS', 7, 0.001, 36_500),
    retentionEventHours: duration('RETENTION_EVENT_HOURS', 24, 0.01, 876_000),
    maxBodyBytes: variables.number('MAX_BODY_BYTES', {
      fallback: 4_194_304,
      minimum: 1024,
      // A body becomes one string, and V8 holds none longer than about half a gigabyte.
      maximum: 268_435_456,
      integer: true,
    }),
  };
}

function isPrintable(value: string): boolean {
  return /^[\x20-\x7e]*$/.test(value);
}

function deepFreeze<Value extends object>(value: Value): Readonly<Value> {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
