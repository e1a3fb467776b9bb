import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { headerFindings, headers, type HeaderValue } from './agents/declared-headers.ts';
import type { Variables } from './config-variables.ts';
import { describeMisfit, parseYamlFile, type RejectFile } from './config-yaml.ts';
import type { OwnToolsConfig, OwnToolTerms } from './tools/gateway/own-tools.ts';
import type { KnowledgeBase } from './tools/gateway/search-knowledge-base.ts';
import type { TicketWebhook } from './tools/gateway/support-ticket.ts';

const fileVariable = 'TOOLS_FILE';
/** The sample guide's folder and the templates', below AGENT_CARDS_DIR. */
const guideName = 'guide';
const templatesName = 'templates';

/** The file as it is written: a tool that has nothing to say of itself may be null. */
interface ToolsFile {
  search_knowledge_base?: (OwnToolTerms & { sources?: Record<string, string> }) | null;
  search_templates?: (OwnToolTerms & { folder?: string }) | null;
  import_template?: (OwnToolTerms & { folder?: string }) | null;
  create_support_ticket?: (OwnToolTerms & { webhook?: WrittenWebhook }) | null;
}

interface WrittenWebhook {
  url: string;
  headers?: Record<string, HeaderValue>;
}

const text = { type: 'string', minLength: 1, maxLength: 2048 };
const terms = { agentic: { type: 'boolean' }, priceUsd: { type: 'number', minimum: 0, maximum: 1000 } };
const templates = ownTool({ folder: text });

const toolsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    search_knowledge_base: ownTool({
      sources: {
        type: 'object',
        minProperties: 1,
        maxProperties: 50,
        propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$' },
        additionalProperties: text,
      },
    }),
    search_templates: templates,
    import_template: templates,
    create_support_ticket: ownTool({
      webhook: {
        type: 'object',
        properties: { url: text, headers },
        required: ['url'],
        additionalProperties: false,
      },
    }),
  },
};

function ownTool(properties: object): object {
  return { type: ['object', 'null'], properties: { ...terms, ...properties }, additionalProperties: false };
}

/** Where the file is, what stands around it, and how its mistakes are noted. */
interface FilePlace {
  /** That of the file: relative paths start there. */
  folder: string;
  agentCardsDir: string;
  variables: Variables;
  reject: RejectFile;
}

/**
 * The gateway's own tools, as TOOLS_FILE says. Without the variable there is one: `search_knowledge_base` over the
 * sample guide, where that is there.
 */
export function readOwnTools(variables: Variables, agentCardsDir: string): OwnToolsConfig {
  const path = variables.text(fileVariable);
  if (path === undefined) {
    const sources = guideOf(agentCardsDir);
    return sources.length > 0 ? { searchKnowledgeBase: { sources } } : {};
  }
  const reject: RejectFile = (problem) => variables.reject(fileVariable, `${path}: ${problem}`);
  const content = parseYamlFile(path, reject);
  // An empty file reads as an empty list: no tool is configured.
  if (content === undefined || (Array.isArray(content) && content.length === 0)) return {};
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<ToolsFile>(toolsSchema);
  if (validate(content))
    return ownTools(content, { folder: dirname(path), agentCardsDir, variables, reject });
  for (const error of validate.errors ?? []) reject(describeMisfit(error));
  return {};
}

function ownTools(file: ToolsFile, place: FilePlace): OwnToolsConfig {
  const { search_knowledge_base, search_templates, import_template, create_support_ticket } = file;
  return {
    ...(search_knowledge_base !== undefined && {
      searchKnowledgeBase: knowledgeBases(search_knowledge_base ?? {}, place),
    }),
    ...(search_templates !== undefined && {
      searchTemplates: templateFolder('search_templates', search_templates ?? {}, place),
    }),
    ...(import_template !== undefined && {
      importTemplate: templateFolder('import_template', import_template ?? {}, place),
    }),
    ...(create_support_ticket !== undefined && {
      createSupportTicket: ticketTarget(create_support_ticket ?? {}, place),
    }),
  };
}

function knowledgeBases(
  { sources, ...rest }: NonNullable<ToolsFile['search_knowledge_base']>,
  { folder, agentCardsDir, reject }: FilePlace,
): OwnToolTerms & { sources: KnowledgeBase[] } {
  if (!sources) {
    const guide = guideOf(agentCardsDir);
    if (guide.length === 0) reject('/search_knowledge_base/sources is required: there is no guide to search');
    return { ...rest, sources: guide };
  }
  const bases = Object.entries(sources).map(([name, path]) => ({ name, folder: resolve(folder, path) }));
  for (const { name, folder: path } of bases) {
    if (!isFolder(path)) reject(`/search_knowledge_base/sources/${name} ${noFolder}`);
  }
  return { ...rest, sources: bases };
}

function templateFolder(
  tool: string,
  { folder: written, ...rest }: NonNullable<ToolsFile['search_templates']>,
  { folder, agentCardsDir, reject }: FilePlace,
): OwnToolTerms & { folder: string } {
  const path = written === undefined ? resolve(agentCardsDir, templatesName) : resolve(folder, written);
  if (!isFolder(path)) reject(`/${tool}/folder ${noFolder}`);
  return { ...rest, folder: path };
}

function ticketTarget(
  { webhook, ...rest }: NonNullable<ToolsFile['create_support_ticket']>,
  { variables, reject }: FilePlace,
): OwnToolTerms & { webhook?: TicketWebhook } {
  if (!webhook) return rest;
  const { url, headers: declared = {} } = webhook;
  const at = '/create_support_ticket/webhook';
  const address = URL.parse(url);
  if (!address || !/^https?:$/.test(address.protocol)) reject(`${at}/url must be an http or https address`);
  if (address?.username || address?.password) {
    reject(`${at}/url must not hold a user name or password: use a header with {env: NAME}`);
  }
  for (const { path, reason } of headerFindings(declared, ['headers'], new Set())) {
    reject(`${at}/${path.join('/')} ${reason}`);
  }
  for (const [name, value] of Object.entries(declared)) {
    if (typeof value !== 'string' && 'env' in value && variables.text(value.env) === undefined) {
      reject(`${at}/headers/${name}/env must name a variable that is set`);
    }
  }
  return { ...rest, webhook: { url, headers: declared } };
}

const noFolder = 'is not a folder that exists (seen from the folder of this file)';

function guideOf(agentCardsDir: string): KnowledgeBase[] {
  const folder = resolve(join(agentCardsDir, guideName));
  return isFolder(folder) ? [{ name: guideName, folder }] : [];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
