import type { Model } from '../../llm/model.ts';
import type { Usage } from '../../runs/event.ts';
import type { Execution } from '../../runs/executor.ts';
import type { JsonObject } from '../../runs/message.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Tool } from '../../tools/tool.ts';
import type { DeclaredExecution } from '../definition.ts';
import type { SecretMask } from './secrets.ts';
import type { StepRecorder } from './steps.ts';

/** What one execution of the loop carries from step to step. */
export interface LoopState {
  readonly execution: Execution;
  readonly agent: DeclaredExecution;
  /** Of the agent. */
  readonly revision: string;
  readonly models: readonly Model[];
  readonly tools: readonly Tool[];
  /** Context values without the secret ones: all that prompts and models may see. */
  readonly visibleValues: JsonObject;
  readonly mask: SecretMask;
  readonly steps: StepRecorder;
  readonly temperature?: number;
  readonly maxSteps: number;
  /** Sums up over all model calls of the run. */
  usage: Usage;
  toolCalls: number;
  /** The answer's text as far as it was said. */
  said: string;
  readonly log?: Log;
}
