import { afterEach, expect, test } from '@jest/globals';
import { readConfig } from '../src/config.ts';
import { announce } from '../src/main-announcement.ts';
import { agentFile, startGateway, type TestGateway } from './support/gateway.ts';

let gateway: TestGateway | undefined;

afterEach(async () => await gateway?.stop());

async function announced(env: Record<string, string> = {}): Promise<string> {
  const skill = { id: 'talk', name: 'Talk', description: 'Talks.', tags: ['test'], examples: ["What's up?"] };
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker', {}, { skills: [skill] }) },
    env,
  });
  return announce(readConfig(env), gateway);
}

test('says address, cards, models and a command for each version that any shell takes as it is', async () => {
  const text = await announced();
  expect(text).toContain(`a2a-gateway listens on ${gateway?.url}`);
  expect(text).toContain(`${gateway?.url}/a2a/talker/.well-known/agent-card.json`);
  expect(text).toContain('offline-extractive');
  expect(text).toContain('message/stream');
  expect(text).toContain('SendStreamingMessage');
  expect(text).toContain(`"text":"What'\\''s up?"`);
});

test('says where gRPC is, where it is on', async () => {
  const text = await announced({ GRPC_PORT: '0' });
  expect(gateway?.grpcAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(text).toContain(`listens on ${gateway?.url}, for gRPC on ${gateway?.grpcAddress}`);
});

test('warns of a default agent that nobody declares, and of callers without credentials', async () => {
  const text = await announced({ DEFAULT_AGENT: 'nobody', AUTH_ANONYMOUS: 'true' });
  expect(text).toContain('WARNING: DEFAULT_AGENT names nobody');
  expect(text).toContain('WARNING: AUTH_ANONYMOUS is on');
});
