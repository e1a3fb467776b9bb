import { agentFile } from './gateway.ts';

/** What the agent does, by the first word of what it is told. */
const code = `
const waitFor = (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
const now = () => Date.now();
const text = (text) => ({ text, mediaType: 'text/plain' });
const artifact = (artifact, append, last, metadata) => ({
  kind: 'artifact', at: now(), artifact, append, last, ...(metadata && { metadata }),
});

const acts = {
  async *artifacts() {
    yield { kind: 'status', at: now() };
    yield {
      kind: 'status', at: now(), metadata: { progress: 0.5 },
      message: { parts: [text('half way'), { data: { step: 1 }, metadata: { type: 'DW_STATUS_UPDATE' } }],
        metadata: { mood: 'good' }, extensions: ['https://extensions.example/mood'] },
    };
    const named = { artifactId: 'story', name: 'Story', description: 'In pieces.' };
    yield artifact({ ...named, parts: [text('one, ')] }, false, false);
    yield artifact({ artifactId: 'story', parts: [text('two, ')] }, true, false, { piece: 2 });
    yield artifact({ artifactId: 'story', parts: [text('three')] }, true, true);
    yield artifact({
      artifactId: 'mixed', metadata: { made: 'by hand' }, extensions: ['https://extensions.example/mixed'],
      parts: [
        { raw: '/+8AAQID', mediaType: 'application/octet-stream', filename: 'bytes.bin' },
        { url: 'https://files.example/a%20b?c=d', mediaType: 'image/png', filename: 'a b.png' },
        { data: { nested: [1, 2.5, null, { '': 'é😀' }], empty: {} }, metadata: { kept: true } },
        { data: [1, 'two', null] },
        { data: null },
        { text: '' },
      ],
    }, false, true);
    return { state: 'completed', parts: [text('All of it.')], metadata: { total: 2 } };
  },
  async *echo({ request }) {
    yield artifact({ artifactId: 'echo', parts: request.message.parts }, false, true);
    return { state: 'completed' };
  },
  async *ask({ request, exchange }) {
    if (exchange.length === 0) {
      yield artifact({ artifactId: 'draft', parts: [text('draft')] }, false, false);
      return { state: 'input-required', parts: [text('Which one?'), { data: { options: ['a', 'b'] } }], metadata: { asks: 1 } };
    }
    yield artifact({ artifactId: 'choice', parts: request.message.parts }, false, true);
    return { state: 'completed', parts: [text('Thanks.')] };
  },
  async *auth() {
    return { state: 'auth-required', parts: [text('Log in first.')] };
  },
  async *refuse() {
    return { state: 'rejected', parts: [text('Not that.')] };
  },
  async *reply() {
    return { state: 'completed', reply: { parts: [text('Just this.'), { data: { n: 1 } }], metadata: { direct: true } } };
  },
  async *hold({ signal }) {
    yield { kind: 'status', at: now(), message: { parts: [text('holding')] } };
    await waitFor(signal);
    return { state: 'canceled' };
  },
};

export function execute(execution) {
  const first = execution.exchange[0]?.message ?? execution.request.message;
  const [word] = (first.parts[0]?.text ?? '').split(' ');
  return (acts[word] ?? acts.refuse)(execution);
}
`;

/** Its card takes files too. */
export const anyInput = {
  defaultInputModes: ['text/plain', 'application/json', 'application/octet-stream', 'image/png'],
};

/** The files of a module agent that does by the first word what other kinds of agent may do; it needs MODULE_AGENTS. */
export function actingAgent(id: string): Record<string, string | object> {
  return {
    [`${id}.yaml`]: { ...agentFile(id, {}, anyInput), execution: { kind: 'module', module: `./${id}.mjs` } },
    [`${id}.mjs`]: code,
  };
}
