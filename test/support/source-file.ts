import { posix } from 'node:path';
import { parseSync } from '@swc/core';

/** What the rules of the architecture look at in one source file. */
export interface SourceFile {
  /** From the root of the repository, with slashes: `src/runs/log.ts`. */
  path: string;
  lines: number;
  imports: readonly SourceImport[];
  /** `any` written as a type, also in `as any` and `any[]`. */
  usesAny: boolean;
  hasDefaultExport: boolean;
  /** The global `process`, or Node's module of that name. */
  touchesProcess: boolean;
}

export interface SourceImport {
  /** As written; undefined where it is computed: `import(path)`. */
  specifier: string | undefined;
  /** A relative specifier's file from the root of the repository; undefined for packages and computed ones. */
  target: string | undefined;
  /** Only types: it is gone at run time. */
  typeOnly: boolean;
  /** Names taken by value, as the other file exports them; `*` for all of them, and for a dynamic import. */
  names: readonly string[];
}

/** A node of swc's syntax tree, of which only the shape matters here. */
type Node = Readonly<Record<string, unknown>> & { readonly type: string };

type Visit = (node: Node, parent: Node | undefined, key: string) => void;

/**
 * Reads one TypeScript file. It works on the syntax tree, so comments and strings that look like code
 * count for nothing.
 * @throws Error of swc when the text is not TypeScript.
 */
export function readSource(path: string, text: string): SourceFile {
  const root = parseSync(text, { syntax: 'typescript', target: 'es2024' });
  const imports: SourceImport[] = [];
  const found = { usesAny: false, hasDefaultExport: false, touchesProcess: false };
  walk(root, (node, parent, key) => {
    const taken = importOf(node);
    if (taken) imports.push({ ...taken, target: resolve(path, taken.specifier) });
    found.usesAny ||= node.type === 'TsKeywordType' && node['kind'] === 'any';
    found.hasDefaultExport ||= isDefaultExport(node);
    found.touchesProcess ||= isProcess(node, parent, key);
  });
  found.touchesProcess ||= imports.some(
    ({ specifier, typeOnly }) => !typeOnly && /^(node:)?process$/.test(specifier ?? ''),
  );
  return { path, lines: text.replace(/\n$/, '').split('\n').length, imports, ...found };
}

function importOf(node: Node): Omit<SourceImport, 'target'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return isNode(node['source']) ? importStatement(node, node['source']) : undefined;
    case 'CallExpression': {
      if (!isNode(node['callee']) || node['callee'].type !== 'Import') return undefined;
      return { specifier: constantText(firstArgument(node)), typeOnly: false, names: ['*'] };
    }
    case 'TsImportType':
      return { specifier: constantText(nodeAt(node, 'argument')), typeOnly: true, names: [] };
    default:
      return undefined;
  }
}

function importStatement(statement: Node, source: Node): Omit<SourceImport, 'target'> {
  const specifiers = nodesAt(statement, 'specifiers');
  const byValue = specifiers.filter((specifier) => specifier['isTypeOnly'] !== true);
  // With nothing in braces it is imported for its effect, or exported whole: by value.
  const typeOnly = statement['typeOnly'] === true || (specifiers.length > 0 && byValue.length === 0);
  const names = specifiers.length === 0 ? ['*'] : byValue.map(nameOf);
  return { specifier: constantText(source), typeOnly, names: typeOnly ? [] : names };
}

function nameOf(specifier: Node): string {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default';
  const name = nodeAt(specifier, 'orig') ?? nodeAt(specifier, 'imported') ?? nodeAt(specifier, 'local');
  const whole =
    specifier.type === 'ImportNamespaceSpecifier' || specifier.type === 'ExportNamespaceSpecifier';
  return !whole && typeof name?.['value'] === 'string' ? name['value'] : '*';
}

/** Arguments are wrapped: `{ spread, expression }`. */
function firstArgument(call: Node): Node | undefined {
  const list: unknown = call['arguments'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isRecord(first) && isNode(first['expression']) ? first['expression'] : undefined;
}

function constantText(node: Node | undefined): string | undefined {
  if (node?.type === 'StringLiteral' && typeof node['value'] === 'string') return node['value'];
  if (node?.type !== 'TemplateLiteral' || nodesAt(node, 'expressions').length > 0) return undefined;
  const cooked = nodesAt(node, 'quasis')[0]?.['cooked'];
  return typeof cooked === 'string' ? cooked : undefined;
}

function resolve(from: string, specifier: string | undefined): string | undefined {
  return specifier?.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}

function isDefaultExport(node: Node): boolean {
  if (node.type === 'ExportDefaultExpression' || node.type === 'ExportDefaultDeclaration') return true;
  if (node.type !== 'ExportSpecifier') return false;
  return (nodeAt(node, 'exported') ?? nodeAt(node, 'orig'))?.['value'] === 'default';
}

/** The global `process`, as opposed to somebody's property, method or type of that name. */
function isProcess(node: Node, parent: Node | undefined, key: string): boolean {
  if (parent && isPropertyOfGlobal(parent, key)) {
    return node['value'] === 'process' || constantText(nodeAt(node, 'expression')) === 'process';
  }
  if (node.type !== 'Identifier' || node['value'] !== 'process' || !parent) return false;
  if (parent.type === 'AssignmentPatternProperty') return true;
  if (parent.type.startsWith('Ts')) return key === 'expression';
  return !['key', 'property', 'imported', 'exported'].includes(key);
}

function isPropertyOfGlobal(node: Node, key: string): boolean {
  const object = node.type === 'MemberExpression' && key === 'property' ? nodeAt(node, 'object') : undefined;
  return object?.type === 'Identifier' && ['globalThis', 'global'].includes(String(object['value']));
}

/** Visits every node below `value`; swc puts lists and plain wrappers between a node and its children. */
function walk(value: unknown, visit: Visit, parent?: Node, key = ''): void {
  if (Array.isArray(value)) for (const entry of value) walk(entry, visit, parent, key);
  else if (isRecord(value)) {
    const node = isNode(value) ? value : undefined;
    if (node) visit(node, parent, key);
    for (const [name, child] of Object.entries(value)) walk(child, visit, node ?? parent, name);
  }
}

function nodesAt(node: Node, key: string): Node[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function nodeAt(node: Node, key: string): Node | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

function isNode(value: unknown): value is Node {
  return isRecord(value) && typeof value['type'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
