import { describe, expect, test } from '@jest/globals';
import { Redactor } from '../../src/telemetry/redactor.ts';

const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJqb2huIn0.c2lnbmF0dXJl';

describe('redactText', () => {
  test('masks known secrets wherever they occur, in URLs and JSON text too', () => {
    const redactor = new Redactor();
    redactor.add('pa ss/wo"rd');
    expect(redactor.redactText('a pa ss/wo"rd b')).toBe('a [redacted] b');
    expect(redactor.redactText(`?q=${encodeURIComponent('pa ss/wo"rd')}`)).toBe('?q=[redacted]');
    expect(redactor.redactText(JSON.stringify({ q: 'pa ss/wo"rd' }))).toBe('{"q":"[redacted]"}');
  });

  test('masks the longer of two secrets as a whole', () => {
    const redactor = new Redactor();
    redactor.add('secret');
    redactor.add('secret-and-more');
    expect(redactor.redactText('secret-and-more, secret')).toBe('[redacted], [redacted]');
  });

  test('does not take short values for secrets', () => {
    const redactor = new Redactor();
    redactor.add('');
    redactor.add('short');
    expect(redactor.redactText('a short text')).toBe('a short text');
  });

  test.each([
    ['Authorization: SSWS abc', 'Authorization: SSWS [redacted]'],
    ['bearer abc, next', 'bearer [redacted], next'],
    ['Basic dXNlcjpwYXNz', 'Basic [redacted]'],
    ['Token agw_0123456789abcdef here', 'Token [redacted] here'],
    [`token=${token}&x=1`, 'token=[redacted]&x=1'],
    [`%22${token}%22`, '%22[redacted]%22'],
    ['www.example.com/eyJust.a-name', 'www.example.com/eyJust.a-name'],
  ])('%s', (text, expected) => {
    expect(new Redactor().redactText(text)).toBe(expected);
  });

  test('stays fast on hostile text and cuts it', () => {
    const startedAt = performance.now();
    const result = new Redactor().redactText('eyJ-agw_.'.repeat(500_000));
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(result.length).toBeLessThan(17_000);
  });
});

describe('redactFields', () => {
  test('masks fields named like credentials at every level, but neither counts nor flags', () => {
    const fields = {
      Authorization: 'x',
      headers: { 'X-Api-Key': 'x', cookie: ['a=b'], 'set-cookie': 'x', accept: 'text/html' },
      options: [{ apiKey: 'x', client_secret: { a: 1 }, dbPassword: 12345, credentials: { env: 'NAME' } }],
      usage: { promptTokens: 12, completion_tokens: 3 },
      hasPassword: true,
      token: null,
      gone: undefined,
    };
    expect(new Redactor().redactFields(fields)).toEqual({
      Authorization: '[redacted]',
      headers: {
        'X-Api-Key': '[redacted]',
        cookie: '[redacted]',
        'set-cookie': '[redacted]',
        accept: 'text/html',
      },
      options: [
        {
          apiKey: '[redacted]',
          client_secret: '[redacted]',
          dbPassword: '[redacted]',
          credentials: '[redacted]',
        },
      ],
      usage: { promptTokens: 12, completion_tokens: 3 },
      hasPassword: true,
      token: null,
    });
  });

  test('masks known secrets in values and keys', () => {
    const redactor = new Redactor();
    redactor.add('canary-1');
    const redacted = redactor.redactFields({
      list: new Set(['x canary-1']),
      map: new Map([['canary-1', 'canary-1']]),
    });
    expect(redacted).toEqual({ list: ['x [redacted]'], map: { '[redacted]': '[redacted]' } });
  });

  test('renders errors by name and message, with their cause, and the stack only when asked', () => {
    const redactor = new Redactor();
    redactor.add('canary-1');
    const cause = Object.assign(new TypeError('bad canary-1'), { code: 'ECONNRESET' });
    const error = new Error('failed', { cause });
    expect(redactor.redactFields({ error })).toEqual({
      error: {
        name: 'Error',
        message: 'failed',
        cause: { name: 'TypeError', message: 'bad [redacted]', code: 'ECONNRESET' },
      },
    });
    const withStacks = JSON.stringify(redactor.redactFields({ error }, { stacks: true }));
    expect(withStacks).toContain('redactor.test.ts');
    expect(withStacks).not.toContain('canary-1');
  });

  test('makes every kind of value writable', () => {
    const redacted = new Redactor().redactFields({
      date: new Date(0),
      bad: new Date(Number.NaN),
      url: new URL('https://example.com/a'),
      bytes: Buffer.from('abc'),
      big: 12n,
      call: () => undefined,
      ['__proto__']: 1,
    });
    expect(JSON.parse(JSON.stringify(redacted))).toEqual({
      date: '1970-01-01T00:00:00.000Z',
      bad: '[invalid date]',
      url: 'https://example.com/a',
      bytes: '[3 bytes]',
      big: '12',
      call: '[function]',
      '[__proto__]': 1,
    });
  });

  test('is bounded for cycles, depth and width', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(new Redactor().redactFields({ cycle })).toEqual({ cycle: { self: '[circular]' } });
    let deep: unknown = 'bottom';
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    const text = JSON.stringify(
      new Redactor().redactFields({ deep, wide: Array.from({ length: 100_000 }, () => 1) }),
    );
    expect(text).toContain('[too deep]');
    expect(text.length).toBeLessThan(20_000);
  });
});
