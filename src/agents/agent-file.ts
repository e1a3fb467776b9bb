import type {
  AgentDefinition,
  ContextVariable,
  DeclaredExecution,
  HttpToolDefinition,
  KnowledgeToolDefinition,
  Limits,
  PublishedCard,
  Scenario,
} from './definition.ts';

type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** The agent file as it is written: valid by its schema, defaults not filled in. */
export interface AgentFile extends Pick<AgentDefinition, 'schemaVersion' | 'id' | 'extendedCard'> {
  card: WrittenCard;
  execution: WrittenExecution;
}

export interface WrittenCard extends Optional<
  Omit<PublishedCard, 'capabilities'>,
  'defaultInputModes' | 'defaultOutputModes' | 'extensions'
> {
  capabilities?: Partial<PublishedCard['capabilities']>;
}

export interface WrittenExecution extends Pick<DeclaredExecution, 'responseSchema' | 'answerIn'> {
  model?: Partial<DeclaredExecution['model']>;
  systemPrompt: string | { file: string };
  contextVariables?: WrittenVariable[];
  scenarios?: WrittenScenario[];
  fallbackMessage?: string;
  tools?: WrittenTool[];
  access?: DeclaredExecution['access'];
  onReplicaLoss?: DeclaredExecution['onReplicaLoss'];
  limits?: Partial<Limits>;
}

export type WrittenVariable = Optional<ContextVariable, 'required' | 'source' | 'secret'>;
export type WrittenScenario = Optional<Scenario, 'instructions' | 'examples'>;
export type WrittenTool = WrittenKnowledgeTool | WrittenHttpTool;
export type WrittenKnowledgeTool = Optional<KnowledgeToolDefinition, 'topK'>;
export type WrittenHttpTool = Optional<HttpToolDefinition, 'parameters' | 'headers'>;

/** Where in the file: property names and list positions from its root. */
export type FilePath = readonly (string | number)[];

/** What is wrong, before the line is known. `reason` never holds a value that may be a secret. */
export interface Finding {
  path: FilePath;
  reason: string;
}
