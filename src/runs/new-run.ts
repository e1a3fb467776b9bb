import { hash, randomUUIDv7 } from 'node:crypto';
import type { StartRequest } from './engine.ts';
import { hopsOf } from './hops.ts';
import type { RunRecord, RunRequest } from './record.ts';
import type { SecretBox } from './secret-box.ts';

/** The record of a new run. A context that the caller did not name is new. */
export function newRecord(request: StartRequest, secretBox: SecretBox): RunRecord {
  // Ids that grow with time keep the indexes of the store local.
  const id = randomUUIDv7();
  const named = request.message.contextId;
  const contextId = named ?? randomUUIDv7();
  const depth = hopsOf(request.message);
  return {
    id,
    contextId,
    agentId: request.agent.agentId,
    agentRevision: request.agent.revision,
    owner: request.owner,
    door: request.door,
    request: recordedRequest(request, { id, contextId }, secretBox),
    contentHash: contentHash(request, secretBox),
    contextNamed: named !== undefined,
    ...(request.agent.mayReply && { mayReply: true }),
    ...(depth > 0 && { depth }),
    ...(request.callers && { callers: request.callers }),
    createdAt: Date.now(),
  };
}

/** A request as it is stored: its message belongs to the run, its secrets are sealed. */
export function recordedRequest(
  request: StartRequest,
  run: { id: string; contextId: string },
  secretBox: SecretBox,
): RunRequest {
  return {
    message: { ...request.message, contextId: run.contextId, taskId: run.id },
    ...(request.hiddenParts?.length && { hiddenParts: request.hiddenParts }),
    ...(request.history && { history: request.history }),
    contextValues: request.contextValues,
    ...(hasSecrets(request) && { sealedSecrets: secretBox.seal(request.secrets) }),
    ...(request.llmId !== undefined && { llmId: request.llmId }),
    ...(request.acceptedOutputModes && { acceptedOutputModes: request.acceptedOutputModes }),
    properties: request.properties,
  };
}

/** What makes two requests the same: everything that can change the answer. SHA-256, hex. */
export function contentHash(request: StartRequest, secretBox: SecretBox): string {
  const { message, history, contextValues, llmId, properties, acceptedOutputModes } = request;
  const secrets = hasSecrets(request) ? secretBox.fingerprint(request.secrets) : '';
  const said = [message.parts, message.metadata, message.referenceTaskIds, history];
  const content = [...said, contextValues, secrets, llmId, properties, acceptedOutputModes];
  return hash('sha256', JSON.stringify(content));
}

function hasSecrets({ secrets }: StartRequest): boolean {
  return Object.keys(secrets).length > 0;
}
