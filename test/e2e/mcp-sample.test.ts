import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { expectWhole, readEvents, stepsOf, streamedText, type SeenEvent } from '../support/run-events.ts';

const samples = join(import.meta.dirname, '../../agent-cards/samples');
const allowed = 'node node_modules/@modelcontextprotocol/server-filesystem/dist/index.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({
    files: {},
    env: { AGENT_CARDS_DIR: samples, MCP_COMMANDS_ALLOW: allowed },
  });
});

afterAll(async () => await gateway.stop());

async function stream(words: string): Promise<SeenEvent[]> {
  const body = rpc('SendStreamingMessage', v1Text(words));
  const response = await post(gateway.url, 'mcp-files', body, { headers: { 'A2A-Version': '1.0' } });
  const events = await readEvents(response);
  expectWhole(events);
  return events;
}

describe('the sample over server-filesystem, offline', () => {
  test('loads without a word of complaint', () => {
    expect(gateway.agents.list().map(({ id }) => id)).toEqual(['mcp-files']);
    expect(gateway.logged()).not.toMatch(/"level":"(error|warn)"/);
  });

  test('reads a file of the guide and quotes what it says', async () => {
    const events = await stream('What does streaming-and-resuming.md say about Last-Event-ID?');
    expect(streamedText(events)).toMatch(/Last-Event-ID.*\(streaming-and-resuming\.md\)/);
    expect(stepsOf(events).flatMap(({ tool }) => tool ?? [])).toContain('guide_read_text_file');
  });

  test('lists the files', async () => {
    expect(streamedText(await stream('Which files are there?'))).toContain('[FILE] mcp.md');
  });

  test.each(['../order-desk.yaml', '../../package.json'])('does not read %s', async (path) => {
    expect(streamedText(await stream(`Read the file ${path}`))).toMatch(/Error: Access denied/);
  });

  test('its own examples find something', async () => {
    const [skill] = gateway.agents.get('mcp-files')?.definition.card.skills ?? [];
    expect(skill?.examples?.length).toBeGreaterThan(0);
    for (const example of skill?.examples ?? []) {
      expect(streamedText(await stream(example))).toMatch(/^From the documentation:\n- .*\.md\)/);
    }
  });
});

test('where the command is not allowed, the agent is reported with what to set', async () => {
  const strict = await startGateway({ files: {}, env: { AGENT_CARDS_DIR: samples } });
  expect(strict.agents.list()).toEqual([]);
  expect(strict.logged()).toMatch(/mcp-files\.yaml:\d+ execution\.tools\[0\]\.command .*MCP_COMMANDS_ALLOW/);
  await strict.stop();
});
