import { describe, expect, test } from '@jest/globals';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { readResult } from '../../src/tools/mcp/call-result.ts';
import { lossOf, reasonOf } from '../../src/tools/mcp/failure.ts';

const asItIs = (text: string): string => text;
const say = (text: string): CallToolResult['content'][number] => ({ type: 'text', text });
const fourBytes = 'AAAAAA==';

const cases: [string, Partial<CallToolResult>, string][] = [
  ['texts', { content: [say('one'), say('two')] }, 'one\ntwo'],
  [
    'an image',
    { content: [{ type: 'image', data: fourBytes, mimeType: 'image/png' }] },
    '[image: image/png, 4 bytes, not shown]',
  ],
  [
    'a sound',
    { content: [{ type: 'audio', data: fourBytes, mimeType: 'audio/wav' }] },
    '[audio: audio/wav, 4 bytes, not shown]',
  ],
  [
    'the text of a resource',
    { content: [{ type: 'resource', resource: { uri: 'file:///a.txt', text: 'words' } }] },
    '[resource file:///a.txt]\nwords',
  ],
  [
    'another resource',
    { content: [{ type: 'resource', resource: { uri: 'x://b', blob: fourBytes, mimeType: 'a/b' } }] },
    '[resource x://b: a/b, 4 bytes, not shown]',
  ],
  ['a link', { content: [{ type: 'resource_link', uri: 'x://b', name: 'b' }] }, '[resource b: x://b]'],
  ['data', { structuredContent: { total: 3 } }, '{"total":3}'],
  [
    'data beside a text that does not say it',
    { content: [say('done')], structuredContent: { total: 3 } },
    'done\n{"total":3}',
  ],
  [
    'data that the text says',
    { content: [say('{"total": 3, "of": "a \\"b\\""}')], structuredContent: { total: 3, of: 'a "b"' } },
    '{"total": 3, "of": "a \\"b\\""}',
  ],
  [
    'data that wraps the text',
    { content: [say('a "b"\nc')], structuredContent: { content: 'a "b"\nc' } },
    'a "b"\nc',
  ],
  ['nothing', {}, 'The tool answered without content.'],
];

describe('a result', () => {
  test.each(cases)('of %s', (_what, result, text) => {
    expect(readResult({ content: [], ...result }, asItIs).text).toBe(text);
  });

  test('that is an error throws its text, without secrets', () => {
    const result: CallToolResult = { content: [say('no access with key-1')], isError: true };
    expect(() => readResult(result, (text) => text.replaceAll('key-1', '***'))).toThrow('no access with ***');
  });

  test('is cut to size', () => {
    const { text } = readResult({ content: [say('x'.repeat(1_000_005))] }, asItIs);
    expect(text).toMatch(/x\n\[cut: 5 more characters\]$/);
  });
});

describe('a failure', () => {
  const refused = new TypeError('fetch failed', {
    cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
  });
  const reset = new TypeError('terminated', {
    cause: Object.assign(new Error('no'), { code: 'ECONNRESET' }),
  });
  const status = (code: number): Error =>
    Object.assign(new Error('x'), { status: code, code: 'CLIENT_HTTP' });

  test.each<[unknown, ReturnType<typeof lossOf>, string]>([
    [refused, 'never-received', 'ECONNREFUSED'],
    [reset, 'unknown', 'ECONNRESET'],
    [status(404), 'never-received', 'it answered 404'],
    [status(503), 'unknown', 'it answered 503'],
    [status(401), undefined, 'it answered 401'],
    [status(307), undefined, 'it answers with a redirect'],
    [Object.assign(new Error('closed'), { code: 'CONNECTION_CLOSED' }), 'unknown', 'it ended'],
    [Object.assign(new Error('Bad arguments.'), { code: -32602 }), undefined, 'Bad arguments'],
  ])('%p', (error, loss, reason) => {
    expect(lossOf(error)).toBe(loss);
    expect(reasonOf(error, (text) => text)).toBe(reason);
  });
});
