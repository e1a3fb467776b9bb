import {
  ContentTypeNotSupportedError,
  ExtendedAgentCardNotConfiguredError,
  ExtensionSupportRequiredError,
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
  VersionNotSupportedError,
} from '@a2a-js/sdk/errors';
import { toProblem } from '../http/error-table.ts';
import type { Reason } from '../http/problem.ts';

type ErrorClass = typeof TaskNotFoundError;

/** The SDK's class for each reason that it knows (spec §3.3.2); the rest are internal to its transports. */
const classes: Partial<Record<Reason, ErrorClass>> = {
  task_not_found: TaskNotFoundError,
  task_not_cancelable: TaskNotCancelableError,
  push_not_supported: PushNotificationNotSupportedError,
  unsupported_operation: UnsupportedOperationError,
  content_type_not_supported: ContentTypeNotSupportedError,
  extended_card_not_configured: ExtendedAgentCardNotConfiguredError,
  extension_required: ExtensionSupportRequiredError,
  version_not_supported: VersionNotSupportedError,
  invalid_request: RequestMalformedError,
  invalid_message: RequestMalformedError,
  malformed_json: RequestMalformedError,
  llm_not_configured: RequestMalformedError,
};

/** Whatever an operation threw, as the SDK's transports understand it; the words are the gateway's. */
export function sdkError(error: unknown): Error {
  const problem = toProblem(error);
  const ErrorOfReason = classes[problem.reason];
  return ErrorOfReason ? new ErrorOfReason({ message: problem.message, cause: error }) : problem;
}
