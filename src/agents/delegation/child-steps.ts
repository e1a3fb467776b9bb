import type { RunEvent, StepType } from '../../runs/event.ts';
import type { Json } from '../../runs/message.ts';
import type { ToolStep } from '../../tools/tool.ts';

const stepTypes: ReadonlySet<unknown> = new Set<StepType>([
  'scenario_selection',
  'planning',
  'tool_execution',
  'model_call',
  'answer',
]);

/**
 * The steps that an event of another agent's run tells of: its own, or those in what another gateway says.
 * @param mask of what their words must not show
 */
export function childSteps(event: RunEvent, mask: (text: string) => string): ToolStep[] {
  return toldSteps(event).map(({ name, tool, summary, ...step }) => ({
    ...step,
    name: mask(name),
    ...(tool !== undefined && { tool: mask(tool) }),
    ...(summary !== undefined && { summary: mask(summary) }),
  }));
}

function toldSteps(event: RunEvent): ToolStep[] {
  if (event.kind === 'step') return [toolStep(event.step)].flatMap((step) => step ?? []);
  if (event.kind !== 'status') return [];
  return (event.message?.parts ?? []).flatMap(({ data, metadata }) =>
    metadata?.['type'] === 'DW_STATUS_UPDATE' ? (toolStep(data) ?? []) : [],
  );
}

/** What comes from another server is taken only as far as it is a step. */
function toolStep(data: Json | object | undefined): ToolStep | undefined {
  if (data === null || typeof data !== 'object') return undefined;
  const { id, parentId, type, name, status, tool, summary } = data as Record<string, unknown>;
  if (typeof id !== 'string' || typeof name !== 'string' || !isStatus(status)) return undefined;
  return {
    id,
    name,
    status,
    ...(typeof parentId === 'string' && { parentId }),
    ...(isStepType(type) && { type }),
    ...(typeof tool === 'string' && { tool }),
    ...(typeof summary === 'string' && { summary }),
  };
}

function isStatus(value: unknown): value is ToolStep['status'] {
  return value === 'in_progress' || value === 'completed' || value === 'failed';
}

function isStepType(value: unknown): value is StepType {
  return stepTypes.has(value);
}
