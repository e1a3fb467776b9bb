import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { Redactor } from '../../src/telemetry/redactor.ts';
import { createLog } from '../../src/telemetry/winston-log.ts';
import type { LogOptions } from '../../src/telemetry/winston-log.ts';
import type { Log } from '../../src/telemetry/log.ts';

function start(options: Partial<LogOptions> = {}): { log: Log; lines: () => string[] } {
  const stream = new PassThrough();
  const log = createLog({ level: 'info', format: 'json', redactor: new Redactor(), stream, ...options });
  return {
    log,
    lines: () =>
      String(stream.read() ?? '')
        .split(/\r?\n/)
        .filter((line) => line !== ''),
  };
}

describe('createLog', () => {
  test('writes one JSON line per entry', () => {
    const { log, lines } = start();
    log.info('started', { requestId: 'r-1', port: 8080 });
    log.error('failed');
    const [first, second] = lines().map((line): unknown => JSON.parse(line));
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'info',
      message: 'started',
      requestId: 'r-1',
      port: 8080,
    });
    expect(second).toMatchObject({ level: 'error', message: 'failed' });
  });

  test('leaves out what is below its level', () => {
    const { log, lines } = start({ level: 'warn' });
    log.debug('no');
    log.info('no');
    log.warn('yes');
    log.error('yes too');
    expect(lines()).toHaveLength(2);
  });

  test.each(['json', 'pretty'] as const)('redacts message and fields (%s)', (format) => {
    const redactor = new Redactor();
    redactor.add('canary-secret');
    const { log, lines } = start({ format, redactor });
    log.info('with canary-secret', { password: 'x1x1x1', nested: { text: 'canary-secret' } });
    const [line] = lines();
    expect(line).toContain('with [redacted]');
    expect(line).not.toMatch(/canary|x1x1x1/);
  });

  test('a field cannot pose as the message or the level', () => {
    const { log, lines } = start();
    log.info('true', { message: 'false', level: 'error', time: 'never' });
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ message: 'true', level: 'info' });
  });

  test('a pretty line stays one line without control characters', () => {
    const { log, lines } = start({ format: 'pretty' });
    log.warn('one\ntwo\u001b[31m', { path: '/a/b', text: 'x\ny', count: 2 });
    const written = lines();
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}one\\ntwo\\u001b\[31m path=\/a\/b text="x\\ny" count=2$/,
    );
  });

  test('has stacks at level debug only', () => {
    for (const level of ['debug', 'info'] as const) {
      const { log, lines } = start({ level });
      log.error('failed', { error: new Error('why') });
      const { error } = JSON.parse(lines()[0] ?? '') as { error: object };
      expect(error).toMatchObject({ name: 'Error', message: 'why' });
      expect('stack' in error).toBe(level === 'debug');
    }
  });
});
