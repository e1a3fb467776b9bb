import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listOperations, parseApiDocument } from '../../../src/tools/api-document.ts';
import { apiDocument, ApiDocuments, ok } from './api-document.ts';

let documents: ApiDocuments;

beforeAll(async () => {
  documents = await ApiDocuments.create(() => 'http://127.0.0.1:1');
});

afterAll(async () => await documents.close());

describe('documents that cannot be used', () => {
  const get = (more: object) => ({ '/x/{id}': { get: { operationId: 'x', ...ok, ...more } } });
  const strange = { name: 'id', in: 'path', required: true, schema: { type: 'strong' } };

  test.each<[what: string, document: object | string, sentence: RegExp]>([
    ['Swagger 2', { swagger: '2.0', info: {}, paths: {} }, /is Swagger 2: convert it to OpenAPI 3 first\.$/],
    ['another version', { openapi: '3.2.0', paths: {} }, /is not of OpenAPI version 3\.0 or 3\.1\.$/],
    ['something else', '[1]', /is not an OpenAPI document\.$/],
    ['no text', '{a: [', /is neither YAML nor JSON/],
    ['too large', ' '.repeat(5_000_001), /is larger than 5 MB/],
    [
      'an undeclared path parameter',
      apiDocument(get({})),
      /for x: it does not declare the path parameter \{id\} of/,
    ],
    [
      'against the specification',
      apiDocument({
        '/x': {
          get: {
            operationId: 'x',
            parameters: [{ name: 'a', in: 'nowhere', schema: {} }],
            ...ok,
          },
        },
      }),
      /is not valid: /,
    ],
    [
      'a schema that does not compile',
      apiDocument(get({ parameters: [strange] })),
      /for x: it has parameters that do not compile: /,
    ],
    [
      'two operations with one id',
      apiDocument({ '/a': { get: { operationId: 'x', ...ok } }, '/b': { get: { operationId: 'x', ...ok } } }),
      /is not valid: .*operationId `x` is duplicated/,
    ],
    [
      'a body that cannot be sent',
      apiDocument({
        '/a': {
          post: { operationId: 'x', requestBody: { required: true, content: { 'image/png': {} } }, ...ok },
        },
      }),
      /for x: it asks for a body of image\/png, which cannot be sent/,
    ],
  ])('%s', async (_what, document, sentence) => {
    expect(await documents.refusal(document, ['x'])).toMatch(sentence);
  });

  test('with * what cannot be called is left out, until nothing is left', async () => {
    const bad = { post: { requestBody: { required: true, content: { 'image/png': {} } }, ...ok } };
    const elsewhere = { $ref: 'other.yaml#/item' };
    const usable = await documents.tools(apiDocument({ '/a': bad, '/b': { get: ok }, '/c': elsewhere }));
    expect(usable.map(({ name }) => name)).toEqual(['shop_GET_b']);
    for (const paths of [{ '/a': bad, '/c': elsewhere }, {}]) {
      expect(await documents.refusal(apiDocument(paths))).toBe(
        'The OpenAPI document has no operation that can be called.',
      );
    }
  });

  test('too many operations', async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 101 }, (_none, index) => [`/${index}`, { get: ok }]),
    );
    expect(await documents.refusal(apiDocument(paths))).toMatch(
      /has 101 operations, and no more than 100 can be tools/,
    );
  });

  test('one that was changed since its agent was loaded', async () => {
    await expect(
      documents.tools(apiDocument({ '/a': { get: ok } }), { documentHash: 'another' }),
    ).rejects.toThrow('The document was changed just now; try again.');
  });

  test('YAML that holds itself, or grows without end', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(',')}]`),
    ];
    expect(() => parseApiDocument(bomb.join('\n'))).toThrow(/neither YAML nor JSON/);
    expect(() => parseApiDocument('openapi: 3.1.0\nself: &s { s: *s }')).toThrow(/neither YAML nor JSON/);
    expect(listOperations(parseApiDocument('openapi: 3.0.1'))).toEqual([]);
  });
});
