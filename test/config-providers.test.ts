import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../src/config.ts';
import type { Environment } from '../src/config.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function failure(env: Environment): ConfigError {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('providers', () => {
  test('OPENAI_API_KEY alone is a provider, the default one', () => {
    expect(readConfig({ OPENAI_API_KEY: 'sk-test' }).llmProviders).toEqual([
      {
        id: 'openai',
        name: 'OpenAI',
        baseUrl: 'https://api.openai.com/v1',
        apiKey: 'sk-test',
        model: 'gpt-4.1',
        default: true,
        images: true,
        timeoutSeconds: 60,
        maxConcurrency: 128,
      },
    ]);
  });

  test('OPENAI_BASE_URL alone is a server without a key; a model alone is nothing', () => {
    const [local] = readConfig({
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1/',
      OPENAI_MODEL: 'small',
    }).llmProviders;
    // Of a model behind another address nothing is known.
    expect(local).toMatchObject({ baseUrl: 'http://127.0.0.1:1/v1', model: 'small', images: false });
    expect(local).not.toHaveProperty('apiKey');
    expect(readConfig({ OPENAI_MODEL: 'small' }).llmProviders).toEqual([]);
  });

  test('a file declares more of them and may name the default', () => {
    const path = file(
      'good.yaml',
      `
- {id: fast, name: Fast one, baseUrl: 'https://fast.example/v1', apiKey: {env: FAST_KEY}, model: f-1, default: true, images: true,
   price: {inputPerMillion: 0.5, outputPerMillion: 2}, timeoutSeconds: 5, maxConcurrency: 3}
- {id: local, baseUrl: 'http://127.0.0.1:11434/v1', model: l-1}
`,
    );
    const env = { LLM_PROVIDERS_FILE: path, FAST_KEY: 'fast-secret', OPENAI_API_KEY: 'sk-test' };
    const providers = readConfig(env).llmProviders;
    expect(providers.map(({ id, default: isDefault }) => [id, isDefault])).toEqual([
      ['openai', false],
      ['fast', true],
      ['local', false],
    ]);
    expect(providers[1]).toMatchObject({
      name: 'Fast one',
      apiKey: 'fast-secret',
      price: { inputPerMillion: 0.5, outputPerMillion: 2 },
      images: true,
      timeoutSeconds: 5,
      maxConcurrency: 3,
    });
    expect(providers[2]).toMatchObject({
      name: 'local',
      images: false,
      timeoutSeconds: 60,
      maxConcurrency: 128,
    });
  });

  test.each<[string, string, string]>([
    [
      'a literal key',
      '[{id: a, baseUrl: "https://a.example", model: m, apiKey: canary-secret}]',
      '/0/apiKey',
    ],
    [
      'a key as a name',
      '[{id: a, baseUrl: "https://a.example", model: m, apiKey: {env: canary-x}}]',
      '/0/apiKey/env',
    ],
    [
      'a variable not set',
      '[{id: a, baseUrl: "https://a.example", model: m, apiKey: {env: CANARY}}]',
      '/0/apiKey/env',
    ],
    ['an unknown field', '[{id: a, baseUrl: "https://a.example", model: m, modle: x}]', '(modle)'],
    ['a missing field', '[{id: a, baseUrl: "https://a.example"}]', "/0 must have required property 'model'"],
    ['a bad URL', '[{id: a, baseUrl: "https://u:canary@a.example", model: m}]', '/0/baseUrl'],
    [
      'the same id twice',
      '[{id: a, baseUrl: "http://a", model: m}, {id: a, baseUrl: "http://a", model: m}]',
      '/1/id',
    ],
    ['the id openai', '[{id: openai, baseUrl: "http://a", model: m}]', '/0/id'],
    [
      'two defaults',
      '[{id: a, baseUrl: "http://a", model: m, default: true}, {id: b, baseUrl: "http://a", model: m, default: true}]',
      'at most one',
    ],
    ['no list', '{id: a}', 'the file must be array'],
    ['no YAML', '- id: a\n  apiKey: "canary\n- {', 'line'],
  ])('refuses %s, naming the file and the place', (name, content, place) => {
    const path = file(`${name}.yaml`, content);
    const error = failure({ LLM_PROVIDERS_FILE: path, OPENAI_API_KEY: 'sk-test' });
    expect(error.message).toContain(`LLM_PROVIDERS_FILE ${path}: `);
    expect(error.message).toContain(place);
    expect(error.message.toLowerCase()).not.toContain('canary');
  });

  test('refuses a file that is not there', () => {
    expect(failure({ LLM_PROVIDERS_FILE: '/missing.yaml' }).message).toContain(
      '/missing.yaml: cannot be read',
    );
  });
});
