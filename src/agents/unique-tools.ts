import type { Tool } from '../tools/tool.ts';

/** The tools of one declaration as its source has them; none while it is down. */
export interface DeclaredTools {
  declaration: string;
  tools: readonly Tool[];
}

/** A tool that is left out, and the declaration whose name or tool it would have shadowed. */
export interface NameClash {
  tool: string;
  holder: string;
}

/**
 * One tool per name, so that none stands in for another one: a declaration's name belongs to its own tool, also
 * while that cannot be had; of two generated names the first one stays.
 * @param all of one agent, in the order of its declarations
 * @returns in the same order
 */
export function uniqueTools(all: readonly DeclaredTools[]): { tools: Tool[]; clashes: NameClash[] }[] {
  const holders = new Map(all.map(({ declaration }) => [declaration, declaration]));
  const taken = new Set<string>();
  return all.map(({ declaration, tools }) => {
    const clashes: NameClash[] = [];
    const kept = tools.filter(({ name }) => {
      const holder = holders.get(name) ?? declaration;
      if (holder !== declaration || taken.has(name)) {
        clashes.push({ tool: name, holder });
        return false;
      }
      holders.set(name, declaration);
      taken.add(name);
      return true;
    });
    return { tools: kept, clashes };
  });
}

/** The declaration that brought the tool. */
export function declarationOf({ source, name }: Tool): string {
  return source ?? name;
}
