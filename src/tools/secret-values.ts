import type { HeaderValue } from '../agents/declared-headers.ts';

/**
 * Which of the values that a declaration took from the environment or the context are secret: what comes from the
 * environment always is, a context value when its variable is.
 * @param secretVariables absent: all context variables are secret
 */
export function secretValues(
  declared: Readonly<Record<string, HeaderValue>>,
  sources: ReadonlyMap<string, string>,
  secretVariables: ReadonlySet<string> | undefined,
): string[] {
  const isSecret = (name: string): boolean => {
    const declaration = declared[name];
    if (typeof declaration !== 'object' || !('context' in declaration)) return true;
    return secretVariables?.has(declaration.context) ?? true;
  };
  return [...sources].filter(([name]) => isSecret(name)).map(([, value]) => value);
}
