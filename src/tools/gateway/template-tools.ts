import MiniSearch from 'minisearch';
import { compileParameters } from '../parameters.ts';
import type { Tool } from '../tool.ts';
import type { ImportRequest, Template, TemplateLibrary } from './template-library.ts';

const searchParameters = {
  type: 'object',
  properties: {
    query: { type: 'string', maxLength: 500, description: 'Words to look for; without them: all templates.' },
    limit: { type: 'integer', minimum: 1, maximum: 50, description: 'How many at most. Default: 20.' },
  },
  additionalProperties: false,
};

/** `search_templates`: answers `{templates: [{template, name, description, tags, needs}], count}`, best first. */
export function createSearchTemplatesTool(library: TemplateLibrary): Tool {
  return {
    name: 'search_templates',
    description: 'Searches the ready agent definitions that import_template makes agents of.',
    parameters: searchParameters,
    sideEffects: false,
    validate: compileParameters(searchParameters),
    execute: async (call) => {
      const { query = '', limit = 20 } = call.arguments as { query?: string; limit?: number };
      const found = matching(await library.list(), query).slice(0, limit);
      const templates = found.map(({ id, ...rest }) => ({ template: id, ...rest }));
      return {
        text: JSON.stringify({ templates, count: templates.length }),
        summary: `${templates.length} templates found`,
      };
    },
  };
}

function matching(templates: readonly Template[], query: string): Template[] {
  if (query.trim() === '') return [...templates];
  const search = new MiniSearch<Template>({ fields: ['id', 'name', 'tags', 'description'] });
  search.addAll(templates);
  const found = search.search(query, { prefix: true, fuzzy: 0.2, boost: { name: 2, tags: 2 } });
  return found.flatMap(({ id }) => templates.find((template) => template.id === id) ?? []);
}

const importParameters = {
  type: 'object',
  properties: {
    template: { type: 'string', minLength: 1, maxLength: 64, description: 'As search_templates names it.' },
    id: {
      type: 'string',
      pattern: '^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$',
      description: 'The id of the new agent: lower case letters, digits and hyphens.',
    },
    name: { type: 'string', minLength: 1, maxLength: 128, description: "The new agent's name." },
    description: { type: 'string', minLength: 1, maxLength: 1024, description: 'What its card says of it.' },
  },
  required: ['template', 'id'],
  additionalProperties: false,
};

/** `import_template`: answers `{agent_id, file, card_url, needs}`. */
export function createImportTemplateTool(library: TemplateLibrary, publicUrl: () => string): Tool {
  return {
    name: 'import_template',
    description: 'Makes a new agent of a template: writes its file, which is served at once.',
    parameters: importParameters,
    sideEffects: true,
    validate: compileParameters(importParameters),
    execute: async (call) => {
      const request = call.arguments as unknown as ImportRequest;
      const { file, needs } = await library.import(request);
      const cardUrl = `${publicUrl()}/a2a/${request.id}/.well-known/agent-card.json`;
      return {
        text: JSON.stringify({ agent_id: request.id, file, card_url: cardUrl, needs }),
        summary: `agent ${request.id} made`,
      };
    },
  };
}
