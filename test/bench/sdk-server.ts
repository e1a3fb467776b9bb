import { createServer } from 'node:http';
import type { AgentCard } from '@a2a-js/sdk';
import { DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { OpenAI } from 'openai';
import { answerQuestions, listenLocally } from './child.ts';
import { modelExecutor, scriptedExecutor } from './sdk-executors.ts';

/** The stock SDK server: its own handler, store and Express router; its agent asks the model at the given address, if there is one. */
const app = express();
const server = createServer(app);
const url = await listenLocally(server);
const baseURL = process.argv[2];
const executor =
  baseURL === undefined
    ? scriptedExecutor
    : modelExecutor(new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 }));
const handler = new DefaultRequestHandler(card(), new InMemoryTaskStore(), executor);
const userBuilder = UserBuilder.noAuthentication;
app.use(
  '/a2a/scripted',
  jsonRpcHandler({ requestHandler: handler, userBuilder, legacyCompat: { enabled: true } }),
);

function card(): AgentCard {
  const place = { url: `${url}/a2a/scripted`, protocolBinding: 'JSONRPC', tenant: '' };
  return {
    name: 'Scripted',
    description: 'Does what the message says.',
    version: '1.0.0',
    supportedInterfaces: ['1.0', '0.3'].map((protocolVersion) => ({ ...place, protocolVersion })),
    provider: undefined,
    capabilities: { streaming: true, pushNotifications: false, extensions: [], extendedAgentCard: false },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    signatures: [],
  };
}

answerQuestions({ url: () => `${url}/a2a/scripted` });
