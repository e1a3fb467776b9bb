import { randomUUID } from 'node:crypto';
import type { BodyPlan } from './body-plan.ts';
import { isAbsent, queryPairs } from './parameter-style.ts';

/** A body as it is sent. */
export interface WrittenBody {
  contentType: string;
  text: string;
}

/** Writes the argument `body`; undefined where it is absent. */
export function writeBody(plan: BodyPlan, value: unknown): WrittenBody | undefined {
  if (value === undefined || (value === null && !plan.required)) return undefined;
  if (/\bx-www-form-urlencoded\b/i.test(plan.mediaType)) {
    return { contentType: plan.mediaType, text: formText(plan, value) };
  }
  if (/^multipart\//i.test(plan.mediaType)) return multipart(plan, value);
  const isText = /^text\//i.test(plan.mediaType) && typeof value === 'string';
  return { contentType: plan.mediaType, text: isText ? value : JSON.stringify(value) };
}

/** A list repeats its name and an object is JSON, where the document's `encoding` says nothing else. */
function formText(plan: BodyPlan, value: unknown): string {
  return fieldsOf(value)
    .flatMap(([name, field]) => {
      const { style, explode } = plan.fields[name] ?? {};
      const isJson = typeof field === 'object' && !Array.isArray(field) && style === undefined;
      const written = style ?? 'form';
      return queryPairs({ name, style: written, explode: explode ?? written === 'form', isJson }, field);
    })
    .join('&');
}

/** Fields of text; a list repeats its name, an object is JSON (RFC 7578). */
function multipart(plan: BodyPlan, value: unknown): WrittenBody {
  const boundary = `form-${randomUUID()}`;
  const parts = fieldsOf(value).flatMap(([name, field]) =>
    (Array.isArray(field) ? (field as unknown[]) : [field]).map((one) => part(name, one)),
  );
  const text = `${parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('')}--${boundary}--\r\n`;
  return { contentType: `${plan.mediaType.split(';')[0]}; boundary=${boundary}`, text };
}

function part(name: string, value: unknown): string {
  // A quote or a line break in a name would end it.
  const quoted = name.replaceAll(/["\r\n]/g, (character) => encodeURIComponent(character));
  const disposition = `Content-Disposition: form-data; name="${quoted}"`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const type = typeof value === 'object' ? '\r\nContent-Type: application/json' : '';
  return `${disposition}${type}\r\n\r\n${text}`;
}

function fieldsOf(value: unknown): [string, unknown][] {
  const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return fields.filter(([, field]) => !isAbsent(field));
}
