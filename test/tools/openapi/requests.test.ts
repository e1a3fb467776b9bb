import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ToolError } from '../../../src/tools/tool.ts';
import { startService, type Service, type ServiceRequest } from '../../support/service.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { apiDocument, ApiDocuments, ok } from './api-document.ts';

let service: Service;
let documents: ApiDocuments;

beforeAll(async () => {
  service = await startService(({ path }) => ({ body: { path } }));
  documents = await ApiDocuments.create(() => `${service.url}/v1`);
});

afterAll(async () => {
  await documents.close();
  await service.close();
});

/** The request that a call of the only operation sends. */
async function sent(
  path: string,
  method: string,
  operation: object,
  args: Record<string, unknown>,
): Promise<ServiceRequest | undefined> {
  const tool = await documents.tool(apiDocument({ [path]: { [method]: { ...operation, ...ok } } }));
  expect(tool.validate(args)).toEqual([]);
  await tool.execute(toolCall(args));
  return service.requests.at(-1);
}

const list = { type: 'array', items: { type: 'string' } };
const object = { type: 'object', additionalProperties: true };

describe('query parameters', () => {
  const words = ['a b', 'c&d', 'e,f'];
  const range = { min: 1, max: 'x y', none: null };

  test.each<
    [style: string | undefined, explode: boolean | undefined, schema: object, value: unknown, query: string]
  >([
    [undefined, undefined, list, words, 'q=a%20b&q=c%26d&q=e%2Cf'],
    ['form', false, list, words, 'q=a%20b,c%26d,e%2Cf'],
    ['spaceDelimited', false, list, words, 'q=a%20b%20c%26d%20e%2Cf'],
    ['pipeDelimited', false, list, words, 'q=a%20b%7Cc%26d%7Ce%2Cf'],
    ['pipeDelimited', true, list, words, 'q=a%20b&q=c%26d&q=e%2Cf'],
    ['form', true, object, range, 'min=1&max=x%20y'],
    ['form', false, object, range, 'q=min,1,max,x%20y'],
    ['deepObject', true, object, range, 'q%5Bmin%5D=1&q%5Bmax%5D=x%20y'],
    ['deepObject', undefined, object, { a: { b: [1, 2] } }, 'q%5Ba%5D%5Bb%5D=1&q%5Ba%5D%5Bb%5D=2'],
    [undefined, undefined, { type: 'boolean' }, false, 'q=false'],
    [undefined, undefined, { type: 'string' }, '', 'q='],
    [undefined, undefined, { type: ['string', 'null'] }, null, ''],
    [undefined, undefined, list, [], ''],
  ])('style %s, explode %s, %j: %j', async (style, explode, schema, value, query) => {
    const parameter = { name: 'q', in: 'query', style, explode, schema };
    const request = await sent('/find', 'get', { parameters: [parameter] }, { q: value });
    expect(request?.path).toBe(`/v1/find${query && `?${query}`}`);
  });

  test('one with a media type is JSON text', async () => {
    const parameter = { name: 'q', in: 'query', content: { 'application/json': { schema: object } } };
    const request = await sent('/find', 'get', { parameters: [parameter] }, { q: { a: [1] } });
    expect(request?.path).toBe('/v1/find?q=%7B%22a%22%3A%5B1%5D%7D');
  });
});

describe('path parameters', () => {
  test.each<[style: string | undefined, explode: boolean, value: unknown, path: string]>([
    [undefined, false, 'a/b?c#d', '/v1/x/a%2Fb%3Fc%23d/y'],
    [undefined, false, '../..', '/v1/x/..%2F../y'],
    [undefined, false, ['a,b', 'c'], '/v1/x/a%2Cb,c/y'],
    [undefined, true, { r: 1, g: 2 }, '/v1/x/r=1,g=2/y'],
    ['label', false, ['a', 'b'], '/v1/x/.a,b/y'],
    ['label', true, ['a', 'b'], '/v1/x/.a.b/y'],
    ['matrix', false, ['a', 'b'], '/v1/x/;id=a,b/y'],
    ['matrix', true, ['a', 'b'], '/v1/x/;id=a;id=b/y'],
    ['matrix', true, { r: 1 }, '/v1/x/;r=1/y'],
  ])('style %s, explode %s: %j', async (style, explode, value, path) => {
    const parameter = { name: 'id', in: 'path', required: true, style, explode, schema: {} };
    expect((await sent('/x/{id}/y', 'get', { parameters: [parameter] }, { id: value }))?.path).toBe(path);
  });

  test.each(['', '.', '..', []])('%j is refused', async (id) => {
    const before = service.requests.length;
    const parameter = { name: 'id', in: 'path', required: true, schema: {} };
    await expect(sent('/x/{id}', 'get', { parameters: [parameter] }, { id })).rejects.toThrow(ToolError);
    expect(service.requests).toHaveLength(before);
  });
});

describe('headers and cookies', () => {
  const parameters = [
    { name: 'X-Tags', in: 'header', schema: list },
    { name: 'theme', in: 'cookie', schema: { type: 'string' } },
    { name: 'ids', in: 'cookie', explode: false, schema: list },
    // The request's frame is not the model's.
    ...['Authorization', 'Host', 'Content-Type', 'Accept', 'Cookie', 'Transfer-Encoding'].map((name) => ({
      name,
      in: 'header',
      schema: { type: 'string' },
    })),
  ];

  test('carry their arguments', async () => {
    const request = await sent(
      '/h',
      'get',
      { parameters },
      {
        'X-Tags': ['a', 'b'],
        theme: 'dark; admin=1',
        ids: ['1', '2'],
      },
    );
    expect(request?.headers).toMatchObject({
      'x-tags': 'a,b',
      cookie: 'theme=dark%3B%20admin%3D1; ids=1,2',
    });
  });

  test('the frame of the request is not offered', async () => {
    const tool = await documents.tool(apiDocument({ '/h': { get: { parameters, ...ok } } }));
    expect(Object.keys(tool.parameters['properties'] as object)).toEqual(['X-Tags', 'theme', 'ids']);
  });

  test.each(['a\r\nX-Admin: 1', 'grün'])('a header cannot hold %j', async (value) => {
    await expect(sent('/h', 'get', { parameters }, { 'X-Tags': [value] })).rejects.toThrow(
      'The argument X-Tags must be ASCII without line breaks.',
    );
  });
});

describe('bodies', () => {
  const body = (mediaType: string, more: object = {}) => ({
    requestBody: { required: true, content: { [mediaType]: { schema: object, ...more } } },
  });
  const value = { name: 'ü&=', tags: ['a', 'b'], size: { w: 1 }, none: null };

  test.each([
    ['application/json', JSON.stringify(value)],
    ['application/merge-patch+json', JSON.stringify(value)],
    ['application/x-www-form-urlencoded', 'name=%C3%BC%26%3D&tags=a&tags=b&size=%7B%22w%22%3A1%7D'],
  ])('%s', async (mediaType, text) => {
    const request = await sent('/b', 'post', body(mediaType), { body: value });
    expect([request?.method, request?.headers['content-type'], request?.body]).toEqual([
      'POST',
      mediaType,
      text,
    ]);
  });

  test("a form's fields have the styles of the document", async () => {
    const encoding = {
      tags: { style: 'form', explode: false },
      size: { style: 'deepObject', explode: true },
    };
    const form = body('application/x-www-form-urlencoded', { encoding });
    expect((await sent('/b', 'put', form, { body: value }))?.body).toBe(
      'name=%C3%BC%26%3D&tags=a,b&size%5Bw%5D=1',
    );
  });

  test('multipart/form-data is parts of text, which no name can break', async () => {
    const request = await sent('/b', 'post', body('multipart/form-data'), {
      body: { 'a"\r\nb': 'x', tags: ['1', '2'], size: { w: 1 } },
    });
    const form = await new Response(request?.body, {
      headers: { 'content-type': request?.headers['content-type'] ?? '' },
    }).formData();
    expect([...form.entries()]).toEqual([
      ['a"\r\nb', 'x'],
      ['tags', '1'],
      ['tags', '2'],
      ['size', '{"w":1}'],
    ]);
  });

  test('text is sent as it is', async () => {
    const text = { requestBody: { content: { 'text/plain': { schema: { type: 'string' } } } } };
    expect((await sent('/b', 'post', text, { body: 'Grüße' }))?.body).toBe('Grüße');
  });

  test('JSON is preferred, an optional body may be left out, and GET has none', async () => {
    const content = { 'text/plain': {}, 'application/json': { schema: object }, 'multipart/form-data': {} };
    const optional = { requestBody: { content } };
    expect((await sent('/b', 'delete', optional, { body: { a: 1 } }))?.body).toBe('{"a":1}');
    expect((await sent('/b', 'post', optional, {}))?.body).toBe('');
    const get = await documents.tool(apiDocument({ '/b': { get: { ...body('application/json'), ...ok } } }));
    expect(get.parameters['properties']).toEqual({});
  });
});
