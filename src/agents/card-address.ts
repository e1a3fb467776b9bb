import type { FilePath, Finding } from './agent-file.ts';
import { matching } from './schema-parts.ts';

/** Address of another server's agent card. */
export const cardAddress = matching('^https?://[^/]', 'the http(s) address of an agent card', 2048);

/** The address is the operator's, so it may be anywhere; a credential in it would be published in logs. */
export function cardAddressFindings(card: string, path: FilePath): Finding[] {
  const url = URL.parse(card);
  if (!url) return [{ path, reason: 'is not a valid address' }];
  if (!url.username && !url.password) return [];
  return [{ path, reason: 'must not hold a user name or password: use a header with {env: NAME}' }];
}
