import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ApprovalDesk, approval, dataOf, look, proposals, refund } from '../support/approval-desk.ts';
import type { TestGateway } from '../support/gateway.ts';
import { text, toolCalls, type ScriptedCall } from '../support/model-replies.ts';
import { artifactText, textOf, type SeenTask } from '../support/run-events.ts';
import { talkers, to, type Talk } from '../support/sdk-talk.ts';

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

describe.each(talkers)('with the SDK client of $version over $transport', (talker) => {
  let talk: Talk;

  beforeAll(async () => {
    talk = await talker.connect(gateway, 'desk');
  });

  async function proposed(...calls: ScriptedCall[]): Promise<SeenTask> {
    desk.replies = [toolCalls(calls, 'One moment.'), text('All settled.')];
    const task = await talk([{ text: 'Refund it' }]);
    expect(task.state).toBe('input-required');
    return task;
  }

  test('a call is proposed, in words and as data, and not executed', async () => {
    expect(await desk.refunded(async () => await proposed(refund(7)))).toEqual([]);
    const task = await proposed(refund(7));
    expect(textOf(task.parts)).toContain('The agent wants to call refund with {"order":7}');
    expect(proposals(task)).toEqual([
      {
        proposal_id: expect.any(String),
        tool: 'refund',
        arguments: { order: 7 },
        step_id: expect.stringMatching(/^step-/),
        expires_at: expect.stringMatching(/Z$/),
        how: expect.any(Object),
      },
    ]);
    const types = task.parts.map(({ metadata }) => metadata?.['type']);
    expect(types.includes('APPROVAL_REQUIRED')).toBe(talker.showsMetadata);
  });

  test('approved by a data part it is executed once, and the conversation goes on where it stopped', async () => {
    const task = await proposed(refund(7));
    const asked = desk.model.requests.at(-1)?.body.messages ?? [];
    let done: SeenTask | undefined;
    const made = await desk.refunded(async () => (done = await talk([approval(task, 'approve')], to(task))));
    expect(made).toEqual(['{"order":7}']);
    expect(done).toMatchObject({ id: task.id, state: 'completed' });
    expect(done && artifactText(done)).toBe('One moment.\n\nAll settled.');
    const after = desk.model.requests.at(-1)?.body.messages ?? [];
    expect(after.slice(0, asked.length)).toEqual(asked);
    expect(after.slice(asked.length)).toMatchObject([
      { role: 'assistant', content: 'One moment.', tool_calls: [{ id: 'call_7' }] },
      { role: 'tool', tool_call_id: 'call_7', content: expect.stringContaining('done /refund') },
    ]);
  });

  test.each(['yes', 'Ja, bitte!', ' OK. '])('approved by %j', async (words) => {
    const task = await proposed(refund(7));
    expect(await desk.refunded(async () => await talk([{ text: words }], to(task)))).toHaveLength(1);
  });

  test.each<[string, Parameters<Talk>[0], string]>([
    ['a bare no', [{ text: 'Nein.' }], 'Error: Not executed: the user did not approve this call.'],
    [
      'anything else',
      [{ text: 'yes, but order 8' }],
      'Error: Not executed: the user did not approve this call. The user said: "yes, but order 8"',
    ],
  ])('denied by %s: the model is told', async (_name, parts, told) => {
    const task = await proposed(refund(7));
    expect(await desk.refunded(async () => await talk(parts, to(task)))).toEqual([]);
    expect(desk.toldResults()).toEqual([told]);
  });

  test('changed by the user it is executed with the new arguments, and the model is told', async () => {
    const task = await proposed(refund(7));
    const edit = approval(task, 'edit', { arguments: { order: 8, note: 'sorry' } });
    expect(await desk.refunded(async () => await talk([edit], to(task)))).toEqual([
      '{"order":8,"note":"sorry"}',
    ]);
    expect(desk.toldResults()[0]).toMatch(/^The user changed the arguments to {"order":8,"note":"sorry"}/);
  });

  test.each<[string, (task: SeenTask) => Parameters<Talk>[0], RegExp]>([
    ['arguments that do not fit', (task) => [approval(task, 'edit', { arguments: {} })], /order is required/],
    ['no arguments to an edit', (task) => [approval(task, 'edit')], /approval.arguments/],
    ['arguments beside an approval', (task) => [approval(task, 'approve', { arguments: {} })], /edit only/],
    ['an unknown decision', (task) => [approval(task, 'maybe')], /approval.decision must be/],
    [
      'an unknown proposal',
      () => [{ data: { approval: { proposal_id: randomUUID(), decision: 'approve' } } }],
      /names no proposal/,
    ],
    ['nothing', () => [{ text: ' ' }], /is left open/],
  ])('%s: refused, and the task still waits', async (_name, parts, reason) => {
    const task = await proposed(refund(7));
    const made = await desk.refunded(async () => {
      await expect(talk(parts(task), to(task))).rejects.toThrow(reason);
    });
    expect(made).toEqual([]);
    expect(await talk([{ text: 'yes' }], to(task))).toMatchObject({ state: 'completed' });
  });

  test('two proposals of one round are asked together; other calls of it are not held up', async () => {
    let task: SeenTask | undefined;
    const before = desk.service.requests.length;
    task = await proposed(refund(1), look, refund(2));
    expect(desk.service.requests.slice(before).map(({ path }) => path)).toEqual(['/look']);
    expect(proposals(task).map(({ arguments: { order } }) => order)).toEqual([1, 2]);
    const parts = [approval(task, 'deny', {}, 0), approval(task, 'approve', {}, 1)];
    await expect(talk(parts.slice(1), to(task))).rejects.toThrow(/is left open/);
    expect(await desk.refunded(async () => await talk(parts, to(task)))).toEqual(['{"order":2}']);
    expect(desk.toldResults()).toMatchObject([
      expect.stringMatching(/^Error: Not executed/),
      expect.stringMatching(/^done \/look/),
      expect.stringMatching(/^done \/refund/),
    ]);
  });

  test('the same answer sent again finds the same task, and nothing is executed twice', async () => {
    const task = await proposed(refund(7));
    const answer = { ...to(task), messageId: randomUUID() };
    const made = await desk.refunded(async () => {
      const both = [approval(task, 'approve')];
      const [first, second] = [await talk(both, answer), await talk(both, answer)];
      expect(second).toEqual(first);
      expect(first.state).toBe('completed');
    });
    expect(made).toHaveLength(1);
  });

  test('an answer that comes after the time is refused with a sentence, and nothing is executed', async () => {
    const task = await proposed(refund(7));
    desk.now = () => Date.now() + 61_000;
    let late: SeenTask | undefined;
    expect(
      await desk.refunded(async () => (late = await talk([approval(task, 'approve')], to(task)))),
    ).toEqual([]);
    expect(late?.state).toBe('failed');
    expect(textOf(late?.parts)).toMatch(/^The answer came too late: the proposal to call refund had expired/);
  });

  test('a second proposal of the same task needs a word of its own', async () => {
    desk.replies = [toolCalls([refund(1)]), toolCalls([refund(2)]), text('Done.')];
    const first = await talk([{ text: 'Refund both' }]);
    const second = await talk([{ text: 'yes' }], to(first));
    expect(second.state).toBe('input-required');
    await expect(talk([approval(first, 'approve')], to(second))).rejects.toThrow(/names no proposal/);
    expect(await desk.refunded(async () => await talk([{ text: 'yes' }], to(second)))).toEqual([
      '{"order":2}',
    ]);
  });

  test('a question is asked, with its choices, and the answer is its result', async () => {
    const choices = ['red', 'blue'];
    desk.replies = [
      toolCalls([{ name: 'ask', arguments: { text: 'Which colour?', choices }, id: 'call_ask' }]),
      text('Blue it is.'),
    ];
    const task = await talk([{ text: 'Paint it' }]);
    expect(task.state).toBe('input-required');
    expect(textOf(task.parts)).toContain('Which colour? (red | blue)');
    expect(dataOf(task, 'QUESTION')).toMatchObject([{ question: 'Which colour?', choices }]);
    const done = await talk([{ text: 'the blue one' }], to(task));
    expect(artifactText(done)).toBe('Blue it is.');
    expect(desk.toldResults()).toEqual(['the blue one']);
  });
});
