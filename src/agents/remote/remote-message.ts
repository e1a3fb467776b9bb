import { hash } from 'node:crypto';
import {
  Role,
  type Artifact as SdkArtifact,
  type Message as SdkMessage,
  type Part as SdkPart,
  type SendMessageRequest,
} from '@a2a-js/sdk';
import type { LinkedTask, SaidMessage } from '../../runs/event.ts';
import type { Execution } from '../../runs/executor.ts';
import { hopsKey, hopsOf } from '../../runs/hops.ts';
import type { Artifact, Json, Part } from '../../runs/message.ts';
import { visibleParts, type RunRecord } from '../../runs/record.ts';

const mostHops = 8;

/** To which conversation or task of the remote a message goes. */
export type RemoteTarget = LinkedTask | { taskId: ''; contextId: string };

/**
 * The caller's message as the remote agent is sent it: parts and metadata as they are (but for the hops), without the
 * gateway's own (context values, a carried conversation), and with an id that an execution again sends too.
 */
export function remoteRequest(
  execution: Execution,
  target: RemoteTarget,
  returnImmediately: boolean,
): SendMessageRequest {
  const { record, request, firstAttempt } = execution;
  return {
    tenant: '',
    message: {
      messageId: `${record.id}-${firstAttempt}`,
      ...target,
      role: Role.ROLE_USER,
      parts: partsFor(execution, target).map(sdkPart),
      metadata: { ...request.message.metadata, [hopsKey]: hopsOf(request.message) + 1 },
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: {
      acceptedOutputModes: request.acceptedOutputModes ?? [],
      taskPushNotificationConfig: undefined,
      historyLength: 0,
      returnImmediately,
    },
    metadata: undefined,
  };
}

/** A task that waited at the gateway's own door is new to the remote: it is told all that the user said. */
function partsFor({ request, exchange }: Execution, { taskId }: RemoteTarget): Part[] {
  const parts = visibleParts(request);
  if (taskId !== '') return parts;
  const before = exchange.filter(({ message }) => message.role === 'ROLE_USER').flatMap(visibleParts);
  return [...before, ...parts];
}

/** Whether the message came through so many gateways that they must front each other in a circle. */
export function goesInCircles({ request }: Execution): boolean {
  return hopsOf(request.message) >= mostHops;
}

/** The conversation at the remote: no two owners, agents or conversations share one. */
export function remoteContextId({ owner, agentId, contextId }: RunRecord): string {
  const digest = hash('sha256', JSON.stringify(['a2a-gateway', owner, agentId, contextId]));
  // A UUID of version 8 (RFC 9562 §5.8): its bits are the maker's own.
  const version = `8${digest.slice(13, 16)}`;
  const variant = `a${digest.slice(17, 20)}`;
  return [digest.slice(0, 8), digest.slice(8, 12), version, variant, digest.slice(20, 32)].join('-');
}

/** A message of the remote's as far as it says something: ids and role are the gateway's. */
export function saidOf({ parts, metadata, extensions }: SdkMessage): SaidMessage {
  return {
    parts: parts.map(partOf),
    ...(metadata && { metadata: metadata }),
    ...(extensions.length > 0 && { extensions }),
  };
}

export function artifactOf({
  artifactId,
  name,
  description,
  parts,
  metadata,
  extensions,
}: SdkArtifact): Artifact {
  return {
    artifactId,
    ...(name && { name }),
    ...(description && { description }),
    parts: parts.map(partOf),
    ...(metadata && { metadata: metadata }),
    ...(extensions.length > 0 && { extensions }),
  };
}

function partOf({ content, metadata, filename, mediaType }: SdkPart): Part {
  return {
    ...contentOf(content),
    ...(mediaType && { mediaType }),
    ...(filename && { filename }),
    ...(metadata && { metadata: metadata }),
  };
}

/** The SDK reads a part whose datum is null as one without content. */
function contentOf(content: SdkPart['content']): Part {
  switch (content?.$case) {
    case 'text':
      return { text: content.value };
    case 'raw':
      return { raw: content.value.toString('base64') };
    case 'url':
      return { url: content.value };
    case 'data':
      return { data: content.value as Json };
    default:
      return { data: null };
  }
}

function sdkPart(part: Part): SdkPart {
  const { metadata, filename = '', mediaType = '' } = part;
  return { content: sdkContent(part), metadata, filename, mediaType };
}

function sdkContent({ text, raw, url, data = null }: Part): SdkPart['content'] {
  if (text !== undefined) return { $case: 'text', value: text };
  if (raw !== undefined) return { $case: 'raw', value: Buffer.from(raw, 'base64') };
  if (url !== undefined) return { $case: 'url', value: url };
  return { $case: 'data', value: data };
}
