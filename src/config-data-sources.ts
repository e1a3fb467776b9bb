import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import type { Variables } from './config-variables.ts';
import { describeMisfit, parseYamlFile, type RejectFile } from './config-yaml.ts';
import type { DataSource } from './tools/data-source.ts';

const fileVariable = 'DATA_SOURCES_FILE';
/** Where the sources are declared when the variable is not set: below the agents' folder, as the samples are. */
const defaultFile = join('data', 'sources.yaml');

interface SourceRecord {
  id: string;
  type: DataSource['type'];
  path?: string;
  url?: string;
  credentials?: { env: string };
}

const sourcesSchema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['id', 'type'],
    additionalProperties: false,
    properties: {
      id: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' },
      type: { enum: ['sqlite', 'postgres', 'csv', 'json'] },
      path: { type: 'string', minLength: 1 },
      url: { type: 'string', minLength: 1 },
      credentials: {
        type: 'object',
        required: ['env'],
        additionalProperties: false,
        properties: { env: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' } },
      },
    },
  },
} as const;

/**
 * The data sources of DATA_SOURCES_FILE, or of `data/sources.yaml` below `agentCardsDir` where that exists. Relative
 * paths start at the file's own folder; passwords are resolved.
 */
export function readDataSources(variables: Variables, agentCardsDir: string): DataSource[] {
  const named = variables.text(fileVariable);
  const path = named ?? join(agentCardsDir, defaultFile);
  if (named === undefined && !exists(path)) return [];
  const reject: RejectFile = (problem) => variables.reject(fileVariable, `${path}: ${problem}`);
  const content = parseYamlFile(path, reject);
  if (content === undefined) return [];
  const validate = new Ajv({ allErrors: true }).compile<SourceRecord[]>(sourcesSchema);
  if (!validate(content)) {
    for (const error of validate.errors ?? []) reject(describeMisfit(error));
    return [];
  }
  const ids = new Set<string>();
  return content.flatMap((record, index) => {
    const rejectRecord: RejectFile = (problem) => reject(`/${index}${problem}`);
    if (ids.has(record.id)) rejectRecord('/id is taken by another source: ids must be unique');
    ids.add(record.id);
    if (record.type === 'postgres') return postgresSource(record, variables, rejectRecord);
    return fileSource(record.type, record, { folder: dirname(path), reject: rejectRecord });
  });
}

function fileSource(
  type: 'sqlite' | 'csv' | 'json',
  { id, path, url, credentials }: SourceRecord,
  { folder, reject }: { folder: string; reject: RejectFile },
): DataSource[] {
  if (url !== undefined) reject(`/url is only for postgres: ${type} has a path`);
  if (credentials) reject(`/credentials is only for postgres`);
  if (path === undefined) {
    reject(`/path is required for ${type}`);
    return [];
  }
  const found = resolve(folder, path);
  if (!exists(found)) reject('/path does not exist (seen from the folder of this file)');
  return [{ id, type, path: found }];
}

function postgresSource(
  { id, path, url, credentials }: SourceRecord,
  variables: Variables,
  reject: RejectFile,
): DataSource[] {
  if (path !== undefined) reject('/path is not for postgres: it has a url');
  const address = url === undefined ? null : URL.parse(url);
  if (url === undefined || !address || !/^postgres(ql)?:$/.test(address.protocol)) {
    reject('/url must be postgres://user@host:port/database');
    return [];
  }
  if (address.password !== '' || address.searchParams.has('password')) {
    reject('/url must not hold the password: it stands in the variable that credentials: {env: NAME} names');
  }
  const password = credentials && variables.text(credentials.env);
  if (credentials && password === undefined) reject('/credentials/env must name a variable that is set');
  return [{ id, type: 'postgres', url, ...(password !== undefined && { password }) }];
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
