import type { GuardedResponse } from '../egress/capped-fetch.ts';
import { ToolError } from '../tool.ts';
import type { ToolResult } from '../tool.ts';

/** Characters of an error's body that the model reads. */
const maximumExcerpt = 300;

/**
 * What the model reads of a service's answer: JSON on one line, or its text.
 * @throws ToolError for a redirect, an error status, or an answer above the cap.
 */
export function readAnswer(response: GuardedResponse, mask: (text: string) => string): ToolResult {
  const { status } = response;
  if (status >= 300 && status < 400) {
    throw new ToolError(`The service answered ${status}: a redirect, which is not followed.`);
  }
  const text = mask(bodyText(response));
  if (status >= 400) {
    const excerpt = text.replace(/\s+/g, ' ').slice(0, maximumExcerpt).toWellFormed();
    throw new ToolError(`The service answered ${status}${excerpt ? `: ${excerpt}` : '.'}`);
  }
  if (response.truncated) {
    throw new ToolError('The answer of the service is larger than 1 MB; ask it for less.');
  }
  return { text: text || `The service answered ${status} without content.`, summary: `answered ${status}` };
}

function bodyText(response: GuardedResponse): string {
  const type = response.headers.get('content-type') ?? '';
  if (type && !/^text\/|[/+](?:json|xml|yaml)\b|x-www-form-urlencoded|ndjson|javascript/i.test(type)) {
    return `(${response.body.length} bytes of ${type.split(';')[0]})`;
  }
  const text = new TextDecoder().decode(response.body).trim();
  return response.truncated ? text : compactJson(text);
}

/** JSON without its white space; any other text, and JSON with numbers that JavaScript would round, as it is. */
function compactJson(text: string): string {
  if (!/^[[{]/.test(text) || /\d{16}/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}
