import { createMask } from '../../tools/mask.ts';
import { secretValues } from '../../tools/secret-values.ts';
import { resolveHeaders, type HeaderSources } from '../../tools/request-headers.ts';
import type { DelegatedCall } from './child-request.ts';

/**
 * Masks the credentials that an agent of another server is sent: it may say them back. One of this gateway gets none.
 * @throws ToolError as `resolveHeaders`
 */
export function childMask(
  { parent, tool, call }: DelegatedCall,
  env: HeaderSources['env'],
): (text: string) => string {
  const { sources } = resolveHeaders(tool.headers, { env, context: call.context });
  const secret = parent.contextVariables.filter((variable) => variable.secret);
  return createMask(secretValues(tool.headers, sources, new Set(secret.map(({ name }) => name))));
}
