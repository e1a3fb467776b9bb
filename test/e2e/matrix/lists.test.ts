import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { combinations, type Driver } from './connect.ts';
import { saying, taskIn, type Listing, type NeutralPage } from './neutral.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const listing = combinations.filter(({ version }) => version === '1.0');

describe.each(listing)('lists in A2A $version over $transport', (combination) => {
  let client: Driver;
  let contextId: string;
  let sent: string[];

  beforeEach(async () => {
    client = await world.connect(combination, { agentId: 'conformance' });
    contextId = randomUUID();
    sent = [];
    for (const prefix of ['tck-input-required', ...Array<string>(4).fill('tck-artifact-text')]) {
      sent.push(await send(client, prefix));
    }
  });

  async function send(sender: Driver, prefix: string, taskId?: string): Promise<string> {
    const messageId = `${prefix}-${randomUUID()}`;
    const more = { messageId, contextId, ...(taskId !== undefined && { taskId }) };
    return taskIn(await sender.send(saying('Hi', more))).id;
  }

  async function list(more: Listing = {}, lister = client): Promise<NeutralPage> {
    const page = await lister.list?.({ contextId, ...more });
    if (!page) throw new Error('A client that lists was expected.');
    return page;
  }

  test('newest status first; a task that goes on comes to the front', async () => {
    expect((await list()).tasks.map(({ id }) => id)).toEqual(sent.toReversed());
    const [first = ''] = sent;
    await send(client, 'tck-input-required', first);
    const { tasks } = await list();
    expect(tasks.map(({ id }) => id)).toEqual([first, ...sent.slice(1).toReversed()]);
    const times = tasks.map(({ at }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((one, other) => other - one));
  });

  test('page by page from a cursor, which new tasks do not move; the last token is empty', async () => {
    const whole = (await list()).tasks.map(({ id }) => id);
    const first = await list({ pageSize: 2 });
    expect(first.totalSize).toBe(5);
    await send(await world.connect(combination, { agentId: 'conformance' }), 'tck-complete-task');
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await list({ pageSize: 2, pageToken: second.nextPageToken });
    expect([first, second, third].flatMap(({ tasks }) => tasks.map(({ id }) => id))).toEqual(whole);
    expect([first, second].map(({ nextPageToken }) => nextPageToken !== '')).toEqual([true, true]);
    expect(third.nextPageToken).toBe('');
  });

  test('by state and by time', async () => {
    const { tasks } = await list();
    const waiting = await list({ state: 'input-required' });
    expect(waiting.tasks.map(({ id }) => id)).toEqual(sent.slice(0, 1));
    expect((await list({ state: 'completed' })).totalSize).toBe(4);
    const since = tasks[1]?.at ?? '';
    const recent = tasks.filter(({ at }) => at >= since).map(({ id }) => id);
    expect((await list({ since })).tasks.map(({ id }) => id)).toEqual(recent);
    expect((await list({ since: '2999-01-01T00:00:00Z' })).tasks).toEqual([]);
  });

  test('artifacts and history as far as they were asked for', async () => {
    const withArtifacts = (page: NeutralPage): number =>
      page.tasks.filter(({ artifacts }) => artifacts.length).length;
    await send(client, 'tck-input-required', sent[0]);
    expect(withArtifacts(await list())).toBe(0);
    expect(withArtifacts(await list({ includeArtifacts: false }))).toBe(0);
    expect(withArtifacts(await list({ includeArtifacts: true }))).toBe(4);
    const lengths = (page: NeutralPage): number =>
      Math.max(...page.tasks.map(({ history }) => history.length));
    expect(lengths(await list({ historyLength: 0 }))).toBe(0);
    expect(lengths(await list({ historyLength: 1 }))).toBe(1);
    expect(lengths(await list({ historyLength: 100 }))).toBe(3);
  });

  test("the caller's own tasks at this agent, and no others", async () => {
    const bob = await world.connect(combination, { agentId: 'conformance', key: world.keys.bob });
    const elsewhere = await world.connect(combination, { agentId: 'talker' });
    for (const lister of [bob, elsewhere])
      expect(await list({}, lister)).toMatchObject({ tasks: [], totalSize: 0 });
    const his = await send(bob, 'tck-complete-task');
    expect((await list({}, bob)).tasks.map(({ id }) => id)).toEqual([his]);
    expect((await list()).tasks.map(({ id }) => id)).not.toContain(his);
  });
});
