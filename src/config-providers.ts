import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import { isBaseUrl, withoutTrailingSlash } from './config-variables.ts';
import type { Variables } from './config-variables.ts';
import { describeMisfit, parseYamlFile } from './config-yaml.ts';
import type { LlmProvider } from './config.ts';

const FILE_VARIABLE = 'LLM_PROVIDERS_FILE';
const DEFAULT_TIMEOUT_SECONDS = 60;
const DEFAULT_MAX_CONCURRENCY = 128;

interface ProviderRecord {
  id: string;
  name?: string;
  baseUrl: string;
  apiKey?: { env: string };
  model: string;
  default?: boolean;
  images?: boolean;
  price?: { inputPerMillion: number; outputPerMillion: number };
  timeoutSeconds?: number;
  maxConcurrency?: number;
}

const text = { type: 'string', minLength: 1 } as const;
const amount = { type: 'number', minimum: 0 } as const;

const providersSchema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['id', 'baseUrl', 'model'],
    additionalProperties: false,
    properties: {
      id: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$' },
      name: text,
      baseUrl: text,
      apiKey: {
        type: 'object',
        required: ['env'],
        additionalProperties: false,
        properties: { env: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' } },
      },
      model: text,
      default: { type: 'boolean' },
      images: { type: 'boolean' },
      price: {
        type: 'object',
        required: ['inputPerMillion', 'outputPerMillion'],
        additionalProperties: false,
        properties: { inputPerMillion: amount, outputPerMillion: amount },
      },
      timeoutSeconds: { type: 'number', exclusiveMinimum: 0, maximum: 3600 },
      maxConcurrency: { type: 'integer', minimum: 1, maximum: 100_000 },
    },
  },
} as const;

/** Every provider: the one-line `openai` record first, then those of the file. At most one is the default. */
export function readProviders(variables: Variables): LlmProvider[] {
  const openai = readOpenai(variables);
  const path = variables.text(FILE_VARIABLE);
  const declared = path === undefined ? [] : readProvidersFile(variables, path, openai !== undefined);
  if (openai && !declared.some((provider) => provider.default)) openai.default = true;
  return openai ? [openai, ...declared] : declared;
}

function readOpenai(variables: Variables): LlmProvider | undefined {
  const apiKey = variables.text('OPENAI_API_KEY');
  const expected = 'must be an http or https URL without credentials, query or fragment';
  const baseUrl = variables.checked('OPENAI_BASE_URL', isBaseUrl, expected);
  if (apiKey === undefined && baseUrl === undefined) return undefined;
  return {
    id: 'openai',
    name: 'OpenAI',
    baseUrl: withoutTrailingSlash(baseUrl ?? 'https://api.openai.com/v1'),
    ...(apiKey !== undefined && { apiKey }),
    model: variables.text('OPENAI_MODEL') ?? 'gpt-4.1',
    default: false,
    // OpenAI's own models see; of those behind another address nothing is known.
    images: baseUrl === undefined,
    timeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
    maxConcurrency: DEFAULT_MAX_CONCURRENCY,
  };
}

function readProvidersFile(variables: Variables, path: string, openaiTaken: boolean): LlmProvider[] {
  const reject = (problem: string): void => variables.reject(FILE_VARIABLE, `${path}: ${problem}`);
  const content = parseYamlFile(path, reject);
  if (content === undefined) return [];
  const validate = new Ajv({ allErrors: true }).compile<ProviderRecord[]>(providersSchema);
  if (!validate(content)) {
    for (const error of validate.errors ?? []) reject(describe(error));
    return [];
  }
  checkTogether(content, openaiTaken, reject);
  return content.map((record, index) =>
    toProvider(record, variables, (problem) => reject(`/${index}${problem}`)),
  );
}

function describe(error: ErrorObject): string {
  const at = error.instancePath;
  if (/^\/\d+\/apiKey(\/env)?$/.test(at)) {
    return `${at} must be {env: NAME}: the key itself does not stand in the file`;
  }
  return describeMisfit(error);
}

/** Rules that span records: ids are unique, and at most one record is the default. */
function checkTogether(
  records: readonly ProviderRecord[],
  openaiTaken: boolean,
  reject: (problem: string) => void,
): void {
  const ids = new Set(openaiTaken ? ['openai'] : []);
  for (const [index, record] of records.entries()) {
    if (ids.has(record.id)) reject(`/${index}/id is taken by another provider: ids must be unique`);
    ids.add(record.id);
  }
  const defaults = records.filter((record) => record.default === true);
  if (defaults.length > 1) reject('at most one provider may be the default');
}

function toProvider(
  record: ProviderRecord,
  variables: Variables,
  reject: (problem: string) => void,
): LlmProvider {
  if (!isBaseUrl(record.baseUrl)) {
    reject('/baseUrl must be an http or https URL without credentials, query or fragment');
  }
  const apiKey = record.apiKey && variables.text(record.apiKey.env);
  if (record.apiKey && apiKey === undefined) reject('/apiKey/env must name a variable that is set');
  return {
    id: record.id,
    name: record.name ?? record.id,
    baseUrl: withoutTrailingSlash(record.baseUrl),
    ...(apiKey !== undefined && { apiKey }),
    model: record.model,
    default: record.default ?? false,
    images: record.images ?? false,
    ...(record.price && { price: record.price }),
    timeoutSeconds: record.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    maxConcurrency: record.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY,
  };
}
