import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenApiToolDefinition } from '../../../src/agents/tool-types/openapi.ts';
import type { ToolResult } from '../../../src/tools/tool.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { startService, type Service, type ServiceRequest } from '../../support/service.ts';
import { apiDocument, ApiDocuments, ok } from './api-document.ts';

const token = 's3cret/+ token';

let service: Service;
let documents: ApiDocuments;

beforeAll(async () => {
  service = await startService(({ headers, path }) => ({ body: { headers, path } }));
  documents = await ApiDocuments.create(() => service.url);
});

afterAll(async () => {
  await documents.close();
  await service.close();
});

const securitySchemes = {
  key: { type: 'apiKey', in: 'header', name: 'X-Key' },
  queryKey: { type: 'apiKey', in: 'query', name: 'api key' },
  cookieKey: { type: 'apiKey', in: 'cookie', name: 'session' },
  bearer: { type: 'http', scheme: 'Bearer' },
  basic: { type: 'http', scheme: 'basic' },
  digest: { type: 'http', scheme: 'Custom' },
  oauth: { type: 'oauth2', flows: {} },
  openId: { type: 'openIdConnect', openIdConnectUrl: 'https://login.example' },
  tls: { type: 'mutualTLS' },
};

/** An operation that also declares its credentials as parameters, as many documents do. */
function document(security: object[] | undefined, documentSecurity?: object[]): object {
  const parameters = [
    { name: 'x-key', in: 'header', required: true, schema: {} },
    { name: 'api key', in: 'query', schema: {} },
    { name: 'X-Tenant', in: 'header', schema: {} },
    { name: 'theme', in: 'cookie', schema: {} },
  ];
  const operation = { parameters, ...(security && { security }), ...ok };
  const more = { components: { securitySchemes }, ...(documentSecurity && { security: documentSecurity }) };
  return apiDocument({ '/me': { get: operation } }, more);
}

type Declared = Partial<Pick<OpenApiToolDefinition, 'headers' | 'credentials'>>;
interface Given {
  env?: Record<string, string>;
  context?: Record<string, unknown>;
}

async function call(
  document: object,
  declared: Declared,
  given: Given = { env: { TOKEN: token } },
): Promise<{ result: ToolResult; request: ServiceRequest | undefined }> {
  const tool = await documents.tool(document, declared, { env: given.env ?? {} });
  const result = await tool.execute(toolCall({}, { context: given.context ?? {} }));
  return { result, request: service.requests.at(-1) };
}

const fromEnv = { env: 'TOKEN' };
const encoded = Buffer.from(token).toString('base64');

describe('a credential stands where its scheme has it, and in no answer', () => {
  test.each<[scheme: string, place: object]>([
    ['key', { headers: { 'x-key': token } }],
    ['queryKey', { path: `/me?api%20key=${encodeURIComponent(token)}` }],
    ['bearer', { headers: { authorization: `Bearer ${token}` } }],
    ['basic', { headers: { authorization: `Basic ${encoded}` } }],
    ['digest', { headers: { authorization: `Custom ${token}` } }],
    ['oauth', { headers: { authorization: `Bearer ${token}` } }],
    ['openId', { headers: { authorization: `Bearer ${token}` } }],
  ])('%s', async (scheme, place) => {
    const { result, request } = await call(document([{ [scheme]: [] }]), {
      credentials: { [scheme]: fromEnv },
    });
    expect(request).toMatchObject(place);
    for (const form of [token, encoded, encodeURIComponent(token)]) expect(result.text).not.toContain(form);
    expect(result.text).toContain('***');
  });

  test('a cookie, beside cookies of the operator and of the arguments', async () => {
    const declared = {
      headers: { Cookie: { context: 'jar' } },
      credentials: { cookieKey: { context: 'session' } },
    };
    const tool = await documents.tool(document([{ cookieKey: [] }]), declared);
    const context = { jar: 'a=1', session: 'abc' };
    await tool.execute(toolCall({ theme: 'dark' }, { context }));
    expect(service.requests.at(-1)?.headers['cookie']).toBe('a=1; theme=dark; session=abc');
    await expect(tool.execute(toolCall({}, { context: { session: 'a; admin=1' } }))).rejects.toThrow(
      'The value of the cookie session holds characters that a cookie cannot hold.',
    );
  });

  test('with a prefix, and where the document asks for it in general', async () => {
    const { request } = await call(document(undefined, [{ key: [] }]), {
      credentials: { key: { env: 'TOKEN', prefix: 'k-' } },
    });
    expect(request?.headers['x-key']).toBe(`k-${token}`);
  });
});

describe('which credentials are sent', () => {
  const credentials = { key: { env: 'TOKEN' }, bearer: { context: 'user_token' } };

  test.each<[what: string, security: object[], context: object, sent: string[]]>([
    ['the first alternative that is complete', [{ tls: [] }, { bearer: [] }, { key: [] }], {}, ['x-key']],
    ['the first of several', [{ bearer: [] }, { key: [] }], { user_token: 'u' }, ['authorization']],
    ['all of an alternative', [{ bearer: [], key: [] }], { user_token: 'u' }, ['authorization', 'x-key']],
    ['one that need not be', [{}, { key: [] }], {}, ['x-key']],
    ['none of an alternative that is not complete', [{ bearer: [], key: [] }], {}, []],
    ['none where none is asked for', [], { user_token: 'u' }, []],
  ])('%s', async (_what, security, context, sent) => {
    const { request } = await call(
      document(security, [{ key: [] }]),
      { credentials },
      {
        env: { TOKEN: token },
        context: { ...context },
      },
    );
    const headers = Object.keys(request?.headers ?? {});
    expect(headers.filter((name) => name === 'authorization' || name === 'x-key')).toEqual(sent);
  });

  test('a missing environment variable is named', async () => {
    await expect(call(document([{ key: [] }]), { credentials }, {})).rejects.toThrow(
      "The gateway's environment variable TOKEN is needed and not set.",
    );
  });

  test('a scheme that is not there, or that no value satisfies', async () => {
    for (const name of ['tls', 'nope', 'constructor']) {
      await expect(documents.tools(document([]), { credentials: { [name]: fromEnv } })).rejects.toThrow(
        `The OpenAPI document has no security scheme ${name} that a credential could satisfy.`,
      );
    }
  });
});

test("what is a credential, or a header of the operator's, is no argument of the model's", async () => {
  const headers = { 'x-tenant': { context: 'tenant' } };
  const tool = await documents.tool(document([]), { headers });
  expect(tool.parameters['properties']).toEqual({ theme: {} });
  await tool.execute(toolCall({ theme: 'x' }, { context: { tenant: 't-1' } }));
  expect(service.requests.at(-1)?.headers['x-tenant']).toBe('t-1');
});
