import type { Fields, FieldValue } from './document.ts';

export type ConditionType = 'string' | 'number' | 'boolean' | 'date';

/** From and to, both inclusive; at least one of them. */
export interface ValueRange {
  from?: string | number;
  to?: string | number;
}

/** What a field must be: this, one of these, or within a range. */
export type Wanted = FieldValue | readonly FieldValue[] | ValueRange;

/** What a passage must fulfil to be found. A passage without the field does not. */
export interface Condition {
  field: string;
  wanted: Wanted;
  /** How values are compared; absent: exactly as they stand, as texts. */
  type?: ConditionType;
}

const dayMs = 86_400_000;

export function fulfils(fields: Fields, conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => {
    const present = Object.hasOwn(fields, condition.field) ? fields[condition.field] : undefined;
    if (present === undefined) return false;
    const values: readonly FieldValue[] = isList(present) ? present : [present];
    return values.some((value) => fits(value, condition));
  });
}

function fits(value: FieldValue, { wanted, type }: Condition): boolean {
  if (isList(wanted)) return wanted.some((one) => equals(value, one, type));
  if (typeof wanted === 'object') return within(value, wanted, type);
  return equals(value, wanted, type);
}

function equals(value: FieldValue, wanted: FieldValue, type: ConditionType | undefined): boolean {
  if (type === 'date') return within(value, { from: String(wanted), to: String(wanted) }, type);
  if (type === 'number') return Number(value) === Number(wanted);
  // Models do not keep to upper and lower case.
  if (type === 'string') return String(value).toLowerCase() === String(wanted).toLowerCase();
  return String(value) === String(wanted);
}

function within(value: FieldValue, { from, to }: ValueRange, type: ConditionType | undefined): boolean {
  const number = type === 'date' ? Date.parse(String(value)) : Number(value);
  if (Number.isNaN(number)) return false;
  const lower = from === undefined ? Number.NEGATIVE_INFINITY : boundary(from, type);
  const upper = to === undefined ? Number.POSITIVE_INFINITY : boundary(to, type) + lengthOf(to, type);
  return number >= lower && number <= upper;
}

function boundary(value: string | number, type: ConditionType | undefined): number {
  return type === 'date' ? Date.parse(String(value)) : Number(value);
}

/** A day lasts until its end. */
function lengthOf(value: string | number, type: ConditionType | undefined): number {
  return type === 'date' && /^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? dayMs - 1 : 0;
}

function isList<Value>(value: Value | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}
