import { describe, expect, test } from '@jest/globals';
import type { ModelTool } from '../../../src/llm/model.ts';
import { afterTool, ask, user } from './conversation.ts';

function onPath(name: string, more: object = {}, required: string[] = []): ModelTool {
  const properties = { path: { type: 'string' }, ...more };
  return {
    name,
    description: 'Works with a file of the folder.',
    parameters: { type: 'object', properties, required: ['path', ...required] },
  };
}

const read = onPath('guide_read_text_file');
const list = onPath('guide_list_directory');
const search = onPath('guide_search_files', { pattern: { type: 'string' } }, ['pattern']);

async function callsOf(tools: readonly ModelTool[], question: string): Promise<[string, unknown][]> {
  const { finished } = await ask({ messages: [user(question)], tools });
  return (finished?.toolCalls ?? []).map((call) => [call.name, JSON.parse(call.arguments)]);
}

describe('a tool that reads files', () => {
  test.each([
    ['What does models.md say about prices?', 'models.md'],
    ['Please read guide/push-notifications.md.', 'guide/push-notifications.md'],
    ['Open "ab.c-d.yaml", now', 'ab.c-d.yaml'],
  ])('is called for %j', async (question, path) => {
    expect(await callsOf([read, list, search], question)).toEqual([['guide_read_text_file', { path }]]);
  });

  test.each([
    'What about version 1.0.3 of the file?',
    'See https://docs.example/index.html for the file',
    'Write to me@docs.example about the file',
    'Any file, i.e. all of them, e.g. this one?',
  ])('is not for %j', async (question) => {
    expect(await callsOf([read], question)).toEqual([]);
  });

  test('is quoted with the file, and its headings tell what a sentence is about', async () => {
    const page = '# Shipping\n\n## Costs\n\nFree above 50 euros.\n\n## Returns\n\nNo fee within 14 days.';
    const messages = afterTool('What does shipping.md say about costs?', read.name, page, {
      path: 'shipping.md',
    });
    const { text } = await ask({ messages, tools: [read] });
    expect(text).toBe('From the documentation:\n- Free above 50 euros. (shipping.md)');
  });
});

test('a tool that lists a folder lists it when no file is asked for', async () => {
  expect(await callsOf([read, list, search], 'Which files are there?')).toEqual([
    ['guide_list_directory', { path: '.' }],
  ]);
});

test.each(['delete_file', 'write_file', 'get_file_info'])('%s is given no file', async (name) => {
  expect(await callsOf([onPath(name)], 'What is in the file models.md?')).toEqual([]);
});
