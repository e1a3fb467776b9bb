/** Which members of a request are messages themselves, by the member in which they stand; `''` is the request. */
export type MessageTree = Readonly<Record<string, readonly string[]>>;

/**
 * A ProtoJSON reader takes a field by its JSON name or by its name in the proto. Gives the request with the JSON
 * names in place, as far as the tree of messages goes: what callers put into `data` and `metadata` stays as it is.
 * A request that has no other name in it is given back itself.
 */
export function withJsonNames(params: unknown, tree: MessageTree): unknown {
  return renamed(params, '', tree);
}

function renamed(value: unknown, place: string, tree: MessageTree): unknown {
  if (Array.isArray(value)) {
    const members = value.map((member) => renamed(member, place, tree));
    return members.every((member, index) => member === value[index]) ? value : members;
  }
  if (typeof value !== 'object' || value === null) return value;
  const messages = tree[place] ?? [];
  let result = value as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    const jsonName = name.includes('_') ? camelCase(name) : name;
    const inner = messages.includes(jsonName) ? renamed(member, jsonName, tree) : member;
    if (jsonName === name && inner === member) continue;
    // A copy, once something is to be changed: most requests need none.
    if (result === value) result = { ...result };
    if (jsonName !== name) delete result[name];
    // The JSON name wins where a caller sends both.
    if (jsonName === name || !Object.hasOwn(value, jsonName)) result[jsonName] = inner;
  }
  return result;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}
