import { describe, expect, test } from '@jest/globals';
import { requireInputModes, requireOutputModes, takesOutput } from '../../src/a2a/media-types.ts';
import type { Message, Part } from '../../src/runs/message.ts';
import { runRecord } from '../stores/run-samples.ts';
import { agentRevision } from './agent-revision.ts';
import { refusal } from './refusal.ts';

const skill = { id: 's', name: 's', description: 's', tags: [] };

function taking(defaultInputModes: string[], inputModes?: string[]) {
  const skills = [{ ...skill, ...(inputModes && { inputModes }) }];
  return agentRevision({ card: { defaultInputModes, skills } });
}

function answering(defaultOutputModes: string[], outputModes?: string[]) {
  const skills = [{ ...skill, ...(outputModes && { outputModes }) }];
  return agentRevision({ card: { defaultOutputModes, skills } });
}

function messageOf(...parts: Part[]): Message {
  return { messageId: 'm-1', role: 'ROLE_USER', parts };
}

function typed(mediaType: string): Message {
  return messageOf({ text: 'a', mediaType });
}

describe('input modes', () => {
  test.each<[string, string[]]>([
    ['text/plain', ['text/plain']],
    ['TEXT/Plain; charset=utf-8', ['text/plain']],
    ['text/plain', ['Text/PLAIN;charset=utf-8']],
    ['image/png', ['text/plain', 'image/*']],
    ['application/pdf', ['*/*']],
    ['application/pdf', ['*']],
    ['text/markdown', ['text']],
    ['application/json', ['data']],
    ['application/zip', ['file']],
    ['image/jpeg', ['image']],
    ['anything/at-all', []],
  ])('%s is among %j', (mediaType, modes) => {
    expect(requireInputModes(typed(mediaType), [], taking(modes))).toBeUndefined();
  });

  test.each<[string, string[]]>([
    ['image/png', ['text/plain']],
    ['text/html', ['text/plain']],
    ['text', ['text/plain']],
    ['text/*', ['text/plain']],
    ['*/*', ['text/plain']],
    ['textual/plain', ['text/*']],
    ['application/json-seq', ['data']],
    ['nonsense', ['text/*', 'application/json']],
  ])('%s is not among %j', (mediaType, modes) => {
    const problem = refusal(() => requireInputModes(typed(mediaType), [], taking(modes)));
    expect(problem.reason).toBe('content_type_not_supported');
  });

  test("are the card's and its skills' together", () => {
    const agent = taking(['text/plain'], ['image/png']);
    expect(requireInputModes(messageOf({ raw: '', mediaType: 'image/png' }), [], agent)).toBeUndefined();
    expect(requireInputModes(typed('text/plain'), [], agent)).toBeUndefined();
  });

  test('the refusal names the part, its type and what the agent takes', () => {
    const message = messageOf({ text: 'a' }, { url: 'https://a.example', mediaType: 'video/mp4' });
    const agent = taking(['text/plain'], ['image/png', 'text/plain']);
    const problem = refusal(() => requireInputModes(message, [], agent));
    expect(problem.message).toBe(
      'message.parts[1] is video/mp4, which this agent does not take. It takes text/plain, image/png.',
    );
    expect(problem.details).toEqual({
      part: 'message.parts[1]',
      mediaType: 'video/mp4',
      inputModes: ['text/plain', 'image/png'],
    });
  });

  test('say nothing about parts without a type, and parts of extensions', () => {
    const message = messageOf({ text: 'a' }, { data: {}, mediaType: 'application/json' });
    const agent = taking(['text/plain']);
    expect(requireInputModes(message, [1], agent)).toBeUndefined();
    expect(refusal(() => requireInputModes(message, [0], agent)).details?.['part']).toBe('message.parts[1]');
  });
});

describe('accepted output modes', () => {
  test.each<[string[] | undefined, string[]]>([
    [undefined, ['text/plain']],
    [[], ['text/plain']],
    [['text/plain'], ['text/plain', 'application/json']],
    [['image/png', 'APPLICATION/JSON'], ['application/json']],
    [['text/*'], ['text/markdown']],
    [['text'], ['text/plain']],
    [['image/png'], ['image/*']],
    [['*/*'], ['text/plain']],
    [['image/png'], ['*/*']],
    [['image/png'], []],
  ])('%j meet an agent of %j', (accepted, modes) => {
    expect(requireOutputModes(accepted, answering(modes))).toBeUndefined();
  });

  test("what meets neither the card's nor the skills' is refused, naming them", () => {
    const agent = answering(['text/plain'], ['application/json']);
    expect(requireOutputModes(['application/json'], agent)).toBeUndefined();
    const problem = refusal(() => requireOutputModes(['image/png', 'audio/*'], agent));
    expect(problem.reason).toBe('content_type_not_supported');
    expect(problem.message).toBe(
      'This agent answers in text/plain, application/json: name one of them in acceptedOutputModes, or leave it out.',
    );
    expect(problem.details).toEqual({
      acceptedOutputModes: ['image/png', 'audio/*'],
      outputModes: ['text/plain', 'application/json'],
    });
  });

  test.each<[string[] | undefined, string | undefined, boolean]>([
    [undefined, 'image/png', true],
    [['text/plain'], undefined, true],
    [['text/plain'], 'text/plain; charset=utf-8', true],
    [['text'], 'text/plain', true],
    [['text/plain'], 'application/json', false],
  ])('%j take a part of type %j: %j', (acceptedOutputModes, mediaType, taken) => {
    const { request } = runRecord();
    const accepting = { ...request, ...(acceptedOutputModes && { acceptedOutputModes }) };
    expect(takesOutput(accepting, mediaType)).toBe(taken);
  });
});
