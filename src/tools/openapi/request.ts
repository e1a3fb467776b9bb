import { ToolError } from '../tool.ts';
import { writeBody } from './body.ts';
import type { OperationPlan } from './operation-plan.ts';
import type { ParameterPlan, ParameterPlace } from './parameter-plan.ts';
import { headerValue, isAbsent, pathSegment, queryPairs } from './parameter-style.ts';
import type { CredentialPlace } from './security.ts';

/** A request as it goes out. */
export interface OperationRequest {
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** What the arguments do not say. */
export interface RequestFrame {
  /** Absolute. */
  server: string;
  /** The operator's own headers, in lower case. */
  headers: Readonly<Record<string, string>>;
  credentials: readonly CredentialPlace[];
}

type Arguments = Readonly<Record<string, unknown>>;

/**
 * Builds an operation's request from validated arguments. An argument stays in its place: it is encoded there, and
 * the operator's headers and credentials stand above it.
 * @throws ToolError that names an argument which cannot stand where it belongs.
 */
export function buildRequest(plan: OperationPlan, args: Arguments, frame: RequestFrame): OperationRequest {
  const body = plan.body && writeBody(plan.body, args[plan.body.argument]);
  return {
    url: addressOf(plan, args, frame),
    headers: {
      accept: 'application/json',
      ...(body && { 'content-type': body.contentType }),
      ...headersOf(plan, args),
      ...cookieHeader(plan, args, frame),
      ...withoutCookie(frame.headers),
      ...Object.fromEntries(
        credentialsIn(frame, 'header').map(({ name, value }) => [name.toLowerCase(), value]),
      ),
    },
    ...(body && { body: body.text }),
  };
}

function addressOf(plan: OperationPlan, args: Arguments, frame: RequestFrame): string {
  const segments = Object.fromEntries(
    given(plan, 'path', args).map(([parameter, value]) => [parameter.name, pathSegment(parameter, value)]),
  );
  const path = plan.path.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => segments[name] ?? whole);
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    throw new ToolError('The arguments must not form the path segment "." or "..".');
  }
  const query = [
    ...given(plan, 'query', args).flatMap(([parameter, value]) => queryPairs(parameter, value)),
    ...credentialsIn(frame, 'query').map(
      ({ name, value }) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
    ),
  ].join('&');
  return `${frame.server.replace(/\/+$/, '')}${path}${query && `?${query}`}`;
}

function headersOf(plan: OperationPlan, args: Arguments): Record<string, string> {
  const written = given(plan, 'header', args).filter(([, value]) => !isAbsent(value));
  return Object.fromEntries(
    written.map(([parameter, value]) => {
      const text = headerValue(parameter, value);
      if (!/^[\t\x20-\x7e]*$/.test(text)) {
        throw new ToolError(`The argument ${parameter.argument} must be ASCII without line breaks.`);
      }
      return [parameter.name.toLowerCase(), text];
    }),
  );
}

/** The cookies of the operator, of the arguments and of the credentials, in one header. */
function cookieHeader(plan: OperationPlan, args: Arguments, frame: RequestFrame): { cookie?: string } {
  const cookies = [
    ...(frame.headers['cookie'] ? [frame.headers['cookie']] : []),
    ...given(plan, 'cookie', args).flatMap(([parameter, value]) => queryPairs(parameter, value)),
    ...credentialsIn(frame, 'cookie').map(({ name, value }) => `${name}=${value}`),
  ];
  return cookies.length > 0 ? { cookie: cookies.join('; ') } : {};
}

function withoutCookie({ cookie: _cookie, ...headers }: RequestFrame['headers']): Record<string, string> {
  return headers;
}

function given(plan: OperationPlan, place: ParameterPlace, args: Arguments): [ParameterPlan, unknown][] {
  const parameters = plan.parameters.filter((parameter) => parameter.in === place);
  return parameters.map((parameter) => [parameter, args[parameter.argument]]);
}

function credentialsIn({ credentials }: RequestFrame, place: CredentialPlace['in']): CredentialPlace[] {
  return credentials.filter((credential) => credential.in === place);
}
