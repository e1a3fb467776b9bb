import { hash } from 'node:crypto';

/** What OpenAI-compatible servers take for a function's name. */
const maximumLength = 64;

/**
 * The names of the tools that one declaration brings, in order: `<declaration>_<name>`, with `_` in place of what
 * a tool's name cannot hold. A name that is too long, or that another one has too, ends with a part of a hash of
 * what it is called where it comes from, so it stays the same when others come or go.
 */
export function broughtNames(declaration: string, names: readonly string[]): string[] {
  const plain = names.map((name) => `${declaration}_${name.replaceAll(/[^a-zA-Z0-9_-]+/g, '_')}`);
  return plain.map((name, index) => {
    const isAlone = plain.indexOf(name) === index && plain.lastIndexOf(name) === index;
    if (isAlone && name.length <= maximumLength) return name;
    const ending = `_${hash('sha256', names[index] ?? '').slice(0, 8)}`;
    return name.slice(0, maximumLength - ending.length) + ending;
  });
}
