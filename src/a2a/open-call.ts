import { parseEventId } from '../runs/event.ts';
import { parseProperties } from '../runs/properties.ts';
import type { Call } from './call.ts';
import { activate, declaredExtensions } from './extensions.ts';

/** What a transport tells of a call beside its operation (spec §3.2.6), from headers, query or metadata. */
export interface ServiceParameters {
  /** Values of `A2A-Extensions` and `X-A2A-Extensions`; both count in both versions. */
  extensions: readonly (string | string[] | undefined)[];
  /** `Last-Event-ID`. */
  lastEventId?: string | undefined;
  llmId?: string | undefined;
  /** `k=v;k2=v2`. */
  properties?: string | undefined;
}

/**
 * Reads all that is said of a call beside its operation, before any task exists.
 * @param open makes the signal when it is asked for: it aborts when the caller is gone
 * @throws Problem invalid_request for ill-typed properties or too many extensions
 */
export function openCall(
  parameters: ServiceParameters,
  known: Pick<Call, 'principal' | 'agent' | 'codec'>,
  open: () => AbortSignal,
): Call {
  const { activated } = activate(parameters.extensions, declaredExtensions(known.agent));
  const cursor = parseEventId(parameters.lastEventId ?? '');
  return {
    principal: known.principal,
    agent: known.agent,
    codec: known.codec,
    activated,
    properties: parseProperties(parameters.properties),
    get signal() {
      return open();
    },
    ...(parameters.llmId && { llmId: parameters.llmId }),
    ...(cursor && { cursor }),
  };
}
