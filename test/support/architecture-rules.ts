import type { SourceFile, SourceImport } from './source-file.ts';

/** Looks at all of src/ and answers one sentence per violation. */
export type Rule = (files: readonly SourceFile[]) => string[];

/** From the process down: a value import goes to its own level or a later one. */
const levels: readonly (readonly string[])[] = [
  ['main'],
  ['gateway'],
  ['app', 'config'],
  ['a2a', 'rest', 'console'],
  ['http', 'auth', 'agents', 'runs'],
  ['llm', 'tools', 'stores'],
  ['telemetry'],
];

/** The rooms that are a file each, or a few (`config.ts`, `config-*.ts`, `gateway-*.ts`, `main-*.ts`); every other room is a folder. */
const fileRooms: ReadonlySet<string> = new Set(['main', 'gateway', 'app', 'config']);

interface Exception {
  from: string;
  to: string;
  /** Which of the other file's names. */
  names: RegExp;
  reason: string;
}

/** The value imports that may run back. Everything else that runs back is a type, or in the wrong place. */
export const backwardExceptions: readonly Exception[] = [
  {
    from: 'stores',
    to: 'src/runs/log.ts',
    names: /Error$/,
    reason: 'the port says which errors an adapter throws, and runs tell them apart by class',
  },
  {
    from: 'stores',
    to: 'src/runs/event.ts',
    names: /^[a-z]/,
    reason: 'pure functions: which event comes after which, and which state is terminal',
  },
  {
    from: 'stores',
    to: 'src/runs/snapshot.ts',
    names: /^[a-z]/,
    reason: 'pure functions: the snapshot is a fold of the log, for every store the same one',
  },
  {
    from: 'stores',
    to: 'src/runs/record.ts',
    names: /^[a-z]/,
    reason: 'pure functions: what of a recorded request a later run of the conversation remembers',
  },
  {
    from: 'stores',
    to: 'src/runs/notable.ts',
    names: /^[a-z]/,
    reason: 'pure functions: which events are pushed, for every store the same ones',
  },
  {
    from: 'stores',
    to: 'src/runs/feed.ts',
    names: /^\w/,
    reason: 'how live readers are handed events belongs to runs and is the same in every store',
  },
];

/** What only the composition root may name: the rest of the program knows the ports. */
const adapters: readonly RegExp[] = [
  /^src\/stores\//,
  /^src\/llm\/(openai|offline)[./-]/,
  /^src\/tools\/(knowledge|http|openapi|mcp|sql|agent|command)[./-]/,
];

/** Whose business it is to load a file that the configuration names. */
const loadsCodeOfOperators: ReadonlySet<string> = new Set(['src/agents/module-agent.ts']);

/** The programs that run as processes of their own. */
const programs: ReadonlySet<string> = new Set([
  'src/main.ts',
  'src/tools/sql/sqlite/child.ts',
  'src/tools/sql/sqlite/child-watch.ts',
]);

const maxLines = 300;
const maxMedianLines = 120;
const emptyWords = /(^|[/.-])(utils?|helpers?|common|misc)(?=[/.-])/;

/** Each rule under the sentence that it checks. */
export const rules: Readonly<Record<string, Rule>> = {
  'every file is in a known room': (files) =>
    files
      .filter(({ path }) => levelOf(path) === undefined)
      .map(({ path }) => `${path}: ${roomOf(path)} is not a room of src/`),

  'no value import runs back': (files) =>
    eachImport(files, (file, taken) => {
      if (taken.typeOnly || taken.target === undefined || isExcepted(file, taken)) return undefined;
      const [from, to] = [levelOf(file.path), levelOf(taken.target)];
      if (from === undefined || to === undefined || to >= from) return undefined;
      return `${file.path} imports {${taken.names.join(', ')}} from ${taken.target}: ${roomOf(file.path)} comes after ${roomOf(taken.target)}`;
    }),

  'rooms of one level do not import each other in a circle': circles,

  'only gateway.ts names adapters': (files) =>
    eachImport(files, ({ path }, { target }) => {
      if (target === undefined || !adapters.some((adapter) => adapter.test(target))) return undefined;
      if (roomOf(path) === 'gateway' || roomOf(path) === roomOf(target)) return undefined;
      return `${path} names the adapter ${target}`;
    }),

  'every import can be followed': (files) =>
    eachImport(files, ({ path }, { specifier, target }) => {
      if (specifier === undefined) {
        return loadsCodeOfOperators.has(path)
          ? undefined
          : `${path} imports something that only the running program knows`;
      }
      const inside = target === undefined || target.startsWith('src/') || target === 'package.json';
      return inside ? undefined : `${path} imports ${target}, which does not belong to src/`;
    }),

  'only programs touch the process': (files) =>
    files
      .filter(({ path, touchesProcess }) => touchesProcess && !programs.has(path))
      .map(({ path }) => `${path} touches process`),

  'no file is over 300 lines': (files) =>
    files.filter(({ lines }) => lines > maxLines).map(({ path, lines }) => `${path} has ${lines} lines`),

  'the median file is at most 120 lines': (files) => {
    const sorted = files.map(({ lines }) => lines).sort((one, other) => one - other);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return median > maxMedianLines ? [`The median is ${median} lines`] : [];
  },

  'no any': (files) => files.filter(({ usesAny }) => usesAny).map(({ path }) => `${path} says any`),

  'no default export': (files) =>
    files
      .filter(({ hasDefaultExport }) => hasDefaultExport)
      .map(({ path }) => `${path} has a default export`),

  'every name says what is inside': (files) =>
    files.filter(({ path }) => emptyWords.test(path)).map(({ path }) => `${path} could hold anything`),
};

/** `src/runs/log.ts` is in the room `runs`, `src/app.ts` is the room `app`. */
function roomOf(path: string): string {
  const name = path.replace(/^src\//, '').replace(/(\/.*|\.ts)$/, '');
  return /^(config|gateway|main)-/.exec(name)?.[1] ?? name;
}

/** Undefined: no room of src/, for instance a folder that is called like a room of files. */
function levelOf(path: string): number | undefined {
  const room = roomOf(path);
  const isFile = /^src\/[^/]+$/.test(path);
  const level = levels.findIndex((rooms) => rooms.includes(room));
  return level >= 0 && path.startsWith('src/') && isFile === fileRooms.has(room) ? level : undefined;
}

function eachImport(
  files: readonly SourceFile[],
  judge: (file: SourceFile, taken: SourceImport) => string | undefined,
): string[] {
  return files.flatMap((file) => file.imports.flatMap((taken) => judge(file, taken) ?? []));
}

function isExcepted(file: SourceFile, taken: SourceImport): boolean {
  return backwardExceptions.some(
    ({ from, to, names }) =>
      roomOf(file.path) === from && taken.target === to && taken.names.every((name) => names.test(name)),
  );
}

/** One sentence per circle of rooms, with one import for each step of it. */
function circles(files: readonly SourceFile[]): string[] {
  const steps = neighbours(files);
  const found = new Map<string, string>();
  const follow = (room: string, trail: readonly string[]): void => {
    const start = trail.indexOf(room);
    if (start >= 0) {
      const circle = trail.slice(start);
      const imports = circle.map((from, index) => steps.get(from)?.get(circle[index + 1] ?? room));
      const key = circle.toSorted().join();
      if (!found.has(key)) found.set(key, `${[...circle, room].join(' → ')}: ${imports.join('; ')}`);
      return;
    }
    for (const next of steps.get(room)?.keys() ?? []) follow(next, [...trail, room]);
  };
  for (const room of steps.keys()) follow(room, []);
  return [...found.values()];
}

/** Room → room of the same level that it takes values from → the import that does it. */
function neighbours(files: readonly SourceFile[]): Map<string, Map<string, string>> {
  const steps = new Map<string, Map<string, string>>();
  for (const { path, imports } of files) {
    for (const { target, typeOnly } of imports) {
      if (typeOnly || target === undefined || levelOf(target) === undefined) continue;
      const [from, to] = [roomOf(path), roomOf(target)];
      if (from === to || levelOf(path) !== levelOf(target)) continue;
      steps.set(from, (steps.get(from) ?? new Map<string, string>()).set(to, `${path} imports ${target}`));
    }
  }
  return steps;
}
