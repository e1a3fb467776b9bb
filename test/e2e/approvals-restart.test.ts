import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isAfter, type StoredEvent } from '../../src/runs/event.ts';
import { probeOf, type ProbeStep } from '../../src/runs/probe.ts';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';
import { ApprovalDesk, approval, look, proposals, refund } from '../support/approval-desk.ts';
import { adminKey, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls } from '../support/model-replies.ts';
import type { SeenTask } from '../support/run-events.ts';
import { talkers, to } from '../support/sdk-talk.ts';

let desk: ApprovalDesk;
let gateway: TestGateway;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-approvals-'));
  desk = await ApprovalDesk.open(dataDir);
  gateway = await desk.startGateway();
});

afterAll(async () => {
  await gateway.stop();
  await desk.close();
  await rm(dataDir, { recursive: true });
});

beforeEach(() => {
  desk.replies = [];
  desk.now = Date.now;
});

describe('a gateway that was restarted while the task waited', () => {
  test.each(talkers)(
    'goes on with the answer ($version over $transport), and its probe tells who gave it',
    async (talker) => {
      desk.replies = [toolCalls([refund(3), look]), text('Done.')];
      const talk = await talker.connect(gateway, 'desk');
      const task = await talk([{ text: 'Refund it' }]);
      await gateway.stop();
      gateway = await desk.startGateway();
      const again = await talker.connect(gateway, 'desk');
      let done: SeenTask | undefined;
      const made = await desk.refunded(
        async () => (done = await again([approval(task, 'approve')], to(task))),
      );
      expect(made).toEqual(['{"order":3}']);
      expect(done?.state).toBe('completed');
      expect(desk.toldResults()).toMatchObject([
        expect.stringMatching(/^done \/refund/),
        expect.stringMatching(/^done \/look/),
      ]);
      expect(gateway.logged()).toContain('A call that waited for its user was decided.');
      const steps = await probeSteps(task.id);
      const refunds = steps.filter(({ tool }) => tool === 'refund');
      expect(refunds).toMatchObject([
        { type: 'planning', status: 'completed', summary: 'waits for the user', arguments: { order: 3 } },
        {
          type: 'tool_execution',
          status: 'completed',
          approval: {
            proposalId: proposals(task)[0]?.proposal_id,
            decision: 'approve',
            by: expect.any(String),
            at: expect.stringMatching(/Z$/),
          },
        },
      ]);
    },
  );
});

/** All steps of the run's probe, in one list; the gateway is another one afterwards. */
async function probeSteps(runId: string): Promise<ProbeStep[]> {
  await gateway.stop();
  const store = await openSqliteStore(dataDir);
  try {
    const run = await store.runs.load(runId);
    if (!run) throw new Error('The run is stored.');
    const events: StoredEvent[] = [];
    // A reading ends where the run waited.
    while (!events.at(-1) || isAfter(run.snapshot, events.at(-1) as StoredEvent)) {
      const from = events.at(-1) ?? { attempt: 0, sequence: 0 };
      for await (const batch of store.runs.follow(runId, from)) events.push(...batch);
    }
    const flat = (steps: ProbeStep[] = []): ProbeStep[] =>
      steps.flatMap((step) => [step, ...flat(step.steps)]);
    return flat(probeOf(run, events, true).steps);
  } finally {
    await store.close();
    gateway = await desk.startGateway();
  }
}

test('the legacy answer cannot wait: 409, and nothing is executed', async () => {
  desk.replies = [toolCalls([refund(9), look])];
  const before = desk.service.requests.length;
  const response = await fetch(`${gateway.url}/api/v1/agents/desk/answer?userText=Refund`, {
    method: 'POST',
    headers: { Authorization: `SSWS ${adminKey}`, 'Content-Type': 'application/json' },
    body: '{}',
  });
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({
    error: { code: 'approval_required', message: expect.stringContaining('The tool refund waits') },
  });
  expect(desk.service.requests).toHaveLength(before);
});
