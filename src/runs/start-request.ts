import type { StoredPushConfig } from '../a2a/push/outbox.ts';
import type { Executor } from './executor.ts';
import type { LoadedRun } from './log.ts';
import type { JsonObject, Message, Turn } from './message.ts';
import type { DoorName, Properties } from './record.ts';

/** What the engine must know of an agent; the agents room provides it. */
export interface ExecutableAgent {
  agentId: string;
  revision: string;
  executor: Executor;
  timeoutSeconds: number;
  /** How many turns of the conversation the agent is shown. */
  maxHistoryMessages: number;
  onReplicaLoss: 'rerun' | 'fail';
  /** Whether it may answer with a message in place of a task. */
  mayReply?: boolean;
  /** How long its executor may take to end a canceled run itself, because another server must be told; absent: not at all. */
  cancelGraceSeconds?: number;
  /**
   * Looks at a further message before it continues a run that waits for its caller.
   * @throws Problem when the message does not fit what the run waits for: then the run waits on.
   */
  admit?(run: LoadedRun, request: StartRequest): void;
  /**
   * Tells whoever else holds a waiting run that it is canceled. Whatever it throws is logged.
   * @param values the run's context values, the secret ones in clear
   */
  cancelWaiting?(run: LoadedRun, values: JsonObject): Promise<void>;
}

/** A request to run an agent, as every door hands it in: validated and authorized. */
export interface StartRequest {
  agent: ExecutableAgent;
  owner: string;
  door: DoorName;
  /** As it is stored: secret values cut out. */
  message: Message;
  /** The agents of this gateway that delegate to it, one to the next. */
  callers?: string[];
  /** See RunRequest. */
  hiddenParts?: number[];
  /** A conversation that the caller carries itself. */
  history?: Turn[];
  contextValues: JsonObject;
  /** Secret context values, in clear: sealed before they are stored. */
  secrets: JsonObject;
  llmId?: string;
  acceptedOutputModes?: string[];
  properties: Properties;
  pushConfig?: StoredPushConfig;
}
