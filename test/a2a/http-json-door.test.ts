import express from 'express';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { httpJsonDoor } from '../../src/a2a/http-json-door.ts';
import { Operations } from '../../src/a2a/operations.ts';
import type { CardShapes, PushConfig, PushConfigRequest, SendResult } from '../../src/a2a/wire.ts';
import { KeepAlive } from '../../src/http/keep-alive.ts';
import { Problem } from '../../src/http/problem.ts';
import { recordingLog, serve, type LocalServer } from '../http/local-server.ts';
import { v03ProtoText, v1Text } from '../support/rpc.ts';
import { openDesk, principal, type Desk } from './operations-fixture.ts';

/** Operations of an agent that has everything: push notifications, an extended card, direct answers. */
class Everything extends Operations {
  readonly configs = new Map<string, PushConfig>();

  override async sendMessage(): Promise<SendResult> {
    return { message: { messageId: 'm-1', role: 'ROLE_AGENT', parts: [{ text: 'Direct.' }] } };
  }

  override async createPushConfig(request: PushConfigRequest & { taskId: string }): Promise<PushConfig> {
    const config = { id: 'c-1', ...request };
    this.configs.set(config.id, config);
    return config;
  }

  override async getPushConfig({ id = '' }: { taskId: string; id?: string }): Promise<PushConfig> {
    const config = this.configs.get(id);
    if (!config) throw new Problem('task_not_found', 'There is no such config.');
    return config;
  }

  override async listPushConfigs({ taskId }: { taskId: string }): Promise<PushConfig[]> {
    return [...this.configs.values()].filter((config) => config.taskId === taskId);
  }

  override async deletePushConfig({ id }: { taskId: string; id: string }): Promise<void> {
    this.configs.delete(id);
  }

  override async getExtendedCard(): Promise<CardShapes> {
    return { v1: { name: 'Of v1.0' }, v03: { name: 'Of v0.3', capabilities: {} } };
  }
}

let desk: Desk;
let server: LocalServer;

beforeAll(async () => {
  desk = openDesk(() => {
    throw new Error('Nothing is run here.');
  });
  const door = httpJsonDoor({
    authenticate: async () => principal(),
    invoker: desk.invoker,
    operations: new Everything(desk),
    keepAlive: new KeepAlive(),
    log: recordingLog(),
    maxBodyBytes: 10_000,
  });
  server = await serve(express().use('/a2a/:agentId', door));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await desk.close();
});

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/a2a/${desk.agent.id}/${path}`, {
    method,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

describe('v1.0', () => {
  const url = 'https://example.com/hook';
  const config = { taskId: 't-1', id: 'c-1', url, authentication: { scheme: 'Bearer', credentials: 'x' } };

  test('push notification configs: made, read, listed, and gone with an empty object', async () => {
    const { id: _id, taskId: _taskId, ...sent } = config;
    const configs = 'tasks/t-1/pushNotificationConfigs';
    const elsewhere = { ...sent, taskId: 'the path wins' };
    expect(await ask('POST', configs, elsewhere)).toEqual({ status: 200, body: config });
    expect(await ask('GET', `${configs}/c-1`)).toEqual({ status: 200, body: config });
    expect(await ask('GET', configs)).toEqual({ status: 200, body: { configs: [config] } });
    expect(await ask('DELETE', `${configs}/c-1`)).toEqual({ status: 200, body: {} });
    expect(await ask('GET', configs)).toEqual({ status: 200, body: { configs: [] } });
    expect(await ask('GET', `${configs}/c-1`)).toMatchObject({ status: 404 });
  });

  test('the extended card and a direct answer', async () => {
    expect(await ask('GET', 'extendedAgentCard')).toEqual({ status: 200, body: { name: 'Of v1.0' } });
    expect(await ask('POST', 'message:send', v1Text('Hi'))).toEqual({
      status: 200,
      body: { message: { messageId: 'm-1', role: 'ROLE_AGENT', parts: [{ text: 'Direct.' }] } },
    });
  });
});

describe('v0.3', () => {
  const url = 'https://example.com/hook';
  const config = {
    name: 'tasks/t-1/pushNotificationConfigs/c-2',
    pushNotificationConfig: { id: 'c-2', url, authentication: { schemes: ['Bearer'] } },
  };

  test.each([
    ['bare', config],
    ['wrapped', { config }],
  ])('push notification configs, %s: 201, read, listed, 204', async (_form, sent) => {
    const configs = 'v1/tasks/t-1/pushNotificationConfigs';
    expect(await ask('POST', configs, sent)).toEqual({ status: 201, body: config });
    expect(await ask('GET', `${configs}/c-2`)).toEqual({ status: 200, body: config });
    expect(await ask('GET', configs)).toEqual({
      status: 200,
      body: { configs: [config], nextPageToken: '' },
    });
    expect(await ask('DELETE', `${configs}/c-2`)).toEqual({ status: 204, body: undefined });
    expect(await ask('GET', `${configs}/c-2`)).toMatchObject({ status: 404, body: { code: -32001 } });
  });

  test('the extended card and a direct answer', async () => {
    const card = { name: 'Of v0.3', capabilities: {} };
    expect(await ask('GET', 'v1/card')).toEqual({ status: 200, body: card });
    expect(await ask('POST', 'v1/message:send', v03ProtoText('Hi'))).toEqual({
      status: 201,
      body: { message: { messageId: 'm-1', role: 'ROLE_AGENT', content: [{ text: 'Direct.' }] } },
    });
  });
});

test('a body over the limit is refused with its status in either shape', async () => {
  const large = { message: 'x'.repeat(20_000) };
  expect(await ask('POST', 'message:send', large)).toMatchObject({
    status: 413,
    body: { error: { code: 413 } },
  });
  expect(await ask('POST', 'v1/message:send', large)).toMatchObject({ status: 413, body: { code: -32000 } });
});
