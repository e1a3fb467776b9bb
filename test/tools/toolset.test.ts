import { afterAll, describe, expect, test } from '@jest/globals';
import type { HttpToolDefinition } from '../../src/agents/tool-types/http.ts';
import { EgressGuard } from '../../src/tools/egress/egress-guard.ts';
import { KnowledgeLibrary } from '../../src/tools/knowledge/knowledge-library.ts';
import { DataSources } from '../../src/tools/sql/data-sources.ts';
import { createToolSources } from '../../src/tools/toolset.ts';
import { warningsTo } from '../support/warnings.ts';

const guard = new EgressGuard({ allow: [] });
const log = warningsTo([]);
const data = { databases: new DataSources([], log), dataPermissions: {}, queryTimeoutSeconds: 5 };
const knowledge = new KnowledgeLibrary({ log, env: {}, guard });
const delegation = {
  describe: (agentId: string) => `Asks ${agentId}.`,
  delegate: async () => ({ text: 'answered' }),
};
const shared = { env: {}, guard, log, knowledge, delegation, ...data };
const deps = { ...shared, ownAddress: () => 'http://127.0.0.1:1', mcpCommandsAllow: [] };
const refund: HttpToolDefinition = {
  name: 'refund',
  type: 'http',
  method: 'POST',
  url: '/refunds',
  parameters: { type: 'object' },
  headers: {},
};

afterAll(() => guard.close());

describe('createToolSources', () => {
  test('makes each tool of its type, in order, without reading anything yet', async () => {
    const sources = createToolSources(
      [refund, { name: 'search', type: 'knowledge', source: '/nowhere/policies', topK: 5 }],
      deps,
    );
    const tools = await Promise.all(sources.map((source) => source.tools(new AbortController().signal)));
    expect(
      tools.flat().map(({ name, description, sideEffects }) => ({ name, description, sideEffects })),
    ).toEqual([
      { name: 'refund', description: 'Sends a POST request to /refunds.', sideEffects: true },
      { name: 'search', description: 'Searches the documents in policies.', sideEffects: false },
    ]);
  });

  test('a tool has the terms of its declaration, whatever its type', async () => {
    const [source] = createToolSources(
      [{ ...refund, timeoutSeconds: 3, approval: 'required', agentic: true, priceUsd: 0.5 }],
      deps,
    );
    const [tool] = (await source?.tools(new AbortController().signal)) ?? [];
    expect(tool).toMatchObject({ name: 'refund', needsApproval: true, agentic: true, priceUsd: 0.5 });
    expect(tool).toMatchObject({ timeoutSeconds: 3, sideEffects: true, parameters: { type: 'object' } });
    expect(tool?.validate(1)).not.toEqual([]);
  });

  test('names the tool whose parameters are no schema', () => {
    const broken = { ...refund, parameters: { type: 'nonsense' } };
    expect(() => createToolSources([broken], deps)).toThrow(
      /^The tool refund cannot be made: schema is invalid/,
    );
  });
});
