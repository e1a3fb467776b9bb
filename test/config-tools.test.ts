import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readOwnTools } from '../src/config-tools.ts';
import { Variables } from '../src/config-variables.ts';
import type { OwnToolsConfig } from '../src/tools/gateway/own-tools.ts';

let root: string;
let cards: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'config-tools-'));
  cards = join(root, 'agent-cards');
  for (const folder of ['guide', 'templates']) mkdirSync(join(cards, folder), { recursive: true });
  mkdirSync(join(root, 'docs'));
});
afterEach(() => rmSync(root, { recursive: true }));

function read(file: string, env: Record<string, string> = {}): { tools: OwnToolsConfig; problems: string[] } {
  const path = join(root, 'tools.yaml');
  writeFileSync(path, file);
  const variables = new Variables({ TOOLS_FILE: path, ...env });
  const tools = readOwnTools(variables, cards);
  return { tools, problems: variables.problems.map(({ variable, expected }) => `${variable} ${expected}`) };
}

describe('TOOLS_FILE', () => {
  test('not set: the guide can be searched, where there is one', () => {
    const sources = [{ name: 'guide', folder: join(cards, 'guide') }];
    expect(readOwnTools(new Variables({}), cards)).toEqual({ searchKnowledgeBase: { sources } });
    expect(readOwnTools(new Variables({}), join(root, 'elsewhere'))).toEqual({});
  });

  test.each(['', '{}', '# nothing yet'])('empty (%j): there is no tool', (file) => {
    expect(read(file)).toEqual({ tools: {}, problems: [] });
  });

  test('has defaults for what a tool does not say', () => {
    const file = 'search_knowledge_base:\nsearch_templates:\nimport_template: {}\ncreate_support_ticket:\n';
    const folder = join(cards, 'templates');
    expect(read(file)).toEqual({
      problems: [],
      tools: {
        searchKnowledgeBase: { sources: [{ name: 'guide', folder: join(cards, 'guide') }] },
        searchTemplates: { folder },
        importTemplate: { folder },
        createSupportTicket: {},
      },
    });
  });

  test('says where things are, from its own folder, and what they cost', () => {
    const file = `
search_knowledge_base: { sources: { docs: ./docs, guide: ${join(cards, 'guide')} } }
import_template: { folder: docs, agentic: true, priceUsd: 0.5 }
create_support_ticket:
  webhook: { url: 'http://127.0.0.1:9/t', headers: { X-Team: desk, Authorization: { env: TOKEN } } }
`;
    const headers = { 'X-Team': 'desk', Authorization: { env: 'TOKEN' } };
    expect(read(file, { TOKEN: 'canary' })).toEqual({
      problems: [],
      tools: {
        searchKnowledgeBase: {
          sources: [
            { name: 'docs', folder: join(root, 'docs') },
            { name: 'guide', folder: join(cards, 'guide') },
          ],
        },
        importTemplate: { folder: join(root, 'docs'), agentic: true, priceUsd: 0.5 },
        createSupportTicket: { webhook: { url: 'http://127.0.0.1:9/t', headers } },
      },
    });
  });

  const webhook = (rest: string) => `create_support_ticket: { webhook: { ${rest} } }`;
  test.each([
    ['search_web: {}', 'the file must NOT have additional properties (search_web)'],
    ['- search_templates', 'the file must be object'],
    ['search_knowledge_base: { sources: {} }', '/search_knowledge_base/sources must NOT have fewer'],
    [
      'search_knowledge_base: { sources: { docs: ./gone } }',
      '/search_knowledge_base/sources/docs is not a folder',
    ],
    ['search_templates: { folder: ./gone }', '/search_templates/folder is not a folder'],
    ['import_template: { priceUsd: -1 }', '/import_template/priceUsd must be >= 0'],
    [webhook('url: "ftp://host/"'), '/create_support_ticket/webhook/url must be an http or https address'],
    [webhook('url: "https://ann:canary@host/"'), 'must not hold a user name or password'],
    [
      webhook('url: "https://host/", headers: { Authorization: canary }'),
      'headers/Authorization is named like',
    ],
    [
      webhook('url: "https://host/", headers: { X-A: { context: canary } }'),
      'is not a declared context variable',
    ],
    [
      webhook('url: "https://host/", headers: { X-A: { env: MISSING } }'),
      'X-A/env must name a variable that is set',
    ],
    ['search_templates: [', 'is not valid YAML at line 1'],
  ])('%s is named', (file, problem) => {
    const { problems } = read(file);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).toMatch(/^TOOLS_FILE .*tools\.yaml: /);
  });

  test('that is not there stops the start', () => {
    const variables = new Variables({ TOOLS_FILE: join(root, 'gone.yaml') });
    readOwnTools(variables, cards);
    expect(variables.problems).toEqual([
      { variable: 'TOOLS_FILE', expected: `${join(root, 'gone.yaml')}: cannot be read` },
    ]);
  });

  test('without a guide says that there is nothing to search', () => {
    rmSync(join(cards, 'guide'), { recursive: true });
    expect(read('search_knowledge_base:').problems[0]).toContain('sources is required');
  });
});
