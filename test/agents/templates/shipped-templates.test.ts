import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkAgentFile } from '../../../src/agents/load.ts';
import { parseTemplate } from '../../../src/agents/templates/template-file.ts';

const cards = join(import.meta.dirname, '..', '..', '..', 'agent-cards');
const files = readdirSync(join(cards, 'templates')).sort();

test('there are five templates', () => {
  const named = ['api-operator', 'mcp-operator', 'researcher', 'sql-analyst', 'support-desk'];
  expect(files).toEqual(named.map((name) => `${name}.yaml`));
});

describe.each(files)('%s', (file) => {
  const id = file.replace('.yaml', '');
  const parsed = parseTemplate(id, readFileSync(join(cards, 'templates', file), 'utf8'));
  if ('reason' in parsed) throw new Error(parsed.reason);

  test('says what it is and what it needs', () => {
    const { description, needs, tags } = parsed.template;
    expect(description).toMatch(/\.$/);
    expect(needs.length).toBeGreaterThan(0);
    expect(tags.length).toBeGreaterThan(1);
  });

  test('becomes an agent that loads beside the samples, where the data source that it needs is there', async () => {
    const text = parsed.agentFile({ template: id, id: 'my-own', name: 'Mine' });
    const loading = { dataSources: new Set(['shop']) };
    expect(await checkAgentFile(join(cards, 'my-own.yaml'), text, loading)).toMatchObject({
      definition: { id: 'my-own', card: { name: 'Mine' }, execution: { kind: 'declared' } },
    });
  });
});
