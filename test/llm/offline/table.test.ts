import { expect, test } from '@jest/globals';
import { singleRow } from '../../../src/llm/offline/table.ts';

test.each([
  ['| a | b |\n| --- | --- |\n| 1 | x y |', { a: '1', b: 'x y' }],
  ['| a |\n| --- |\n| 1 \\| 2 \\\\ |', { a: '1 | 2 \\' }],
  ['| a | b |\n| --- | --- |\n|  |  |', { a: null, b: null }],
  ['| a |\n| --- |\n| 1 |\n| 2 |', undefined],
  ['| a |\n| --- |\n| 1 |\n\n(only the first 1 rows: there are more)', undefined],
  ['| a |\n| --- |', undefined],
  ['No rows.', undefined],
  ['# title\n\ntext\nmore', undefined],
])('%j', (text, row) => {
  expect(singleRow(text)).toEqual(row);
});
