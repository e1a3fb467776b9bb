import { createInterface } from 'node:readline';
import { ScriptedMcp, says, type McpMessage } from './mcp-script.ts';

/**
 * The scripted MCP server as a program; `--stubborn` makes it ignore the polite ways of being ended, `--modern` speak
 * the protocol of 2026 only.
 */
const send = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
const tools = {
  pid: () => says(String(process.pid)),
  huge: ({ bytes }: Record<string, unknown>) => says('x'.repeat(Number(bytes))),
  die: () => process.exit(1),
};
const server = new ScriptedMcp(send, tools, process.argv.includes('--modern'));

if (process.argv.includes('--stubborn')) {
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 60_000);
}
process.stderr.write(`started with ${process.env['GIVEN'] ?? 'nothing'}\n`);
createInterface({ input: process.stdin }).on('line', (line) => {
  void server.receive(JSON.parse(line) as McpMessage);
});
