import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client';
import { ToolError, type ToolResult } from '../tool.ts';

const mostCharacters = 1_000_000;

/**
 * What the model reads of a call's result: its texts, and a line for each thing that is no text.
 * @throws ToolError with the server's text when the call failed.
 */
export function readResult(result: CallToolResult, mask: (text: string) => string): ToolResult {
  const blocks = result.content.map(blockText);
  const structured = structuredText(result.structuredContent, blocks.join('\n'));
  const text = cut(mask([...blocks, structured].filter((part) => part !== '').join('\n')));
  if (result.isError) throw new ToolError(text || 'The tool failed and does not say why.');
  return { text: text || 'The tool answered without content.', summary: summaryOf(result) };
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type}: ${block.mimeType}, ${bytesOf(block.data)} bytes, not shown]`;
    case 'resource_link':
      return `[resource ${block.name}: ${block.uri}${block.mimeType ? `, ${block.mimeType}` : ''}]`;
    case 'resource': {
      const { uri, mimeType = 'unknown type' } = block.resource;
      if ('text' in block.resource) return `[resource ${uri}]\n${block.resource.text}`;
      return `[resource ${uri}: ${mimeType}, ${bytesOf(block.resource.blob)} bytes, not shown]`;
    }
    default:
      return '[content of an unknown type]';
  }
}

/** Servers say structured content in their text as well: then it is not said twice. */
function structuredText(structured: unknown, text: string): string {
  return structured === undefined || isSaid(structured, text) ? '' : JSON.stringify(structured);
}

/** Whether every text, number and truth value in it stands in the text, plain or as JSON writes it. */
function isSaid(value: unknown, text: string): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === 'object') return Object.values(value).every((one) => isSaid(one, text));
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  return text.includes(plain) || text.includes(JSON.stringify(plain).slice(1, -1));
}

function summaryOf({ content, structuredContent }: CallToolResult): string {
  const kinds = content.map(({ type }) => type.replace('_', ' '));
  if (kinds.length === 0) return structuredContent === undefined ? 'no content' : 'data';
  return [...new Set(kinds)].join(', ');
}

function bytesOf(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

function cut(text: string): string {
  if (text.length <= mostCharacters) return text;
  return `${text.slice(0, mostCharacters).toWellFormed()}\n[cut: ${text.length - mostCharacters} more characters]`;
}
