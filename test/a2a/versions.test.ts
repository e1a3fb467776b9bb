import { describe, expect, test } from '@jest/globals';
import { negotiate } from '../../src/a2a/versions.ts';
import { refusal } from './refusal.ts';

describe('negotiate', () => {
  test.each<[string | undefined, string | undefined, string | undefined, string]>([
    [undefined, undefined, undefined, '0.3'],
    [undefined, undefined, 'message/send', '0.3'],
    [undefined, undefined, 'nobody/knows', '0.3'],
    [undefined, undefined, 'SendMessage', '1.0'],
    ['', '', 'GetTask', '1.0'],
    ['', undefined, 'message/send', '0.3'],
    ['0.3', undefined, 'SendMessage', '0.3'],
    ['0.3.0', undefined, undefined, '0.3'],
    ['1.0', undefined, 'message/send', '1.0'],
    [' 1.0.1 ', undefined, undefined, '1.0'],
    [undefined, '1.0', 'message/send', '1.0'],
    [undefined, '0.3', 'SendMessage', '0.3'],
    ['0.3', '1.0', undefined, '0.3'],
    ['', '1.0.7', undefined, '1.0'],
  ])('header %j, query %j, method %j: %s', (header, query, method, version) => {
    expect(negotiate(header, query, method).version).toBe(version);
  });

  test.each(['1', '1.1', '0.2', '2.0', '1.0.', 'v1.0', '1.0, 1.0', '1.0.0.0', '10.3', 'latest'])(
    '%j is not supported, in the header or in the query',
    (version) => {
      for (const call of [
        () => negotiate(version, '1.0', 'SendMessage'),
        () => negotiate(undefined, version, 'SendMessage'),
      ]) {
        const problem = refusal(call);
        expect(problem.reason).toBe('version_not_supported');
        expect(problem.details).toEqual({ supported: ['1.0', '0.3'] });
      }
    },
  );

  test('a long version is not repeated whole', () => {
    expect(refusal(() => negotiate('9'.repeat(5000), undefined, undefined)).message.length).toBeLessThan(120);
  });
});
