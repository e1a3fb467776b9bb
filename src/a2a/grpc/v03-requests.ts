import type { LegacyA2AService } from '@a2a-js/sdk/compat/v0_3/server/grpc';

type Methods = typeof LegacyA2AService;
type SendMessageRequest = ReturnType<Methods['sendMessage']['requestDeserialize']>;
type Message = NonNullable<SendMessageRequest['request']>;
type Part = Message['content'][number];
type File = Extract<NonNullable<Part['part']>, { $case: 'file' }>['value'];
type GetTaskRequest = ReturnType<Methods['getTask']['requestDeserialize']>;

/** Numbers of the enum Role; what is not among them is refused by the codec. */
const roles: Readonly<Record<number, string>> = { 1: 'ROLE_USER', 2: 'ROLE_AGENT' };

/** SendMessageRequest of the v0.3 proto → its JSON form. */
export function sendRequestJson({ request, configuration, metadata }: SendMessageRequest): object {
  return {
    message: request && messageJson(request),
    configuration: configuration && {
      ...configuration,
      historyLength: withoutZero(configuration.historyLength),
    },
    metadata,
  };
}

export function getRequestJson({ name, historyLength }: GetTaskRequest): object {
  return { name, historyLength: withoutZero(historyLength) };
}

/** Messages without a oneof or an enum are their own JSON form. */
export function sameJson(request: object): object {
  return { ...request };
}

/** In the v0.3 proto no limit is 0. */
function withoutZero(historyLength: number): number | undefined {
  return historyLength === 0 ? undefined : historyLength;
}

function messageJson({ role, content, ...message }: Message): object {
  return { ...message, role: roles[role], content: content.map(partJson) };
}

function partJson({ part }: Part): object {
  if (part?.$case === 'file') return { file: fileJson(part.value) };
  return part ? { [part.$case]: part.value } : {};
}

function fileJson({ file, mimeType }: File): object {
  if (file?.$case === 'fileWithBytes') return { fileWithBytes: file.value.toString('base64'), mimeType };
  return { fileWithUri: file?.value, mimeType };
}
