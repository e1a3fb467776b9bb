import { afterEach, expect, test } from '@jest/globals';
import type { Probe } from '../../src/runs/probe.ts';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { startService, type Service } from '../support/service.ts';
import { until } from '../support/wait.ts';
import { pdfFile } from '../tools/knowledge/pdf-file.ts';

const embeddingsKey = 'embeddings-key-0123456789';

let gateway: TestGateway | undefined;
let model: ModelServer | undefined;
let service: Service | undefined;

afterEach(async () => {
  await gateway?.stop();
  await model?.close();
  await service?.close();
  gateway = model = service = undefined;
});

async function answer(words: string, contextValues: object = {}): Promise<{ answer: string; probe: Probe }> {
  const query = `userText=${encodeURIComponent(words)}`;
  const response = await fetch(`${gateway?.url}/api/v1/agents/reader/answer?${query}`, {
    method: 'POST',
    headers: { Authorization: `SSWS ${adminKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ contextValues }),
  });
  return (await response.json()) as { answer: string; probe: Probe };
}

const tenants = {
  contextVariables: [{ name: 'tenant', schema: { type: 'string' }, required: true }],
  tools: [
    {
      name: 'search_docs',
      type: 'knowledge',
      source: './docs',
      filters: { year: { type: 'number', description: 'The year of the price list.' } },
      where: { tenant: { context: 'tenant' } },
    },
  ],
};

test('a model filters, the caller decides what it may find, and the folder is followed', async () => {
  const call = {
    name: 'search_docs',
    arguments: { query: 'price of lamps', filters: { year: [2025, 2026] } },
  };
  model = await startModelServer(({ body }) =>
    body.messages.at(-1)?.role === 'tool' ? text('done') : toolCalls([call]),
  );
  const page = (tenant: string, year: number, words: string): string =>
    `<html><head><meta name="tenant" content="${tenant}"><meta name="year" content="${year}"></head>` +
    `\n<body><h1>Prices</h1>\n<p>${words}</p></body></html>`;
  const { requests, ...server } = model;
  gateway = await startGateway({
    files: {
      'reader.yaml': agentFile('reader', tenants),
      'docs/one.html': page('one', 2026, 'The price of lamps is 10.'),
      'docs/old.html': page('one', 2001, 'The price of lamps was 5.'),
      'docs/two.html': page('two', 2026, 'The price of lamps is 20.'),
    },
    env: modelEnv(server.baseUrl),
  });
  const result = async (): Promise<string | null | undefined> => {
    await answer('What do lamps cost?', { tenant: 'one' });
    return requests.at(-1)?.body.messages.at(-1)?.content;
  };
  expect(await result()).toBe('[1] docs/one.html:3 — Prices\nThe price of lamps is 10.');
  expect(requests[0]?.body.tools?.[0]?.function.parameters).toMatchObject({
    properties: { filters: { properties: { year: { description: 'The year of the price list.' } } } },
  });
  await gateway.write('docs/new.html', page('one', 2025, 'The price of lamps is 8.'));
  const log = gateway;
  await until(() => log.logged().match(/The knowledge is indexed/g)?.length === 2, { what: 'the new page' });
  expect(await result()).toContain('docs/new.html:3 — Prices\nThe price of lamps is 8.');
});

test('offline, a PDF is quoted with its page', async () => {
  gateway = await startGateway({
    files: {
      'reader.yaml': agentFile('reader', {
        tools: [{ name: 'search_manuals', type: 'knowledge', source: './docs' }],
      }),
      'docs/manual.txt': 'Nothing but the weather.',
    },
  });
  const manual = pdfFile([['Switch it on.'], ['Clean the shade of the lamp once a year.']]);
  await gateway.write('docs/manual.pdf', manual.toString('latin1'));
  const given = await answer('How often do I clean the shade of the lamp?');
  expect(given.answer).toContain('- Clean the shade of the lamp once a year. (docs/manual.pdf, page 2)');
});

test('by meaning, with an endpoint of the operator; its key is nowhere', async () => {
  service = await startService(({ body }) => {
    const { input } = JSON.parse(body) as { input: string[] };
    const vector = (words: string): number[] => (/money|refund/i.test(words) ? [1, 0] : [0, 1]);
    return { body: { data: input.map((words, index) => ({ index, embedding: vector(words) })) } };
  });
  const embeddings = { baseUrl: service.url, model: 'meaning-1', apiKey: { env: 'EMBEDDINGS_KEY' } };
  gateway = await startGateway({
    files: {
      'reader.yaml': agentFile('reader', {
        tools: [{ name: 'search_docs', type: 'knowledge', source: './docs', embeddings }],
      }),
      'docs/a.md': '# Reimbursement\n\nA refund takes five days.',
      'docs/b.md': '# Lamps\n\nThey are bright.',
    },
    env: { EMBEDDINGS_KEY: embeddingsKey },
  });
  const logged = (): string => gateway?.logged() ?? '';
  await answer('When do I get my money back?');
  await until(() => logged().includes('Every passage has a vector'), { what: 'the vectors' });
  const given = await answer('When do I get my money back?');
  const step = given.probe.steps
    .flatMap(({ steps = [] }) => steps)
    .find(({ tool }) => tool === 'search_docs');
  expect(JSON.stringify(step)).toContain('docs/a.md:3 — Reimbursement');
  expect(service.requests[0]?.headers.authorization).toBe(`Bearer ${embeddingsKey}`);
  expect(logged() + JSON.stringify(given)).not.toContain(embeddingsKey);
});
