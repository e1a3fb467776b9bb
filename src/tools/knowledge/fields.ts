import type { Fields, FieldValue } from './document.ts';

/** Bounds what a document may bring along. */
const maximumFields = 64;
const maximumCharacters = 256;
const maximumValues = 32;

/** The fields of an object that can be filtered by: texts, numbers, booleans, and lists of them. The rest is left out. */
export function toFields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const kept = Object.entries(value).flatMap(([name, field]): [string, Fields[string]][] => {
    if (Array.isArray(field)) {
      const values = field.filter(isFieldValue).slice(0, maximumValues);
      return values.length > 0 ? [[name, values]] : [];
    }
    return isFieldValue(field) ? [[name, field]] : [];
  });
  return Object.fromEntries(kept.slice(0, maximumFields));
}

/** `path`, `file`, `extension`, and `folder` with those above it: `a/b` is in `a` too. They win over what a document says of itself. */
export function pathFields(path: string): Fields {
  const steps = path.split('/');
  const file = steps.pop() ?? '';
  return {
    path,
    file,
    extension: file.slice(file.lastIndexOf('.') + 1).toLowerCase(),
    folder: steps.map((_, index) => steps.slice(0, index + 1).join('/')),
  };
}

function isFieldValue(value: unknown): value is FieldValue {
  if (typeof value === 'string') return value.length <= maximumCharacters;
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}
