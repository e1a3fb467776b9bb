import { expect, test } from '@jest/globals';
import { reasonOf } from '../../src/tools/mcp/failure.ts';

test('a reason is masked before it is cut', () => {
  const error = new Error(`${'x'.repeat(295)}canary-4711 and more`);
  const mask = (text: string): string => text.replaceAll('canary-4711', '***');
  expect(reasonOf(error, mask)).toBe(`${'x'.repeat(295)}*** a`);
});
