import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { Problem } from '../http/problem.ts';

/** What the operations of both versions bound alike: nobody needs more, and a store must hold it. */
const maxIdLength = 256;
const maxListLength = 100;
const maxUriLength = 2048;

/** Schema atoms of both versions. Optional members may be null, as ProtoJSON has it (spec §5.5). */
/** What a caller may leave out, or say to be null. */
export type Optional<T> = { [K in keyof T]?: T[K] | null };

export const requiredId = { type: 'string', minLength: 1, maxLength: maxIdLength } as const;
export const optionalId = { type: 'string', maxLength: maxIdLength, nullable: true } as const;
export const optionalName = { type: 'string', maxLength: 1024, nullable: true } as const;
export const optionalObject = { type: 'object', nullable: true } as const;
export const optionalBoolean = { type: 'boolean', nullable: true } as const;
export const optionalCount = { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1, nullable: true } as const;
export const uri = { type: 'string', minLength: 1, maxLength: maxUriLength } as const;
export const optionalUris = { type: 'array', maxItems: maxListLength, items: uri, nullable: true } as const;
export const optionalIds = {
  type: 'array',
  maxItems: maxListLength,
  items: requiredId,
  nullable: true,
} as const;
/** Goes into a header, so it is printable ASCII. */
export const optionalToken = {
  type: 'string',
  maxLength: 4096,
  pattern: '^[\\x20-\\x7e]*$',
  nullable: true,
} as const;
/** An HTTP authentication scheme (RFC 9110 §11.1). */
export const authenticationScheme = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
} as const;
export const parts = { minItems: 1, maxItems: 1000 } as const;

export interface ParamsReader<T> {
  (params: unknown): T;
}

/**
 * A reader of request params: validates against the schema (compiled at the first call) and gives the
 * same value typed. Unknown members are ignored (spec §5.7).
 * @throws Problem('invalid_request') that names the first field at fault.
 */
export function paramsReader<T>(schema: object): ParamsReader<T> {
  let validate: ValidateFunction<T> | undefined;
  return (params) => {
    validate ??= compiler().compile<T>(schema);
    if (validate(params)) return params;
    throw toProblem(validate.errors?.[0]);
  };
}

/** The refusal of one field; `reason` continues the sentence that begins with its name. */
export function invalidField(field: string, reason: string): Problem {
  return new Problem('invalid_request', `${field} ${reason}.`, { details: { fields: { [field]: reason } } });
}

/** A copy without the members that say nothing: null, undefined, `''` and `[]` (ProtoJSON's defaults). */
export function withoutEmpty<T extends object>(value: { [K in keyof T]: T[K] | null | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member))) as T;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

let shared: Ajv | undefined;

/** One compiler for all schemas, made when the first request needs it. */
function compiler(): Ajv {
  if (shared) return shared;
  shared = new Ajv({ strict: true, strictRequired: false, discriminator: true });
  addFormats.default(shared, ['date-time']);
  shared.addFormat('base64', isBase64);
  return shared;
}

/** Standard or URL-safe alphabet, with or without padding, as ProtoJSON reads bytes. */
function isBase64(text: string): boolean {
  const digits = text.replace(/={1,2}$/, '');
  return digits.length % 4 !== 1 && !/[^A-Za-z0-9+/_-]/.test(digits);
}

function toProblem(error: ErrorObject | undefined): Problem {
  if (!error) return invalidField('params', 'are invalid');
  const field = fieldName(error.instancePath);
  if (error.keyword !== 'required') return invalidField(field || 'params', reasonOf(error));
  const missing = String(error.params['missingProperty']);
  return invalidField(field ? `${field}.${missing}` : missing, 'is required');
}

/** `/message/parts/0/text` → `message.parts[0].text` */
function fieldName(pointer: string): string {
  const steps = pointer.split('/').slice(1);
  return steps.reduce((name, step) => {
    if (/^\d+$/.test(step)) return `${name}[${step}]`;
    const member = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return name ? `${name}.${member}` : member;
  }, '');
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  integer: 'a whole number',
  boolean: 'true or false',
};

const formatNames: Readonly<Record<string, string>> = {
  base64: 'base64',
  'date-time': 'an ISO 8601 time',
};

function reasonOf(error: ErrorObject): string {
  const limit = String(error.params['limit']);
  switch (error.keyword) {
    case 'enum':
      return `must be one of ${(error.params['allowedValues'] as unknown[]).filter(Boolean).join(', ')}`;
    case 'const':
      return `must be ${String(error.params['allowedValue'])}`;
    case 'minLength':
    case 'minItems':
      return 'must not be empty';
    case 'maxLength':
      return `must not be longer than ${limit} characters`;
    case 'maxItems':
      return `must not have more than ${limit} entries`;
    case 'pattern':
      return 'must hold printable ASCII only';
    case 'discriminator':
      return `must have a known ${String(error.params['tag'])}`;
    case 'type':
      return `must be ${typeNames[String(error.params['type'])] ?? 'of another type'}`;
    case 'format':
      return `must be ${formatNames[String(error.params['format'])] ?? 'well-formed'}`;
    default:
      return error.message ?? 'is invalid';
  }
}
