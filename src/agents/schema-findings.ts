import type { ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { AgentFile, FilePath, Finding } from './agent-file.ts';
import { agentFileSchemas } from './definition-schema.ts';

/** `verbose` gives the findings the schema's own words. */
const compiler = new Ajv2020({
  strict: true,
  allErrors: true,
  discriminator: true,
  verbose: true,
  allowUnionTypes: true,
  // It checks a few files, so what would make it faster costs more than it brings.
  code: { optimize: false },
});
addFormats.default(compiler);
const schemas = new Map(Object.entries(agentFileSchemas));

/** Checks a parsed file against the schema: the file, or what is wrong with it. */
export function checkSchema(value: unknown): { file: AgentFile } | { findings: Finding[] } {
  const schema = schemas.get(kindOf(value));
  if (!schema) {
    const reason = `must be one of ${[...schemas.keys()].join(', ')}`;
    return { findings: [{ path: ['execution', 'kind'], reason }] };
  }
  // With the first file of its kind: the compiler keeps what it has compiled.
  const validate = compiler.compile<AgentFile>(schema);
  if (validate(value)) return { file: value };
  const byPath = new Map<string, Finding>();
  for (const error of validate.errors ?? []) {
    const finding = toFinding(error, value);
    const key = JSON.stringify(finding.path);
    if (!byPath.has(key)) byPath.set(key, finding);
  }
  return { findings: [...byPath.values()] };
}

/** The kind of agent that a file declares, if it can be told. */
function kindOf(value: unknown): string {
  const { execution } = (value ?? {}) as { execution?: { kind?: unknown } | null };
  const { kind = 'declared' } = execution ?? {};
  return typeof kind === 'string' ? kind : '';
}

function toFinding(error: ErrorObject, root: unknown): Finding {
  const path = segmentsOf(error.instancePath, root);
  // ajv gives the name that it refuses beside the path of its object.
  if (error.propertyName !== undefined) path.push(error.propertyName);
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties':
      return { path: [...path, String(params.additionalProperty)], reason: unknownField(error.parentSchema) };
    case 'propertyNames':
      return { path: [...path, String(params.propertyName)], reason: 'is not an allowed name' };
    case 'required':
      return { path: [...path, String(params.missingProperty)], reason: 'is required' };
    case 'discriminator':
      return { path: [...path, String(params.tag)], reason: `must be ${describe(error.parentSchema)}` };
    default:
      return { path, reason: valueReason(error) };
  }
}

function valueReason(error: ErrorObject): string {
  const { params } = error;
  switch (error.keyword) {
    case 'type':
      return `must be ${String(params.type).replaceAll(',', ' or ')}`;
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    case 'enum':
      return `must be one of ${String(params.allowedValues).replaceAll(',', ', ')}`;
    case 'pattern':
    case 'format':
      return `must be ${describe(error.parentSchema)}`;
    default:
      return error.message ?? 'is not valid';
  }
}

function unknownField(parent: ErrorObject['parentSchema']): string {
  const known = Object.keys((parent?.properties ?? {}) as object);
  return `is not a field of this release; known here: ${known.join(', ')}`;
}

function describe(schema: ErrorObject['parentSchema']): string {
  return typeof schema?.description === 'string' ? schema.description : 'valid';
}

/** A JSON pointer as path segments; list positions become numbers. */
function segmentsOf(pointer: string, root: unknown): (string | number)[] {
  let current = root;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const segment = Array.isArray(current) ? Number(name) : name;
      current = (current as Record<string | number, unknown> | undefined)?.[segment];
      return segment;
    });
}

/** `execution.tools[0].url`; names that are not plain stand in `["…"]`. */
export function formatPath(path: FilePath): string {
  return path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!/^[\w-]+$/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join('');
}
