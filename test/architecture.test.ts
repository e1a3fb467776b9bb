import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { rules } from './support/architecture-rules.ts';
import { readSource, type SourceFile } from './support/source-file.ts';

const root = join(import.meta.dirname, '..');

function sourcesBelow(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => readSource(relative(root, file).replaceAll(sep, '/'), readFileSync(file, 'utf8')));
}

/** What the rule says about files that are given as path → text. */
function judge(rule: string, texts: Readonly<Record<string, string>>): string[] {
  const files = Object.entries(texts).map(([path, text]) => readSource(path, text));
  return rules[rule]?.(files) ?? [`There is no rule "${rule}"`];
}

describe('src/', () => {
  const files = sourcesBelow('src');

  test('is read', () => {
    expect(files.map(({ path }) => path)).toContain('src/runs/log.ts');
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(files.length / 2);
  });

  test.each(Object.keys(rules))('%s', (rule) => {
    expect(rules[rule]?.(files)).toEqual([]);
  });
});

test('no file of test/ is called after nothing', () => {
  expect(rules['every name says what is inside']?.(sourcesBelow('test'))).toEqual([]);
});

const broken: readonly [rule: string, texts: Record<string, string>, violations: string[]][] = [
  [
    'every file is in a known room',
    {
      'src/billing/price.ts': '',
      'src/server.ts': '',
      'src/app/mount.ts': '',
      'src/runs/log.ts': '',
      'src/app.ts': '',
      'src/config-providers.ts': '',
    },
    [
      'src/billing/price.ts: billing is not a room of src/',
      'src/server.ts: server is not a room of src/',
      'src/app/mount.ts: app is not a room of src/',
    ],
  ],
  [
    'no value import runs back',
    { 'src/telemetry/log.ts': `import { Problem } from '../http/problem.ts';` },
    ['src/telemetry/log.ts imports {Problem} from src/http/problem.ts: telemetry comes after http'],
  ],
  [
    'no value import runs back',
    { 'src/runs/engine.ts': `export { card, type Card } from '../a2a/card.ts';` },
    ['src/runs/engine.ts imports {card} from src/a2a/card.ts: runs comes after a2a'],
  ],
  [
    'no value import runs back',
    { 'src/a2a/card.ts': `export * from '../app.ts';`, 'src/llm/model.ts': `import '../runs/log.ts';` },
    [
      'src/a2a/card.ts imports {*} from src/app.ts: a2a comes after app',
      'src/llm/model.ts imports {*} from src/runs/log.ts: llm comes after runs',
    ],
  ],
  [
    'no value import runs back',
    { 'src/runs/engine.ts': `const load = () => import(\n  /* later */ '../gateway.ts');` },
    ['src/runs/engine.ts imports {*} from src/gateway.ts: runs comes after gateway'],
  ],
  [
    'no value import runs back',
    { 'src/stores/memory.ts': `import { FencedError, sortRuns as sort } from '../runs/log.ts';` },
    ['src/stores/memory.ts imports {FencedError, sortRuns} from src/runs/log.ts: stores comes after runs'],
  ],
  [
    'no value import runs back',
    { 'src/tools/tool.ts': `import { isAfter } from '../runs/event.ts';` },
    ['src/tools/tool.ts imports {isAfter} from src/runs/event.ts: tools comes after runs'],
  ],
  [
    'rooms of one level do not import each other in a circle',
    {
      'src/http/edge.ts': `import { may } from '../auth/may.ts';`,
      'src/auth/may.ts': `import { find } from '../agents/registry.ts';`,
      'src/agents/registry.ts': `class Registry { load() { return import('../http/problem.ts'); } }`,
    },
    [
      'http → auth → agents → http: src/http/edge.ts imports src/auth/may.ts; src/auth/may.ts imports src/agents/registry.ts; src/agents/registry.ts imports src/http/problem.ts',
    ],
  ],
  [
    'only gateway.ts names adapters',
    {
      'src/runs/engine.ts': `import type { SqliteLog } from '../stores/sqlite/log.ts';`,
      'src/agents/registry.ts': `import { openai } from '../llm/openai.ts'; import { search } from '../tools/knowledge/index.ts';`,
      'src/tools/tool.ts': `type Extractive = import('../llm/offline/extractive.ts').Extractive;`,
    },
    [
      'src/runs/engine.ts names the adapter src/stores/sqlite/log.ts',
      'src/agents/registry.ts names the adapter src/llm/openai.ts',
      'src/agents/registry.ts names the adapter src/tools/knowledge/index.ts',
      'src/tools/tool.ts names the adapter src/llm/offline/extractive.ts',
    ],
  ],
  [
    'every import can be followed',
    {
      'src/agents/load.ts': `await import(file); await import(\`./\${kind}.ts\`);`,
      'src/app.ts': `import '../test/a.ts';`,
    },
    [
      'src/agents/load.ts imports something that only the running program knows',
      'src/agents/load.ts imports something that only the running program knows',
      'src/app.ts imports test/a.ts, which does not belong to src/',
    ],
  ],
  [
    'only programs touch the process',
    {
      'src/config.ts': `export const port = (env = process.env) => env.PORT;`,
      'src/auth/jwt.ts': `class Keys { private at() { return process?.hrtime(); } }`,
      'src/runs/lease.ts': `const { process } = globalThis;`,
      'src/runs/probe.ts': `globalThis['process'].exit();`,
      'src/tools/tool.ts': `import { env } from 'node:process';`,
      'src/main.ts': `process.exit();`,
    },
    ['src/config.ts', 'src/auth/jwt.ts', 'src/runs/lease.ts', 'src/runs/probe.ts', 'src/tools/tool.ts'].map(
      (path) => `${path} touches process`,
    ),
  ],
  [
    'no file is over 300 lines',
    { 'src/app.ts': '\n'.repeat(301), 'src/main.ts': '\n'.repeat(300) },
    ['src/app.ts has 301 lines'],
  ],
  [
    'the median file is at most 120 lines',
    { 'src/app.ts': '', 'src/main.ts': '\n'.repeat(121), 'src/gateway.ts': '\n'.repeat(200) },
    ['The median is 121 lines'],
  ],
  [
    'no any',
    { 'src/app.ts': `const a = b as any;`, 'src/main.ts': `function f(list: Map<string, any[]>) {}` },
    ['src/app.ts says any', 'src/main.ts says any'],
  ],
  [
    'no default export',
    {
      'src/app.ts': `export default function app() {}`,
      'src/main.ts': `const run = 1; export { run as default };`,
      'src/gateway.ts': `export { default } from 'express';`,
    },
    ['src/app.ts', 'src/main.ts', 'src/gateway.ts'].map((path) => `${path} has a default export`),
  ],
  [
    'every name says what is inside',
    {
      'src/http/utils.ts': '',
      'src/common/log.ts': '',
      'src/runs/test-helpers.ts': '',
      'src/runs/commons.ts': '',
    },
    ['src/http/utils.ts', 'src/common/log.ts', 'src/runs/test-helpers.ts'].map(
      (path) => `${path} could hold anything`,
    ),
  ],
];

describe('the rules can fail', () => {
  test.each(broken)('%s', (rule, texts, violations) => {
    expect(judge(rule, texts)).toEqual(violations);
  });

  test('each of them does above', () => {
    expect(new Set(broken.map(([rule]) => rule))).toEqual(new Set(Object.keys(rules)));
  });
});

describe('the rules let pass', () => {
  const sound: Readonly<Record<string, string>> = {
    'src/main.ts': `import { start } from './gateway.ts'; process.on('SIGTERM', start);`,
    'src/gateway.ts': `import { SqliteLog } from './stores/sqlite/log.ts'; import { readConfig } from './config.ts';`,
    'src/stores/sqlite/log.ts': [
      `import { FencedError, type RunLog } from '../../runs/log.ts';`,
      `import { isAfter, isTerminal } from '../../runs/event.ts';`,
      `import type { Config } from '../../config.ts';`,
      `import { open } from './open.ts';`,
    ].join('\n'),
    'src/llm/model.ts': `import { type Config } from '../config.ts'; export type { Card } from '../a2a/card.ts';`,
    'src/auth/may.ts': `import type { find } from '../agents/registry.ts';`,
    'src/agents/registry.ts': `import { may } from '../auth/may.ts'; const grpc = () => import('@grpc/grpc-js');`,
    'src/runs/engine.ts': [
      `// import { a } from '../stores/memory.ts'; export default process.env as any;`,
      `/* import('../gateway.ts') */`,
      `const text = "import b from '../app.ts'; export default 1";`,
      "const more = `import '../app.ts'; process.exit() ${text} as any`;",
      `const pattern = /import '..\\/app.ts'|process.env/;`,
      `job.process(); const task = { process: 1, any: 2 }; type Env = NodeJS.ProcessEnv;`,
    ].join('\n'),
  };

  test.each(Object.keys(rules))('%s', (rule) => {
    expect(judge(rule, sound)).toEqual([]);
  });
});
