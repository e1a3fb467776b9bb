import { ApiDocumentError, mapOf } from '../api-document.ts';
import { toJsonSchema } from './schema-dialect.ts';

type JsonMap = Readonly<Record<string, unknown>>;

/** How a form's field is written where it is no plain value. */
export type FieldStyles = Readonly<Record<string, { style?: string; explode?: boolean }>>;

/** The body of an operation: the argument `body`. */
export interface BodyPlan {
  argument: 'body';
  required: boolean;
  mediaType: string;
  schema: JsonMap | boolean;
  fields: FieldStyles;
}

/** What can be sent, the best first. */
const preferred: readonly RegExp[] = [
  /^application\/json\b/i,
  /^[^;]*\+json\b/i,
  /^application\/x-www-form-urlencoded\b/i,
  /^multipart\/form-data\b/i,
  /^text\/plain\b/i,
  /^(?:application\/\*|\*\/\*)/,
];

/**
 * Plans an operation's request body; undefined where it has none.
 * @throws ApiDocumentError when the body is required and of a kind that cannot be sent.
 */
export function planBody(requestBody: unknown): BodyPlan | undefined {
  const { content, required, description } = mapOf(requestBody);
  const mediaTypes = Object.keys(mapOf(content));
  const mediaType = preferred.flatMap((pattern) => mediaTypes.filter((type) => pattern.test(type)))[0];
  if (mediaType === undefined) {
    if (required !== true) return undefined;
    const listed = mediaTypes.join(', ').slice(0, 200);
    throw new ApiDocumentError(`asks for a body of ${listed || 'no media type'}, which cannot be sent`);
  }
  const { schema: written, encoding } = mapOf(mapOf(content)[mediaType]);
  const schema = toJsonSchema(written);
  const described = { ...mapOf(schema), ...mapOf(toJsonSchema({ description })) };
  return {
    argument: 'body',
    required: required === true,
    mediaType: mediaType.includes('*') ? 'application/json' : mediaType,
    schema: typeof schema === 'boolean' ? schema : described,
    fields: mapOf(encoding) as FieldStyles,
  };
}
