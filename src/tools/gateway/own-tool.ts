import type { Action } from '../../auth/permissions.ts';
import type { Tool } from '../tool.ts';

/** One of the gateway's own tools, which belong to no agent and are called directly over REST. */
export interface OwnTool {
  readonly tool: Tool;
  /** What its callers must be permitted: `manage` is for administrators alone. */
  readonly permission: Extract<Action, 'use_tools' | 'manage'>;
}
