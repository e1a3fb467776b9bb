import { describe, expect, test } from '@jest/globals';
import { matchRoute } from '../../src/a2a/http-json-routes.ts';
import { refusal, refusedFields } from './refusal.ts';

describe('matchRoute', () => {
  test.each([
    ['POST', 'message:send', 'sendMessage', {}],
    ['POST', 'message:stream', 'sendStreamingMessage', {}],
    ['GET', 'tasks', 'listTasks', {}],
    ['GET', 'tasks/t-1', 'getTask', { id: 't-1' }],
    ['GET', 'tasks/a%3Acancel', 'getTask', { id: 'a:cancel' }],
    ['GET', 'tasks/a%2Fb%20c', 'getTask', { id: 'a/b c' }],
    ['POST', 'tasks/t-1:cancel', 'cancelTask', { id: 't-1' }],
    ['POST', 'tasks/t-1:subscribe', 'subscribeToTask', { id: 't-1' }],
    ['GET', 'tasks/t-1:subscribe', 'subscribeToTask', { id: 't-1' }],
    ['POST', 'tasks/t-1/pushNotificationConfigs', 'createPushConfig', { taskId: 't-1' }],
    ['GET', 'tasks/t-1/pushNotificationConfigs', 'listPushConfigs', { taskId: 't-1' }],
    ['GET', 'tasks/t-1/pushNotificationConfigs/c', 'getPushConfig', { taskId: 't-1', id: 'c' }],
    ['DELETE', 'tasks/t-1/pushNotificationConfigs/c', 'deletePushConfig', { taskId: 't-1', id: 'c' }],
    ['GET', 'extendedAgentCard', 'getExtendedCard', {}],
    ['GET', 'card', 'getExtendedCard', {}],
  ])('%s %s: %s %j', (method, path, operation, ids) => {
    expect(matchRoute(method, path)).toEqual({ operation, ids });
  });

  test.each([
    ['GET', 'message:send'],
    ['POST', 'tasks'],
    ['PUT', 'tasks/t-1'],
    ['HEAD', 'tasks/t-1'],
    ['GET', 'tasks/t-1:cancel'],
    ['POST', 'tasks/t-1:explode'],
    ['POST', 'tasks/:cancel'],
    ['GET', 'tasks/a/b'],
    ['GET', 'tasks//pushNotificationConfigs'],
    ['GET', 'tasks/t-1/pushNotificationConfigs/a/b'],
    ['GET', 'v1/tasks'],
    ['POST', 'message:send/'],
    ['POST', '__proto__'],
    ['GET', 'tasks\nx'],
  ])('%s %j: nothing there', (method, path) => {
    expect(refusal(() => matchRoute(method, path)).reason).toBe('method_not_found');
  });

  test('an id with NUL is refused', () => {
    expect(refusedFields(() => matchRoute('GET', 'tasks/a%00'))).toEqual({ id: 'must not hold NUL' });
  });

  test('an id that cannot be decoded is the error that the edge knows', () => {
    expect(() => matchRoute('GET', 'tasks/%ff')).toThrow(URIError);
  });
});
