/**
 * A ProtoJSON reader takes a field by its JSON name or by its name in the proto (spec §5.5 names the JSON
 * mapping of Protocol Buffers). Gives the request with the JSON names in place, as far as the messages of A2A go:
 * what callers put into `data` and `metadata` stays as it is.
 */
export function withJsonNames(params: unknown): unknown {
  return renamed(params, ['message', 'configuration', 'authentication']);
}

/** Members that are messages themselves, by the place in which they stand. */
const nested: Readonly<Record<string, readonly string[]>> = {
  message: ['parts'],
  configuration: ['taskPushNotificationConfig', 'pushNotificationConfig'],
  taskPushNotificationConfig: ['authentication'],
  pushNotificationConfig: ['authentication'],
};

function renamed(value: unknown, messages: readonly string[]): unknown {
  if (Array.isArray(value))
    return value.some(hasProtoName) ? value.map((one) => renamed(one, messages)) : value;
  if (typeof value !== 'object' || value === null) return value;
  let result = value as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    const jsonName = name.includes('_') ? camelCase(name) : name;
    const inner = messages.includes(jsonName) ? renamed(member, nested[jsonName] ?? []) : member;
    if (jsonName === name && inner === member) continue;
    // A copy, once something is to be changed: most requests need none.
    if (result === value) result = { ...result };
    if (jsonName !== name) delete result[name];
    // The JSON name wins where a caller sends both.
    if (jsonName === name || !Object.hasOwn(value, jsonName)) result[jsonName] = inner;
  }
  return result;
}

function hasProtoName(part: unknown): boolean {
  return typeof part === 'object' && part !== null && Object.keys(part).some((name) => name.includes('_'));
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}
