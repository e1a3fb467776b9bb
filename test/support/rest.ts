import { adminKey } from './gateway.ts';

export interface RestAnswer {
  status: number;
  headers: Headers;
  body: RestBody;
}

/** Any of the bodies, as far as tests read them. */
export interface RestBody {
  error?: { code: string; message: string; details: Record<string, unknown> };
  tools?: { name: string; description: string; parameters: object; agentic: boolean }[];
  count?: number;
  unavailable?: { name: string; reason: string }[];
  tool?: string;
  result?: unknown;
  success?: boolean;
  support_tickets?: Record<string, unknown>[];
  total?: number;
}

export interface RestRequest {
  method?: string;
  /** `null`: without credentials. */
  key?: string | null;
  headers?: Record<string, string>;
  /** Objects are sent as JSON. */
  body?: object | string;
  signal?: AbortSignal;
}

/** One request below `/api/v1`, with the administrator's key where no other one is given. */
export async function rest(
  gatewayUrl: string,
  path: string,
  { method, key = adminKey, headers, body, signal }: RestRequest = {},
): Promise<RestAnswer> {
  const response = await fetch(`${gatewayUrl}/api/v1${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(key !== null && { Authorization: `Bearer ${key}` }),
      'Content-Type': 'application/json',
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as RestBody };
}
