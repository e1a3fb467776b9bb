import type { Invocation } from '../agents/invoker.ts';
import type { Message } from '../runs/message.ts';
import type { Call } from './call.ts';
import { requireInputModes, requireOutputModes } from './media-types.ts';
import { redactSecrets, takeConversationHistory, takeProvidedValues } from './provided-values.ts';
import type { SendMessageRequest } from './wire.ts';

/**
 * What a message asks of an agent: the values and the conversation that extensions carry are taken out of it.
 * @throws Problem invalid_request for ill-formed ones, content_type_not_supported for what the agent does not take.
 */
export function invocationOf(request: SendMessageRequest, call: Call): Invocation {
  const values = takeProvidedValues(request.message, call.activated);
  const history = takeConversationHistory(values.message, call.activated);
  const hidden = hiddenParts(request.message, history.message);
  requireInputModes(request.message, hidden, call.agent);
  requireOutputModes(request.acceptedOutputModes, call.agent);
  const secretNames = call.agent.definition.execution.contextVariables
    .filter((variable) => variable.secret)
    .map((variable) => variable.name);
  return {
    agent: call.agent,
    principal: call.principal,
    door: 'a2a',
    message: redactSecrets(request.message, secretNames),
    hiddenParts: hidden,
    ...(history.history && { history: history.history }),
    ...(values.provided && { provided: values.provided }),
    ...(call.llmId !== undefined && { llmId: call.llmId }),
    ...(request.acceptedOutputModes && { acceptedOutputModes: request.acceptedOutputModes }),
    properties: call.properties,
  };
}

/** Indexes of the parts that were taken out of the message. */
function hiddenParts(whole: Message, shown: Message): number[] {
  // A set: a body may hold hundreds of thousands of parts.
  const visible = new Set(shown.parts);
  return whole.parts.flatMap((part, index) => (visible.has(part) ? [] : [index]));
}
