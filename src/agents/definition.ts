import type { UserRole } from '../auth/principal.ts';

import type { DataPermissions } from './data-permissions.ts';
import type { HeaderValue } from './declared-headers.ts';
import type { ToolDefinition } from './tool-types/tool-types.ts';

/** The agent file (`agent-cards/<id>.yaml`), as it is after validation and with its defaults filled in. */
export interface AgentDefinition {
  schemaVersion: '1';
  id: string;
  card: PublishedCard;
  /** What callers with credentials are told beyond the card; absent: nothing. */
  extendedCard?: ExtendedCard;
  execution: AgentExecution;
}

/** In place of, or beside, what the card says (spec §13.3). */
export interface ExtendedCard {
  description?: string;
  documentationUrl?: string;
  /** Beside the card's own; no id stands in both. */
  skills: Skill[];
  /** Whose callers get it; absent: everybody with credentials. The others get the card. */
  roles?: UserRole[];
}

/** What is published; interfaces, capabilities, security and signatures are filled in by the A2A door. */
export interface PublishedCard {
  name: string;
  description: string;
  version: string;
  skills: Skill[];
  provider?: { organization: string; url: string };
  documentationUrl?: string;
  iconUrl?: string;
  /** Media types; default `text/plain`, `application/json`. */
  defaultInputModes: string[];
  defaultOutputModes: string[];
  /** Further extensions beside the gateway's own. */
  extensions: DeclaredExtension[];
  /** What the agent does not offer although the gateway could; default: all of it. */
  capabilities: PublishedCapabilities;
}

export interface PublishedCapabilities {
  streaming: boolean;
  pushNotifications: boolean;
}

export interface Skill {
  id: string;
  name: string;
  description: string;
  tags: string[];
  examples?: string[];
  inputModes?: string[];
  outputModes?: string[];
}

export interface DeclaredExtension {
  uri: string;
  description?: string;
  required?: boolean;
  params?: Record<string, unknown>;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What never leaves the gateway. Three kinds of agent behind one port. */
export type AgentExecution = DeclaredExecution | RemoteExecution | ModuleExecution;

export type AgentKind = AgentExecution['kind'];

/** What every kind of agent has. */
interface ExecutionBase {
  contextVariables: ContextVariable[];
  access: 'authenticated' | 'assigned' | 'public';
  onReplicaLoss: 'rerun' | 'fail';
  answerIn?: 'both' | 'status' | 'artifact';
  limits: Limits;
}

/** A remote A2A agent that the gateway fronts. */
export interface RemoteExecution extends ExecutionBase {
  kind: 'a2a';
  /** Address of its card. */
  card: string;
  /** The gateway's own credentials for it: the caller's are never passed on. */
  headers: Record<string, HeaderValue>;
}

/** Code of the operator's. */
export interface ModuleExecution extends ExecutionBase {
  kind: 'module';
  /** Absolute path of the file; it exports `execute`, an Executor. */
  module: string;
  /** Hash of the file as it was loaded, so that a changed one is a new revision. */
  moduleHash: string;
}

/** An agent of model, prompt and tools. */
export interface DeclaredExecution extends ExecutionBase {
  kind: 'declared';
  model: { llmId?: string; fallbackLlmIds: string[]; temperature?: number };
  /** The text itself: `{file: …}` is read at load. Holds `{{variable}}` placeholders. */
  systemPrompt: string;
  scenarios: Scenario[];
  fallbackMessage: string;
  tools: ToolDefinition[];
  /** What its sql tools may read. */
  dataPermissions: DataPermissions;
  responseSchema?: JsonSchema;
}

export interface ContextVariable {
  name: string;
  description?: string;
  schema: JsonSchema;
  required: boolean;
  default?: unknown;
  /** `request`: from provided-values or `contextValues`; `claim`: from the verified token only. */
  source: 'request' | 'claim';
  /** The token's claim, with `source: claim`. */
  claim?: string;
  /** Tools may use it; the model, logs, probe and store never see it in clear. */
  secret: boolean;
  /** What a run does without a value: it is refused (default), or waits in auth-required for a message that brings it. */
  onMissing?: 'auth-required';
}

export interface Scenario {
  name: string;
  description: string;
  instructions: string;
  /** Names of the tools that this scenario may use; absent: all of the agent's. */
  tools?: string[];
  examples: string[];
}

export interface Limits {
  maxSteps: number;
  maxToolCalls: number;
  timeoutSeconds: number;
  toolTimeoutSeconds: number;
  /** After which a statement of an sql tool is stopped. */
  queryTimeoutSeconds: number;
  maxHistoryMessages: number;
  maxResultCharacters: number;
  /** How long a proposed call, or a question, waits for the user. */
  approvalTimeoutSeconds: number;
  /** How many agents may stand one above the other, each delegating to the next. */
  maxDepth: number;
}

/** One revision of an agent: what a run executes, unchanged until its end. */
export interface AgentRevision {
  readonly id: string;
  /** Hash of the definition, 12 hex characters. */
  readonly revision: string;
  readonly definition: AgentDefinition;
  /** ISO-8601 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}
