import { adminKey } from './gateway.ts';

export interface HttpJsonRequest {
  method?: string;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** `Authorization`; null sends none. */
  authorization?: string | null;
}

/** Calls an HTTP+JSON address below an agent's; a body makes it a POST. */
export async function httpJson(
  gatewayUrl: string,
  path: string,
  options: HttpJsonRequest = {},
): Promise<Response> {
  const { body, authorization = `SSWS ${adminKey}` } = options;
  return await fetch(`${gatewayUrl}/a2a/${path}`, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(authorization !== null && { Authorization: authorization }),
      ...options.headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}
