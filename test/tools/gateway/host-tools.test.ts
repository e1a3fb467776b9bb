import { describe, expect, test } from '@jest/globals';
import { createHostCliTool, createHostListCommandsTool } from '../../../src/tools/gateway/host-tools.ts';
import { ScriptedTool, toolCall } from '../../support/scripted-tool.ts';

describe('the operator’s commands', () => {
  test('are listed with what they take', async () => {
    const list = createHostListCommandsTool([new ScriptedTool('disk'), new ScriptedTool('uptime')]);
    expect(JSON.parse((await list.execute(toolCall())).text)).toEqual({
      commands: [
        { name: 'disk', description: 'The tool disk.', parameters: { type: 'object' } },
        { name: 'uptime', description: 'The tool uptime.', parameters: { type: 'object' } },
      ],
      count: 2,
    });
  });

  test('run with their own arguments', async () => {
    const disk = new ScriptedTool('disk', () => '42 % used');
    const cli = createHostCliTool([disk]);
    const result = await cli.execute(toolCall({ command: 'disk', arguments: { path: '/' } }));
    expect(result.text).toBe('42 % used');
    expect(disk.calls[0]?.arguments).toEqual({ path: '/' });
    await cli.execute(toolCall({ command: 'disk' }));
    expect(disk.calls[1]?.arguments).toEqual({});
  });

  test('are no others, and take no arguments but theirs', () => {
    const disk = new ScriptedTool('disk');
    const cli = createHostCliTool([disk]);
    expect(cli.validate({ command: 'rm' })).toEqual(['command must be one of ["disk"]']);
    expect(cli.validate({ command: 'disk; rm' }).length).toBe(1);
    disk.problems = ['path is required', 'the arguments must be object'];
    expect(cli.validate({ command: 'disk' })).toEqual([
      'arguments.path is required',
      'arguments must be object',
    ]);
  });

  test('have a time limit each, which the others’ does not shorten', async () => {
    const forever = async () => await Promise.withResolvers<string>().promise;
    const quick = new ScriptedTool('quick', forever, { timeoutSeconds: 0.1 });
    const slow = new ScriptedTool('slow', () => 'done', { timeoutSeconds: 60 });
    const cli = createHostCliTool([quick, slow]);
    expect(cli.timeoutSeconds).toBe(61);
    await expect(cli.execute(toolCall({ command: 'quick' }))).rejects.toThrow('within 0.1 s');
  });
});
