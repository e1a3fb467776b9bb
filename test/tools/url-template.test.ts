import { describe, expect, test } from '@jest/globals';
import { appendQuery, hasLiteralHost, renderUrl } from '../../src/tools/http/url-template.ts';
import { ToolError } from '../../src/tools/tool.ts';

describe('renderUrl', () => {
  test.each([
    ['a dot segment', '/orders/{id}', { id: '..' }, /must not form the path segment/],
    ['a single dot', '/orders/{id}/items', { id: '.' }, /must not form the path segment/],
    ['dots put together', '/orders/.{id}', { id: '.' }, /must not form the path segment/],
    ['dots of two arguments', '/orders/{id}{dot}', { id: '.', dot: '.' }, /must not form the path segment/],
    ['nothing', '/orders/{id}', {}, /^The argument id is needed and must not be empty\.$/],
    ['null', '/orders/{id}', { id: null }, /is needed and must not be empty/],
    ['an empty text', '/orders/{id}', { id: '' }, /is needed and must not be empty/],
    ['an object', '/orders/{id}', { id: {} }, /^The argument id must be a string, a number or a boolean\.$/],
    ['a list in the query', '/orders?id={id}', { id: [1] }, /must be a string, a number or a boolean/],
  ])('refuses %s', (_case, template, args, sentence) => {
    const render = () => renderUrl(template, args);
    expect(render).toThrow(ToolError);
    expect(render).toThrow(sentence);
  });

  test('says which arguments it used', () => {
    const { url, used } = renderUrl('/a/{id}?b={b}&c={c}', { id: '$&', b: 1, d: 2 });
    expect(url).toBe('/a/%24%26?b=1');
    expect([...used]).toEqual(['id', 'b', 'c']);
  });

  test('leaves a query of absent arguments out', () => {
    expect(renderUrl('/a?b={b}', {}).url).toBe('/a');
  });
});

test('appendQuery repeats lists and writes objects as JSON', () => {
  expect(appendQuery('/a?x=1', { tags: ['b', 'c'], where: { d: 1 }, none: undefined })).toBe(
    '/a?x=1&tags=b&tags=c&where=%7B%22d%22%3A1%7D',
  );
  expect(appendQuery('/a', {})).toBe('/a');
});

describe('hasLiteralHost', () => {
  test.each([
    '/orders/{id}',
    'https://shop.example/{id}',
    'HTTP://shop.example:8080?id={id}',
    'http://shop.example',
  ])('yes: %s', (template) => {
    expect(hasLiteralHost(template)).toBe(true);
  });

  test.each([
    'https://{host}/',
    'https://shop.{zone}/',
    'https://shop.example{id}',
    'http://a:{port}/',
    '{url}',
    'http:///{id}',
    'https:{id}',
    'http://a\\{id}',
    'http://{user}@a/',
  ])('no: %s', (template) => {
    expect(hasLiteralHost(template)).toBe(false);
  });
});
