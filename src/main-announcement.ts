import type { Config } from './config.ts';
import type { Gateway } from './gateway.ts';

/** What the start prints: address, agents, provider, the one-time key and commands that work as they stand. */
export function announce(config: Config, gateway: Gateway): string {
  const key = gateway.newAdminKey;
  const shownKey = key ?? (config.authAnonymous ? undefined : '$A2A_GATEWAY_KEY');
  const grpc = gateway.grpcAddress ? `, for gRPC on ${gateway.grpcAddress}` : '';
  const sections = [
    `a2a-gateway listens on ${gateway.url}${grpc}`,
    agentLines(gateway),
    providerLine(gateway),
  ];
  if (key !== undefined) sections.push(`Administrator key, shown this once:\n  ${key}`);
  if (config.authAnonymous)
    sections.push('WARNING: AUTH_ANONYMOUS is on: callers without credentials are let in.');
  const example = gateway.agents.defaultAgent();
  if (!example && config.defaultAgent !== undefined) {
    sections.push(`WARNING: DEFAULT_AGENT names ${config.defaultAgent}, which no file declares.`);
  }
  if (example) {
    const url = `${gateway.url}/a2a/${example.id}`;
    const question = example.definition.card.skills.flatMap((skill) => skill.examples ?? [])[0] ?? 'Hello';
    sections.push(
      `Stream an answer, A2A v0.3:\n${curl(url, shownKey, v03Body(question))}`,
      `Stream an answer, A2A v1.0:\n${curl(url, shownKey, v1Body(question), 'A2A-Version: 1.0')}`,
    );
  }
  return `\n${sections.join('\n\n')}\n\n`;
}

function agentLines(gateway: Gateway): string {
  const agents = gateway.agents.list();
  if (agents.length === 0)
    return 'No agent is declared. Put a file into the agent cards folder; it is picked up at once.';
  const lines = agents.map(
    (agent) => `  ${agent.id.padEnd(20)} ${gateway.publicUrl}/a2a/${agent.id}/.well-known/agent-card.json`,
  );
  return ['Agents:', ...lines].join('\n');
}

function providerLine({ models }: Gateway): string {
  const list = [...models.list()].map(([llmId, model]) => `${llmId} (${model})`).join(', ');
  if (!models.usingOffline) return `Models: ${list}`;
  return `Models: ${list}\n  No provider is configured: answers are extracted from the agents' own tools, without a language model.\n  Set OPENAI_API_KEY or LLM_PROVIDERS_FILE for one.`;
}

/** The shell makes a fresh message id each time, so that a repeated command is a new message. */
const freshId = `'"$(date +%s)-$RANDOM"'`;

function v03Body(question: string): string {
  const message = {
    kind: 'message',
    messageId: 'ID',
    role: 'user',
    parts: [{ kind: 'text', text: question }],
  };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'message/stream', params: { message } });
}

function v1Body(question: string): string {
  const message = { messageId: 'ID', role: 'ROLE_USER', parts: [{ text: question }] };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendStreamingMessage', params: { message } });
}

function curl(url: string, key: string | undefined, body: string, header?: string): string {
  const quoted = body.replaceAll("'", `'\\''`).replace('"ID"', `"${freshId}"`);
  const lines = [`curl -N ${url}`];
  if (key !== undefined) lines.push(`-H "Authorization: SSWS ${key}"`);
  lines.push('-H "Content-Type: application/json"', ...(header ? [`-H "${header}"`] : []), `-d '${quoted}'`);
  return `  ${lines.join(' \\\n    ')}`;
}
