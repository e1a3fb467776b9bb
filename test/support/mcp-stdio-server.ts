import { createInterface } from 'node:readline';
import { ScriptedMcp, says, type McpMessage } from './mcp-script.ts';

/** The scripted MCP server as a program; `--stubborn` makes it ignore the polite ways of being ended. */
const server = new ScriptedMcp((message) => process.stdout.write(`${JSON.stringify(message)}\n`), {
  pid: () => says(String(process.pid)),
  huge: ({ bytes }) => says('x'.repeat(Number(bytes))),
  die: () => process.exit(1),
});

if (process.argv.includes('--stubborn')) {
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 60_000);
}
process.stderr.write(`started with ${process.env['GIVEN'] ?? 'nothing'}\n`);
createInterface({ input: process.stdin }).on('line', (line) => {
  void server.receive(JSON.parse(line) as McpMessage);
});
