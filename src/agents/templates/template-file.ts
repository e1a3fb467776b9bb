import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Document, isMap, parseDocument, type YAMLMap } from 'yaml';
import type { ImportRequest, Template } from '../../tools/gateway/template-library.ts';
import { closed, list, text } from '../schema-parts.ts';

/** A template: what it is, and the agent file that it becomes. */
export interface TemplateFile {
  template: Template;
  /** The text of the agent file under the new id, the comments of the template's author included. */
  agentFile(request: ImportRequest): string;
}

const header = closed(
  { name: text(128), description: text(1024), tags: list(text(64), 20), needs: list(text(500), 20) },
  ['name', 'description', 'tags', 'needs'],
);
const schema = closed({ template: header, agent: { type: 'object' } }, ['template', 'agent']);
type Fields = { template: Omit<Template, 'id'> };

let compiled: ValidateFunction<Fields> | undefined;

const maxAliasCount = 100;

/**
 * Reads a template: `template: {name, description, tags, needs}` and `agent:` with an agent file below it.
 * @param id its file's name without the ending
 * @returns a reason, which completes "the template …", for what is none
 */
export function parseTemplate(id: string, source: string): TemplateFile | { reason: string } {
  const document = parseDocument(source, { prettyErrors: false, stringKeys: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error) return { reason: `is not valid YAML (${error.code})` };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount });
  } catch {
    return { reason: 'is not valid YAML (aliases)' };
  }
  const fits = (compiled ??= new Ajv2020().compile<Fields>(schema));
  const agent = document.get('agent');
  if (!fits(value) || !isMap(agent)) {
    const [misfit] = fits.errors ?? [];
    return { reason: `has at ${misfit?.instancePath || '/'}: ${misfit?.message ?? 'no agent'}` };
  }
  return {
    template: { id, ...value.template },
    agentFile: (request) => agentFileText(agent.clone() as YAMLMap, request),
  };
}

function agentFileText(agent: YAMLMap, { template, id, name, description }: ImportRequest): string {
  agent.set('id', id);
  if (name !== undefined) agent.setIn(['card', 'name'], name);
  if (description !== undefined) agent.setIn(['card', 'description'], description);
  const document = new Document();
  document.contents = agent;
  document.commentBefore = ` Made from the template ${template}.`;
  return document.toString({ lineWidth: 0 });
}
