import { describe, expect, test } from '@jest/globals';
import { DirectTools, type DirectCall } from '../../../src/agents/direct/direct-tools.ts';
import type { AgentRevision, ContextVariable } from '../../../src/agents/definition.ts';
import type { Principal } from '../../../src/auth/principal.ts';
import type { OwnTool } from '../../../src/tools/gateway/own-tool.ts';
import { ToolError } from '../../../src/tools/tool.ts';
import type { ToolSource } from '../../../src/tools/tool-source.ts';
import { agentRevision } from '../../a2a/agent-revision.ts';
import { recordingLog } from '../../http/local-server.ts';
import { ScriptedTool } from '../../support/scripted-tool.ts';

const user: Principal = {
  userId: 'ann',
  role: 'user',
  kind: 'jwt',
  assignedAgents: new Set(),
  claims: { tid: 'north' },
  anonymousAllowed: false,
};

interface Fixture {
  sources?: ToolSource[];
  own?: OwnTool[];
  contextVariables?: ContextVariable[];
  maxResultCharacters?: number;
}

/** One agent, `desk`, whose tools are these. */
function directTools({ sources = [], own = [], contextVariables = [], maxResultCharacters = 50 }: Fixture) {
  const plain = agentRevision({ execution: { contextVariables } });
  const { execution } = plain.definition;
  const limits = { ...execution.limits, toolTimeoutSeconds: 0.2, maxResultCharacters };
  const agent: AgentRevision = {
    ...plain,
    id: 'desk',
    definition: { ...plain.definition, execution: { ...execution, limits } },
  };
  const log = recordingLog();
  const invoker = { find: () => agent, visible: () => [agent] };
  return { tools: new DirectTools({ invoker, sourcesOf: () => sources, own, log }), log };
}

function call(name: string, changes: Partial<DirectCall> = {}): DirectCall {
  const { signal } = new AbortController();
  return { name, arguments: {}, provided: {}, signal, requestId: 'request-1', ...changes };
}

function failing(name: string, error: unknown): ToolSource {
  return { name, tools: async () => await Promise.reject(error) };
}

const variable = { schema: { type: 'string' }, required: false, source: 'request', secret: false } as const;

describe('execute', () => {
  test('gives the tool its arguments, the context values and the caller', async () => {
    const tool = new ScriptedTool('look');
    const contextVariables: ContextVariable[] = [
      { ...variable, name: 'token', secret: true },
      { ...variable, name: 'tenant', source: 'claim', claim: 'tid' },
    ];
    const { tools } = directTools({ sources: [tool], contextVariables });
    const given = call('desk.look', { arguments: { number: 1 }, provided: { token: 'secret' } });
    expect(await tools.execute(user, given)).toEqual({ text: 'done', success: true });
    expect(tool.calls[0]).toMatchObject({
      arguments: { number: 1 },
      context: { token: 'secret', tenant: 'north' },
      caller: { userId: 'ann', depth: 0 },
    });
    expect(tool.calls[0]?.caller).not.toHaveProperty('agentId');
  });

  test('gives the values to the source too, which may need them to connect', async () => {
    const asked: unknown[] = [];
    const source: ToolSource = {
      name: 'shop',
      tools: async (_signal, context) => (asked.push(context), [new ScriptedTool('shop_find')]),
    };
    const contextVariables = [{ ...variable, name: 'token', secret: true }];
    const { tools } = directTools({ sources: [source], contextVariables });
    await tools.execute(user, call('desk.shop_find', { provided: { token: 'secret' } }));
    expect(asked).toEqual([{ token: 'secret' }]);
  });

  test('a claim’s value is not the caller’s to give', async () => {
    const contextVariables: ContextVariable[] = [
      { ...variable, name: 'tenant', source: 'claim', claim: 'tid' },
    ];
    const { tools } = directTools({ sources: [new ScriptedTool('look')], contextVariables });
    const given = call('desk.look', { provided: { tenant: 'south' } });
    await expect(tools.execute(user, given)).rejects.toMatchObject({ reason: 'invalid_request' });
  });

  test('masks secrets in results and in errors, and cuts what is too long', async () => {
    const contextVariables = [{ ...variable, name: 'token', secret: true }];
    const provided = { token: 'canary-1' };
    const telling = new ScriptedTool('tell', () => `canary-1 ${'x'.repeat(100)}`);
    const failed = new ScriptedTool('fail', () => {
      throw new ToolError('The service said canary-1.');
    });
    const { tools } = directTools({ sources: [telling, failed], contextVariables });
    const told = await tools.execute(user, call('desk.tell', { provided }));
    expect(told.text).toBe(`[redacted] ${'x'.repeat(39)}\n[cut: 61 more characters]`);
    expect(await tools.execute(user, call('desk.fail', { provided }))).toEqual({
      text: 'The service said [redacted].',
      success: false,
    });
  });

  test('what fails inside the gateway is told to the log, not to the caller', async () => {
    const broken = new ScriptedTool('break', () => {
      throw new TypeError('canary-1 is not a function');
    });
    const contextVariables = [{ ...variable, name: 'token', secret: true }];
    const { tools, log } = directTools({ sources: [broken], contextVariables });
    const result = await tools.execute(user, call('desk.break', { provided: { token: 'canary-1' } }));
    expect(result).toEqual({ text: 'The tool failed inside the gateway.', success: false });
    expect(log.entries.map(({ level, fields }) => [level, fields])).toEqual([
      ['error', { tool: 'desk.break', reason: 'TypeError: [redacted] is not a function' }],
      ['info', expect.objectContaining({ tool: 'desk.break', user: 'ann', outcome: 'failed' })],
    ]);
  });

  test('arguments that do not fit and approvals stop a call before the tool', async () => {
    const picky = new ScriptedTool('pick');
    picky.problems = ['the arguments must be object', 'a.b is required', `${'n'.repeat(400)} is unknown`];
    const waiting = new ScriptedTool('wait', () => 'done', { needsApproval: true });
    const { tools, log } = directTools({ sources: [picky, waiting] });
    await expect(tools.execute(user, call('desk.pick'))).rejects.toMatchObject({
      reason: 'invalid_request',
      details: {
        fields: { arguments: 'must be object', 'a.b': 'is required', ['n'.repeat(300)]: 'does not fit' },
      },
    });
    await expect(tools.execute(user, call('desk.wait'))).rejects.toMatchObject({
      reason: 'approval_required',
    });
    expect([...picky.calls, ...waiting.calls, ...log.entries]).toEqual([]);
  });

  test('a question to the user is no tool of this door', async () => {
    const question = new ScriptedTool('ask_user', () => 'done', { asksUser: true });
    const { tools } = directTools({ sources: [question] });
    expect((await tools.list(user, call('').signal)).tools).toEqual([]);
    await expect(tools.execute(user, call('desk.ask_user'))).rejects.toMatchObject({ reason: 'not_found' });
  });

  test('a tool that takes too long has failed; a caller that left gets nothing', async () => {
    const hanging = new ScriptedTool('hang', async () => await Promise.withResolvers<string>().promise);
    const { tools, log } = directTools({ sources: [hanging] });
    const late = await tools.execute(user, call('desk.hang'));
    expect(late).toEqual({ text: 'The tool did not answer within 0.2 s.', success: false });
    const left = new AbortController();
    const running = tools.execute(user, call('desk.hang', { signal: left.signal }));
    left.abort();
    await expect(running).rejects.toBe(left.signal.reason);
    expect(log.entries.map(({ fields }) => fields['outcome'])).toEqual(['failed', 'canceled']);
  });

  test('only a source that may have the tool is asked', async () => {
    let asked = 0;
    const other: ToolSource = { name: 'other', tools: async () => ((asked += 1), []) };
    const shop: ToolSource = { name: 'shop', tools: async () => [new ScriptedTool('shop_find')] };
    const { tools } = directTools({ sources: [other, shop] });
    expect(await tools.execute(user, call('desk.shop_find'))).toMatchObject({ success: true });
    await expect(tools.execute(user, call('desk.shop_lose'))).rejects.toMatchObject({ reason: 'not_found' });
    expect(asked).toBe(0);
  });

  test('a source that does not answer is a failure with its reason', async () => {
    const { tools } = directTools({ sources: [failing('shop', new ToolError('The shop is closed.'))] });
    expect(await tools.execute(user, call('desk.shop_find'))).toEqual({
      text: 'The shop is closed.',
      success: false,
    });
  });
});

test('a source that fails hides no other', async () => {
  const failed = failing('shop', new ToolError('The shop is closed.'));
  const asked: string[] = [];
  const orders: ToolSource = {
    name: 'shop_orders',
    tools: async () => (asked.push('shop_orders'), [new ScriptedTool('shop_orders_find')]),
  };
  const { tools } = directTools({ sources: [failed, orders] });
  expect(await tools.execute(user, call('desk.shop_orders_find'))).toMatchObject({ success: true });
  expect(asked).toEqual(['shop_orders']);
  const { tools: turned } = directTools({
    sources: [failing('shop_orders', new ToolError('Away.')), { ...orders, name: 'shop' }],
  });
  expect(await turned.execute(user, call('desk.shop_orders_find'))).toMatchObject({ success: true });
});

test('of tools of one name the same is meant, and listed, as in a run', async () => {
  const generated = new ScriptedTool('pay_send');
  const pay: ToolSource = { name: 'pay', tools: async () => [generated] };
  const waiting = new ScriptedTool('pay_send', () => 'sent', { needsApproval: true });
  const { tools } = directTools({ sources: [pay, waiting] });
  await expect(tools.execute(user, call('desk.pay_send'))).rejects.toMatchObject({
    reason: 'approval_required',
  });
  expect((await tools.list(user, call('').signal)).tools.map(({ tool }) => tool)).toEqual([waiting]);
  const gone = directTools({ sources: [pay, failing('pay_send', new ToolError('Away.'))] }).tools;
  expect(await gone.execute(user, call('desk.pay_send'))).toEqual({ text: 'Away.', success: false });
  expect((await gone.list(user, call('').signal)).tools).toEqual([]);
  const [first, second] = [new ScriptedTool('a_b_c', () => 'first'), new ScriptedTool('a_b_c')];
  const both = directTools({
    sources: [
      { name: 'a', tools: async () => [first] },
      { name: 'a_b', tools: async () => [second] },
    ],
  }).tools;
  expect(await both.execute(user, call('desk.a_b_c'))).toMatchObject({ text: 'first' });
});

describe('list', () => {
  test('leaves out what cannot be had, and says so', async () => {
    const silent: ToolSource = {
      name: 'broken',
      tools: async () => await Promise.reject(new Error('with a stack')),
    };
    const { tools } = directTools({
      sources: [failing('shop', new ToolError('The shop is closed.')), new ScriptedTool('look'), silent],
    });
    const { tools: found, unavailable } = await tools.list(user, call('').signal);
    expect(found.map(({ name }) => name)).toEqual(['desk.look']);
    expect(unavailable).toEqual([
      { name: 'desk.shop', reason: 'The shop is closed.' },
      { name: 'desk.broken', reason: 'They failed inside the gateway.' },
    ]);
  });

  test('has of the gateway’s own tools those that the caller may use', async () => {
    const own: OwnTool[] = [
      { tool: new ScriptedTool('search'), permission: 'use_tools' },
      { tool: new ScriptedTool('manage'), permission: 'manage' },
    ];
    const { tools } = directTools({ own });
    const names = async (principal: Principal) =>
      (await tools.list(principal, call('').signal)).tools.map(({ name }) => name);
    expect(await names(user)).toEqual(['search']);
    expect(await names({ ...user, role: 'admin' })).toEqual(['search', 'manage']);
    await expect(tools.execute(user, call('manage'))).rejects.toMatchObject({
      reason: 'permission_denied',
      details: { required_role: 'admin' },
    });
  });
});
