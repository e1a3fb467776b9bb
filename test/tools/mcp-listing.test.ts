import { describe, expect, test } from '@jest/globals';
import type { Tool as ListedTool } from '@modelcontextprotocol/client';
import type { McpToolDefinition } from '../../src/agents/tool-types/mcp.ts';
import { isAllowedCommand } from '../../src/tools/allowed-commands.ts';
import { offeredTools, toolNames } from '../../src/tools/mcp/listing.ts';

const definition: McpToolDefinition = {
  name: 'box',
  type: 'mcp',
  server: { url: 'https://mcp.example/', headers: {} },
  sideEffects: true,
  sideEffectsDeclared: false,
};

const readers = { warn: () => undefined, mask: (text: string) => text };

function listed(fields: Partial<ListedTool>): ListedTool {
  return { name: 'one', inputSchema: { type: 'object' }, ...fields };
}

function warningsOf(tools: ListedTool[], changes: Partial<McpToolDefinition> = {}): string[] {
  const warnings: string[] = [];
  offeredTools({ ...definition, ...changes }, tools, { ...readers, warn: (reason) => warnings.push(reason) });
  return warnings;
}

describe('names', () => {
  test.each([
    [
      ['read_file', 'get-env'],
      ['box_read_file', 'box_get-env'],
    ],
    [
      ['a.b', 'ü'],
      ['box_a_b', 'box__'],
    ],
    [
      ['a.b', 'a_b', 'a/b'],
      ['box_a_b_2e7336dc', 'box_a_b', 'box_a_b_c14cddc0'],
    ],
  ])('of %j are %j', (names, expected) => {
    expect([...toolNames('box', names).values()]).toEqual(expected);
    expect([...toolNames('box', names.toReversed()).values()]).toEqual(expected.toReversed());
  });

  test('fit, and stay apart, however long they are', () => {
    const long = ['x'.repeat(80), `${'x'.repeat(80)}y`];
    const names = [...toolNames('box', long).values()];
    expect(names.map((name) => name.length)).toEqual([64, 64]);
    expect(new Set(names).size).toBe(2);
  });
});

describe('what is offered', () => {
  test.each([
    [undefined, true],
    [{ readOnlyHint: true }, false],
    [{ readOnlyHint: false, destructiveHint: false }, true],
    [{ readOnlyHint: true, destructiveHint: true }, true],
  ])('with the hints %j changes something: %s', (annotations, sideEffects) => {
    const tool = listed(annotations ? { annotations } : {});
    expect(offeredTools(definition, [tool], readers)[0]?.sideEffects).toBe(sideEffects);
  });

  test('says what the declaration and the server say of it, cut to size', () => {
    const tool = listed({ description: 'd'.repeat(5000) });
    const [offered] = offeredTools({ ...definition, description: 'Our box.' }, [tool], readers);
    expect(offered?.description).toMatch(/^Our box\. d+$/);
    expect(offered?.description).toHaveLength(1024);
  });

  test('is masked before it is cut, and so are its parameters', () => {
    const secret = 'canary-4711';
    const mask = (text: string): string => text.replaceAll(secret, '***');
    const inputSchema = {
      type: 'object' as const,
      properties: { a: { type: 'string', default: secret, enum: [secret, 'b'] }, [secret]: {} },
    };
    const tool = listed({ description: `${'d'.repeat(1018)}${secret}`, inputSchema });
    const [offered] = offeredTools(definition, [tool], { ...readers, mask });
    expect(offered?.description).toBe(`${'d'.repeat(1018)}***`);
    expect(offered?.parameters['properties']).toEqual({
      a: { type: 'string', default: '***', enum: ['***', 'b'] },
      '***': {},
    });
    const warnings: string[] = [];
    const warn = (reason: string): void => void warnings.push(reason);
    const name = `${'n'.repeat(123)}${secret}`;
    offeredTools(definition, [listed({ name, execution: { taskSupport: 'required' } })], { warn, mask });
    expect(warnings).toEqual([`Its tool "${'n'.repeat(123)}***" is left out: it runs as a task only`]);
  });

  test('is not what could not be called', () => {
    const task = listed({ execution: { taskSupport: 'required' } });
    const properties = { big: { type: 'string', description: 'x'.repeat(60_000) } };
    expect(warningsOf([task])).toEqual(['Its tool "one" is left out: it runs as a task only']);
    expect(warningsOf([listed({ inputSchema: { type: 'object', properties } })])).toEqual([
      'Its tool "one" is left out: its input schema is too large',
    ]);
    const reference = {
      type: 'object' as const,
      properties: { a: { $ref: 'https://other.example/a.json' } },
    };
    expect(warningsOf([listed({ inputSchema: reference })])).toEqual([
      expect.stringContaining("can't resolve reference"),
    ]);
  });

  test('is bounded in number', () => {
    const many = Array.from({ length: 200 }, (_, index) => listed({ name: `tool-${index}` }));
    expect(offeredTools(definition, many, readers)).toHaveLength(128);
    expect(warningsOf(many)).toEqual(['It has 200 tools; the first 128 are offered.']);
    expect(warningsOf(many, { tools: ['tool-199'] })).toEqual([]);
  });
});

describe('allowed commands', () => {
  test.each([
    ['npx', ['npx', '-y', 'anything'], true],
    ['npx -y @scope/server', ['npx', '-y', '@scope/server', '/data'], true],
    ['npx -y @scope/server', ['npx', '-y', '@scope/server-evil'], false],
    ['npx  -y', ['npx', '-y'], true],
    ['npx -y', ['npx'], false],
    ['npx', ['/tmp/npx'], false],
    ['/usr/bin/foo', ['foo'], false],
    ['', ['npx'], false],
  ])('%j and %j: %s', (entry, command, allowed) => {
    expect(isAllowedCommand(command, [entry])).toBe(allowed);
  });
});
