import type { KnowledgeFilter, WrittenWhere } from '../../agents/tool-types/knowledge.ts';
import { ToolError } from '../tool.ts';
import type { Condition, Wanted } from './conditions.ts';

type Filters = Readonly<Record<string, KnowledgeFilter>>;
type SchemaPart = Readonly<Record<string, unknown>>;

const maximumValues = 20;

/** JSON Schema of the `filters` argument: for each field a value, a list of values, or (numbers, dates) from and to. */
export function filtersSchema(filters: Filters): SchemaPart {
  const properties = Object.fromEntries(
    Object.entries(filters).map(([field, filter]) => [field, filterSchema(filter)]),
  );
  return {
    type: 'object',
    description: 'Only passages whose fields fit are searched: a value, or a list of which one must fit.',
    properties,
    additionalProperties: false,
  };
}

function filterSchema({ type, values, description }: KnowledgeFilter): SchemaPart {
  const one: SchemaPart = {
    type: type === 'date' ? 'string' : type,
    ...(type === 'date' && { format: 'date' }),
    ...(type === 'string' && { minLength: 1, maxLength: 256 }),
    ...(values && { enum: values }),
  };
  const several = { type: 'array', items: one, minItems: 1, maxItems: maximumValues };
  const range = {
    type: 'object',
    properties: { from: one, to: one },
    minProperties: 1,
    additionalProperties: false,
  };
  const forms = type === 'number' || type === 'date' ? [one, several, range] : [one, several];
  return { anyOf: forms, ...(description && { description }) };
}

/** The conditions of the model's (validated) arguments. */
export function argumentConditions(filters: Filters, given: Readonly<Record<string, Wanted>>): Condition[] {
  return Object.entries(given).flatMap(([field, wanted]) => {
    const filter = filters[field];
    return filter ? [{ field, wanted, type: filter.type }] : [];
  });
}

/**
 * The fixed conditions, context values filled in.
 * @throws ToolError when one of them is missing: then nothing may be found, rather than everything.
 */
export function fixedConditions(
  where: WrittenWhere,
  context: Readonly<Record<string, unknown>>,
): Condition[] {
  return Object.entries(where).map(([field, wanted]) => {
    if (typeof wanted !== 'object' || !('context' in wanted)) return { field, wanted };
    const value = context[wanted.context];
    if (!isWanted(value)) {
      throw new ToolError(`This search needs the context value ${wanted.context}, which is not given.`);
    }
    return { field, wanted: value };
  });
}

function isWanted(value: unknown): value is Extract<Wanted, string | number | boolean | readonly unknown[]> {
  if (Array.isArray(value)) return value.every((one) => isWanted(one) && !Array.isArray(one));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
