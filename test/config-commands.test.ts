import { expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../src/config.ts';

test('no program may be run unless it is listed', () => {
  expect(readConfig({}).toolCommandsAllow).toEqual([]);
  expect(readConfig({ TOOL_COMMANDS_ALLOW: ' /usr/bin/git, ,/bin/date' }).toolCommandsAllow).toEqual([
    '/usr/bin/git',
    '/bin/date',
  ]);
});

test.each(['git', '/usr/bin/git,./run', '*'])('%s is no list of absolute paths', (TOOL_COMMANDS_ALLOW) => {
  expect(() => readConfig({ TOOL_COMMANDS_ALLOW })).toThrow(ConfigError);
  expect(() => readConfig({ TOOL_COMMANDS_ALLOW })).toThrow(
    'TOOL_COMMANDS_ALLOW must be absolute paths of programs with commas between',
  );
});
