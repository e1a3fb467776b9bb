import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Role, TaskState, type Artifact, type Message, type Part } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import type { OpenAI } from 'openai';
import { parseScript, piece, piecesOf, type Script } from './script.ts';

/** Publishes the events of one run in the shapes that the gateway gives them. */
class Publisher {
  readonly #bus: ExecutionEventBus;
  readonly #ids: { taskId: string; contextId: string };
  #first = true;

  constructor({ taskId, contextId, userMessage }: RequestContext, bus: ExecutionEventBus) {
    this.#bus = bus;
    this.#ids = { taskId, contextId };
    const status = { state: TaskState.TASK_STATE_SUBMITTED, message: undefined, timestamp: now() };
    const history = [userMessage];
    bus.publish(
      AgentEvent.task({ id: taskId, contextId, status, artifacts: [], history, metadata: undefined }),
    );
  }

  step(name: string, status: string): void {
    const step = { id: 'step-1', type: 'model_call', name, status, iteration: 1, startedAt: now() };
    const metadata = { type: 'DW_STATUS_UPDATE' };
    const content = { $case: 'data' as const, value: step };
    const part: Part = { content, metadata, filename: '', mediaType: 'application/json' };
    const message: Message = {
      ...this.#ids,
      messageId: randomUUID(),
      role: Role.ROLE_AGENT,
      parts: [part],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    };
    this.#status(TaskState.TASK_STATE_WORKING, message);
  }

  text(text: string, lastChunk: boolean): void {
    const content = { $case: 'text' as const, value: text };
    const artifact: Artifact = {
      artifactId: 'answer',
      name: this.#first ? 'Answer' : '',
      description: '',
      parts: [{ content, metadata: undefined, filename: '', mediaType: 'text/plain' }],
      metadata: undefined,
      extensions: [],
    };
    const update = { ...this.#ids, artifact, append: !this.#first, lastChunk, metadata: undefined };
    this.#bus.publish(AgentEvent.artifactUpdate(update));
    this.#first = false;
  }

  completed(): void {
    this.#status(TaskState.TASK_STATE_COMPLETED, undefined);
    this.#bus.finished();
  }

  #status(state: TaskState, message: Message | undefined): void {
    const status = { state, message, timestamp: now() };
    this.#bus.publish(AgentEvent.statusUpdate({ ...this.#ids, status, metadata: undefined }));
  }
}

/** The events of a script without a model: as many, of the same kinds and about the same size. */
export const scriptedExecutor: AgentExecutor = {
  execute: async (context, bus) => {
    const script = scriptOf(context);
    const publisher = new Publisher(context, bus);
    await (script.pace === 'steps' ? publishSteps(publisher, script) : publishText(publisher, script));
    publisher.completed();
  },
  cancelTask: async () => {},
};

async function publishText(publisher: Publisher, script: Script): Promise<void> {
  const pieces = piecesOf(script);
  publisher.step('Ask the model', 'in_progress');
  for (const [index, text] of pieces.entries()) {
    if (index > 0 && script.pace === 'paced') await nextTurn();
    publisher.text(text, index === pieces.length - 1);
  }
  publisher.step('Ask the model', 'completed');
}

async function publishSteps(publisher: Publisher, { size }: Script): Promise<void> {
  publisher.text(piece(0), false);
  for (let index = 0; index < size - 4; index++)
    publisher.step('search', index % 2 ? 'failed' : 'in_progress');
  publisher.text(`\n\n${piece(1)}`, true);
}

/** An agent that asks the model over HTTP and publishes each token as an artifact update. */
export function modelExecutor(client: OpenAI): AgentExecutor {
  return {
    execute: async (context, bus) => {
      const publisher = new Publisher(context, bus);
      publisher.step('Ask the model', 'in_progress');
      const content = textOf(context);
      const stream = await client.chat.completions.create({
        model: 'bench',
        stream: true,
        messages: [{ role: 'user', content }],
      });
      for await (const chunk of stream) {
        const text = chunk.choices[0]?.delta.content;
        if (text) publisher.text(text, false);
      }
      publisher.step('Ask the model', 'completed');
      publisher.completed();
    },
    cancelTask: async () => {},
  };
}

function scriptOf(context: RequestContext): Script {
  return parseScript(textOf(context));
}

function textOf({ userMessage }: RequestContext): string {
  return userMessage.parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');
}

function now(): string {
  return new Date().toISOString();
}
