import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fuseRankings } from '../../../src/tools/knowledge/rank-fusion.ts';
import { startService, type Service, type ServiceAnswer } from '../../support/service.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { KnowledgeFolder } from './knowledge-folder.ts';

const key = 'embeddings-key-0123456789';

let folder: KnowledgeFolder;
let service: Service;
/** What the endpoint says instead of vectors, while it is set. */
let away: ServiceAnswer | Promise<ServiceAnswer> | undefined;

beforeEach(async () => {
  away = undefined;
  folder = await KnowledgeFolder.create({ EMBEDDINGS_KEY: key });
  service = await startService(({ body }) => away ?? { body: vectorsFor(JSON.parse(body) as Asked) });
});

afterEach(async () => {
  await folder.remove();
  await service.close();
});

interface Asked {
  model: string;
  input: string[];
}

/** Meaning, as far as this model goes: how much of each subject is in a text. */
const subjects = [/refund|money back|reimburse/gi, /lamp|light|bulb/gi, /deliver|parcel|ship/gi];

function vectorsFor({ input }: Asked): object {
  const data = input.map((text, index) => ({
    index,
    embedding: [...subjects.map((subject) => text.match(subject)?.length ?? 0), 0.1],
  }));
  return { data: data.toReversed() };
}

function embeddings(): { baseUrl: string; model: string; apiKey: { env: string } } {
  return { baseUrl: `${service.url}/v1/`, model: 'meaning-1', apiKey: { env: 'EMBEDDINGS_KEY' } };
}

async function search(query: string) {
  return await folder.tool({ embeddings: embeddings() }).execute(toolCall({ query }));
}

async function ready(): Promise<void> {
  await folder.loggedBy(/^Every passage has a vector/, () =>
    folder.open({ embeddings: embeddings() }).refresh(),
  );
}

function inputs(): string[] {
  return service.requests.flatMap(({ body }) => (JSON.parse(body) as Asked).input);
}

test('a passage is found by its meaning, without one of its words', async () => {
  await folder.write('money.md', '# Reimbursement\n\nYou are reimbursed within five days.');
  await folder.write('lamps.md', 'Every bulb is tested.');
  await ready();
  const { text, summary, detail } = await search('get my money back');
  expect(text).toMatch(/^\[1\] \S+\/money\.md:3 — Reimbursement\nYou are reimbursed/);
  expect(text).not.toContain('bulb');
  expect(summary).toBe('1 passage found');
  expect(detail).toMatchObject({
    mode: 'hybrid',
    passages: [{ line: 3, excerpt: 'You are reimbursed within five days.' }],
  });
  expect(service.requests[0]).toMatchObject({
    method: 'POST',
    path: '/v1/embeddings',
    headers: { authorization: `Bearer ${key}` },
  });
  expect(inputs()).toContain('Reimbursement\n\nYou are reimbursed within five days.');
});

test('only passages whose text has changed are sent again, in batches', async () => {
  const lamps = Array.from({ length: 100 }, (_, index) => `# Lamp ${index}\n\nlight`).join('\n');
  await folder.write('a.md', lamps);
  await ready();
  expect(service.requests.map(({ body }) => (JSON.parse(body) as Asked).input.length)).toEqual([
    32, 32, 32, 4,
  ]);
  await folder.loggedBy(/^Every passage has a vector/, () =>
    folder.write('a.md', `${lamps}\n# New\n\nparcel`),
  );
  expect(inputs().slice(100)).toEqual(['New\n\nparcel']);
});

describe('while the endpoint is away', () => {
  test('words alone are searched, and the summary says so; its vectors come once it is back', async () => {
    away = { status: 503, body: { error: `never quoted ${key}` } };
    await folder.write('a.md', 'The lamp is light.');
    const failed = await folder.loggedBy(/^The embeddings endpoint gives no vectors/, () => search('lamp'));
    expect(failed).toMatchObject({ level: 'warn', fields: { reason: 'it answered with status 503' } });
    const without = await search('lamp');
    expect(without.summary).toBe('1 passage found (by words alone: the passages have no vectors yet)');
    expect(without.detail).toMatchObject({ mode: 'words' });
    await folder.loggedBy(/^Every passage has a vector/, () => (away = undefined));
    expect((await search('bulb')).summary).toBe('1 passage found');
    away = { status: 429, body: {} };
    expect((await search('lamp')).summary).toBe(
      '1 passage found (by words alone: the embeddings endpoint is away)',
    );
    expect(JSON.stringify(folder.lines)).not.toContain(key);
  });

  test.each([
    ['no JSON', 'nonsense', 'its answer is no JSON'],
    ['too few', { data: [] }, 'its answer holds no vectors that fit'],
    ['no numbers', { data: [{ embedding: ['1'] }] }, 'its answer holds no vectors that fit'],
    ['no direction', { data: [{ embedding: [0, 0] }] }, 'its answer holds no vectors that fit'],
  ])('an answer that holds %s is none', async (_case, body, reason) => {
    away = { body };
    await folder.write('a.md', 'lamp');
    const failed = await folder.loggedBy(/^The embeddings endpoint gives no vectors/, () => search('lamp'));
    expect(failed.fields['reason']).toBe(reason);
  });

  test('a key that is not set is named', async () => {
    await folder.write('a.md', 'lamp');
    const knowledge = folder.open({ embeddings: { ...embeddings(), apiKey: { env: 'NOT_SET' } } });
    const failed = await folder.loggedBy(/^The embeddings endpoint/, () => knowledge.refresh());
    expect(failed.fields['reason']).toBe('the environment variable NOT_SET is needed and not set');
    expect(service.requests).toHaveLength(0);
  });

  test('a question that hangs costs its time limit only', async () => {
    await folder.write('a.md', 'lamp');
    await ready();
    const held = Promise.withResolvers<ServiceAnswer>();
    away = held.promise;
    const { summary } = await search('lamp');
    expect(summary).toBe('1 passage found (by words alone: the embeddings endpoint is away)');
    held.resolve({ body: {} });
    expect(inputs()).toEqual(['lamp', 'lamp']);
  });
});

test('rankings are put together by reciprocal rank', () => {
  const fused = fuseRankings([
    ['a', 'b', 'c'],
    ['c', 'd', 'b'],
  ]);
  expect(fused.map(({ item }) => item)).toEqual(['c', 'b', 'a', 'd']);
  expect(fused[0]?.score).toBeCloseTo(1 / 63 + 1 / 61);
});
