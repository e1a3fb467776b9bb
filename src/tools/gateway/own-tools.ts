import type { Tool } from '../tool.ts';
import { createHostCliTool, createHostListCommandsTool } from './host-tools.ts';
import type { OwnTool } from './own-tool.ts';
import { createSearchKnowledgeBaseTool, type KnowledgeBase } from './search-knowledge-base.ts';
import {
  createSupportTicketTool,
  type SupportTicketDependencies,
  type TicketWebhook,
} from './support-ticket.ts';
import type { TemplateLibrary } from './template-library.ts';
import { createImportTemplateTool, createSearchTemplatesTool } from './template-tools.ts';

/** What a tool's calls cost, if they do. */
export interface OwnToolTerms {
  agentic?: boolean;
  priceUsd?: number;
}

/** The gateway's own tools as configured; what is absent does not exist. */
export interface OwnToolsConfig {
  searchKnowledgeBase?: OwnToolTerms & { sources: readonly KnowledgeBase[] };
  /** `folder` has the templates. */
  searchTemplates?: OwnToolTerms & { folder: string };
  importTemplate?: OwnToolTerms & { folder: string };
  /** Without a webhook tickets are stored. */
  createSupportTicket?: OwnToolTerms & { webhook?: TicketWebhook };
}

export interface OwnToolsDependencies extends SupportTicketDependencies {
  templatesIn(folder: string): TemplateLibrary;
  /** The operator's commands, which host_cli runs; none: there is no such tool. */
  commands: readonly Tool[];
  commandTerms: OwnToolTerms;
  publicUrl: () => string;
}

/** Makes those tools that are configured. Nothing is read or connected yet. */
export function createOwnTools(config: OwnToolsConfig, deps: OwnToolsDependencies): OwnTool[] {
  const { searchKnowledgeBase, searchTemplates, importTemplate, createSupportTicket } = config;
  const tools: (OwnTool | undefined)[] = [
    searchKnowledgeBase &&
      forUsers(createSearchKnowledgeBaseTool(searchKnowledgeBase.sources), searchKnowledgeBase),
    searchTemplates &&
      forUsers(createSearchTemplatesTool(deps.templatesIn(searchTemplates.folder)), searchTemplates),
    importTemplate &&
      forAdministrators(
        createImportTemplateTool(deps.templatesIn(importTemplate.folder), deps.publicUrl),
        importTemplate,
      ),
    createSupportTicket &&
      forUsers(createSupportTicketTool(createSupportTicket.webhook, deps), createSupportTicket),
    ...hostTools(deps),
  ];
  return tools.filter((tool) => tool !== undefined);
}

function hostTools({ commands, commandTerms }: OwnToolsDependencies): OwnTool[] {
  if (commands.length === 0) return [];
  return [
    forAdministrators(createHostListCommandsTool(commands), {}),
    forAdministrators(createHostCliTool(commands), commandTerms),
  ];
}

function forUsers(tool: Tool, terms: OwnToolTerms): OwnTool {
  return { tool: onTerms(tool, terms), permission: 'use_tools' };
}

function forAdministrators(tool: Tool, terms: OwnToolTerms): OwnTool {
  return { tool: onTerms(tool, terms), permission: 'manage' };
}

function onTerms(tool: Tool, { agentic, priceUsd }: OwnToolTerms): Tool {
  return { ...tool, ...(agentic && { agentic }), ...(priceUsd !== undefined && { priceUsd }) };
}
