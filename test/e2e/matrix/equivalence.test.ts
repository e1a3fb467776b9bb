import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { combinations, type Combination, type Driver } from './connect.ts';
import {
  saying,
  taskIn,
  wordsOf,
  type NeutralEvent,
  type NeutralPart,
  type NeutralTask,
  type Sending,
} from './neutral.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let clients: readonly Driver[];
let modules: readonly Driver[];
beforeAll(async () => {
  world = await openWorld();
  clients = await connectAll({});
  modules = await connectAll({ agentId: 'conformance' });
});
afterAll(async () => await world.close());

async function connectAll(options: object): Promise<Driver[]> {
  return await Promise.all(combinations.map(async (one) => await world.connect(one, options)));
}

function nameOf({ version, transport }: Combination): string {
  return `${version} over ${transport}`;
}

/** One client's calls after the other's: what each of them saw. */
async function seenByAll<T>(drivers: readonly Driver[], see: (client: Driver) => Promise<T>): Promise<T[]> {
  const seen: T[] = [];
  for (const driver of drivers) seen.push(await see(driver));
  return seen;
}

/** What is another in every task: ids and times become their names, equal ones the same. */
function withoutIdentity(value: unknown, task: Pick<NeutralTask, 'id' | 'contextId'>): unknown {
  const text = JSON.stringify(value)
    .replaceAll(task.id, 'the-task')
    .replaceAll(task.contextId, 'the-context')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a-time')
    .replaceAll(/"durationMs":[\d.]+/g, '"durationMs":0');
  return JSON.parse(text);
}

const image = 'image/png';

/** What there is to tell of a task: each message makes another kind. */
const messages: readonly [string, string][] = [
  ['completed', 'tck-complete-task'],
  ['rejected', 'tck-reject-task'],
  ['input-required', 'tck-input-required'],
  ['completed with a text', 'tck-artifact-text'],
  ['completed with a file', 'tck-artifact-file'],
  ["completed with a file's address", 'tck-artifact-file-url'],
  ['completed with data', 'tck-artifact-data'],
];

describe('BIND-EQUIV-002 one task', () => {
  test.each(messages)(
    'that is %s is the same for all six clients, whoever of them began it',
    async (_what, prefix) => {
      const bare: unknown[] = [];
      for (const beginner of modules) {
        const messageId = `${prefix}-${randomUUID()}`;
        const begun = taskIn(await beginner.send(saying('Hi', { messageId })));
        const seen = await seenByAll(modules, async (reader) => await reader.get(begun.id));
        expect(seen).toEqual(combinations.map(() => begun));
        bare.push(
          JSON.parse(JSON.stringify(withoutIdentity(begun, begun)).replaceAll(messageId, 'the-message')),
        );
      }
      expect(bare).toEqual(combinations.map(() => bare[0]));
    },
  );

  test.each<NeutralPart>([
    { text: 'ünï 🦄 \u2028 "quoted" \\ \t\n <b>&amp;</b> \u200f' },
    {
      data: {
        big: 2 ** 53 - 1,
        small: 1e-7,
        list: [1, [2, [], {}]],
        snake_case: { '': '', 'with space': false },
      },
    },
    {
      raw: Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte)).toString('base64'),
      mediaType: image,
    },
    { url: 'https://files.example/a%20b?x=1&y=ü#f', mediaType: image },
  ])('shows to all what one of them sent: %j', async (part) => {
    const drivers = await connectAll({ agentId: 'files' });
    const sent = [{ text: 'Look.' }, part];
    for (const sender of drivers) {
      const { id } = taskIn(await sender.send({ parts: sent }));
      const seen = await seenByAll(drivers, async (reader) => (await reader.get(id)).history[0]?.parts);
      expect(seen).toEqual(drivers.map(() => sent));
    }
  });

  test('goes on over any of them, and all see the same', async () => {
    for (const [index, beginner] of modules.entries()) {
      const answer = await beginner.send(
        saying('First.', { messageId: `tck-input-required-${randomUUID()}` }),
      );
      const { id } = taskIn(answer);
      for (const speaker of [...modules.slice(index), ...modules.slice(0, index)]) {
        await speaker.send(saying('More.', { messageId: `tck-input-required-${randomUUID()}`, taskId: id }));
      }
      const [first, ...others] = await seenByAll(modules, async (reader) => await reader.get(id));
      expect(first?.history).toHaveLength(2 * modules.length + 1);
      expect(others).toEqual(others.map(() => first));
    }
  });

  test('that one of them cancels is canceled for all', async () => {
    for (const [index, canceler] of clients.entries()) {
      const beginner = clients[(index + 1) % clients.length] as Driver;
      const { id } = taskIn(await beginner.send(saying('Hang', { immediately: true })));
      const canceled = await canceler.cancel(id);
      const seen = await seenByAll(clients, async (reader) => await reader.get(id));
      expect(seen.map(({ state, at }) => ({ state, at }))).toEqual(
        clients.map(() => ({ state: 'canceled', at: canceled.at })),
      );
    }
  });

  test('has the same push configs for all', async () => {
    // Not one character of it may count where it stands in a path or a resource name.
    const id = 'my/own: 1? ü%2f#';
    for (const [index, owner] of clients.entries()) {
      const taskId = taskIn(await owner.send(saying('Hi'))).id;
      const authentication = { scheme: 'Bearer', credentials: 'very-secret' };
      const config = { taskId, id, url: 'http://127.0.0.1:9/hook', token: 'token', authentication };
      await owner.createPush(config);
      const seen = await seenByAll(clients, async (reader) => [
        await reader.getPush(taskId, id),
        ...(await reader.listPush(taskId)),
      ]);
      expect(seen).toEqual(clients.map(() => [config, config]));
      await (clients[(index + 1) % clients.length] as Driver).deletePush(taskId, id);
      expect(await owner.listPush(taskId)).toEqual([]);
    }
  });

  test('stands in the same lists', async () => {
    const contextId = randomUUID();
    for (const client of clients) await client.send(saying('Hi', { contextId }));
    const listers = clients.filter(({ version }) => version === '1.0');
    const pages = await seenByAll(listers, async (lister) => {
      const page = await lister.list?.({ contextId, pageSize: 4, includeArtifacts: true });
      return [page, await lister.list?.({ contextId, pageSize: 4, pageToken: page?.nextPageToken ?? '' })];
    });
    expect(pages[0]?.map((page) => page?.tasks.length)).toEqual([4, 2]);
    expect(pages).toEqual(pages.map(() => pages[0]));
    expect(pages).toHaveLength(3);
  });
});

/** How often this happens is up to the clock: pieces of text join when they come at once. */
function joined(events: readonly NeutralEvent[]): NeutralEvent[] {
  return events.reduce<NeutralEvent[]>((all, event) => {
    const last = all.at(-1);
    if (!last || !('artifact' in last) || !('artifact' in event)) return [...all, event];
    const text = [last, event]
      .flatMap(({ artifact }) => artifact.parts)
      .map((part) => ('text' in part ? part.text : ''));
    return [...all.slice(0, -1), { artifact: { ...last.artifact, parts: [{ text: text.join('') }] } }];
  }, []);
}

describe('BIND-EQUIV-001 the same message', () => {
  const sendings: readonly [string, Sending][] = [
    ['text', saying('Hi')],
    ['data', { parts: [{ text: 'Hi' }, { data: { answer: 42, list: [1, 'two', { deep: true }] } }] }],
  ];
  test.each(sendings)('%s: streams the same over all six', async (_what, sending) => {
    const streams = await seenByAll(clients, async (client) => {
      const messageId = randomUUID();
      const events = joined(await Array.fromAsync(client.stream({ ...sending, messageId })));
      const [first] = events;
      if (!first || !('task' in first)) throw new Error('No task first.');
      return JSON.parse(
        JSON.stringify(withoutIdentity(events, first.task)).replaceAll(messageId, 'the-message'),
      ) as NeutralEvent[];
    });
    expect(wordsOf(streams[0] ?? [])).toEqual(['task', 'working', 'answer', 'working', 'completed']);
    for (const [index, stream] of streams.entries()) {
      expect({ of: nameOf(clients[index] as Driver), stream }).toEqual({
        of: nameOf(clients[index] as Driver),
        stream: streams[0],
      });
    }
  });
});

test('BIND-EQUIV-001 the same message sent again over the others is the same task', async () => {
  const sending: Sending = {
    parts: [{ text: 'Hi' }, { data: { answer: 42 } }],
    messageId: randomUUID(),
    contextId: randomUUID(),
  };
  const ids = await seenByAll(clients, async (client) => taskIn(await client.send(sending)).id);
  expect(new Set(ids).size).toBe(1);
});

interface Reader {
  events: NeutralEvent[];
  /** Reads to the end. */
  rest: () => Promise<void>;
}

/** Begins to read: the task has come. */
async function openReader(stream: AsyncGenerator<NeutralEvent, void, undefined>): Promise<Reader> {
  const events: NeutralEvent[] = [];
  const { value } = await stream.next();
  if (value) events.push(value);
  return {
    events,
    rest: async () => {
      for await (const event of stream) events.push(event);
    },
  };
}

describe('STREAM-ORDER-003 the same stream, read over three transports in both versions at once', () => {
  test.each(combinations)(
    'begun by $version over $transport: identical order and content',
    async (combination) => {
      const name = randomUUID();
      const beginner = clients.find(
        ({ version, transport }) => version === combination.version && transport === combination.transport,
      ) as Driver;
      const original = await openReader(beginner.stream(saying(`Tell ${name}`)));
      const [first] = original.events;
      if (!first || !('task' in first)) throw new Error('No task first.');
      const { id } = first.task;
      const readers = await Promise.all(
        clients.map(async (client) => await openReader(client.subscribe(id))),
      );
      world.gate(name).open();
      await Promise.all([original, ...readers].map(async ({ rest }) => await rest()));

      // Each reader came at a moment of its own: from its task on, it saw what the first one saw, to the last word.
      for (const [index, { events }] of readers.entries()) {
        const [snapshot, ...tail] = events;
        const of = nameOf(clients[index] as Driver);
        expect({ of, words: wordsOf(events)[0] }).toEqual({ of, words: 'task' });
        expect(tail.length).toBeGreaterThan(1);
        expect({ of, tail }).toEqual({ of, tail: original.events.slice(-tail.length) });
        const before = snapshot && 'task' in snapshot ? textIn([snapshot]) : '';
        expect({ of, text: before + textIn(tail) }).toEqual({ of, text: 'first half, second half' });
      }
      expect(textIn(original.events)).toBe('first half, second half');
      expect(wordsOf(original.events).at(-1)).toBe('completed');
      expect(wordsOf(original.events).filter((word) => word === 'completed')).toHaveLength(1);
    },
  );

  test('STREAM-ORDER-004 readers that leave do not change what the others see', async () => {
    const name = randomUUID();
    const [beginner] = clients as [Driver];
    const original = await openReader(beginner.stream(saying(`Tell ${name}`)));
    const id = original.events.map((event) => ('task' in event ? event.task.id : ''))[0] ?? '';
    const leaving = await Promise.all(
      clients.map(async (client) => {
        const stream = client.subscribe(id);
        await stream.next();
        return stream;
      }),
    );
    const staying = await Promise.all(clients.map(async (client) => await openReader(client.subscribe(id))));
    await Promise.all(leaving.map(async (stream) => await stream.return()));
    world.gate(name).open();
    await Promise.all([original, ...staying].map(async ({ rest }) => await rest()));
    for (const { events } of [original, ...staying]) {
      expect(textIn(events)).toBe('first half, second half');
      expect(wordsOf(events).at(-1)).toBe('completed');
    }
  });
});

function textIn(events: readonly NeutralEvent[]): string {
  const artifacts = events.flatMap((event) => {
    if ('task' in event) return event.task.artifacts;
    return 'artifact' in event ? [event.artifact] : [];
  });
  return artifacts
    .flatMap(({ parts }) => parts)
    .map((part) => ('text' in part ? part.text : ''))
    .join('');
}
