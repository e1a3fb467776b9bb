import {
  isBuiltIn,
  isPermittedFunction,
  isPermittedType,
  isPermittedValueFunction,
} from './permitted-names.ts';
import { StatementReading } from './statement-reading.ts';
import {
  childrenOf,
  namesIn,
  UnknownSyntaxError,
  type StatementNode,
  type Tree,
} from './statement-grammar.ts';

/** Deeper than a person or a model writes; a walk of this depth is safe on the stack. */
const maximumDepth = 250;

/** Names that PostgreSQL keeps for its own tables, which it finds without a schema. */
const reservedName = /^pg_/i;

/** The names of `WITH` that hold at a place of the statement. */
type Scope = ReadonlySet<string>;

interface Place {
  scope: Scope;
  depth: number;
}

/**
 * Reads a parsed SELECT and proves that it only computes over tables that are named without a schema: no other kind
 * of statement anywhere inside, no locks, only permitted functions, types and operators.
 * @throws UnknownSyntaxError that names what is not permitted
 */
export function readStatement(statement: StatementNode): StatementReading {
  if (statement.type !== 'SelectStmt') throw new UnknownSyntaxError('only one SELECT statement is permitted');
  const reading = new StatementReading();
  visit(statement, { scope: new Set(), depth: 0 }, reading);
  return reading;
}

function visit(node: StatementNode, place: Place, reading: StatementReading): void {
  if (place.depth > maximumDepth) throw new UnknownSyntaxError('the statement is nested too deeply');
  checks[node.type]?.(node.body);
  const children = childrenOf(node);
  note(node, place.scope, reading);
  const scope = node.type === 'SelectStmt' ? readWith(node.body, place, reading) : place.scope;
  for (const child of children) {
    if (child.field === 'withClause') continue;
    visit(child.node, { scope, depth: place.depth + 1 }, reading);
  }
}

/** What a node's own words may be. */
const checks: Readonly<Record<string, (body: Tree) => void>> = {
  RangeVar: ({ catalogname, schemaname, relname }) => {
    if (schemaname !== undefined || catalogname !== undefined) {
      const name = dotted([catalogname, schemaname, relname].filter(isText));
      throw new UnknownSyntaxError(`${name} is not permitted: a table is named without its schema`);
    }
    permit(!reservedName.test(String(relname)), String(relname));
  },
  CommonTableExpr: ({ ctename }) => permit(!reservedName.test(String(ctename)), String(ctename)),
  FuncCall: ({ funcname }) => {
    const names = namesIn(funcname);
    permit(isPermittedFunction(names), `the function ${dotted(names)}`);
  },
  RangeFunction: ({ functions }) => {
    // What is no call names itself after its keyword or type: a name that this guard would not know.
    const calls = (functions as { List: { items: Tree[] } }[]).map(({ List }) => List.items[0] ?? {});
    const areCalls = calls.every((call) => Object.hasOwn(call, 'FuncCall'));
    if (!areCalls) throw new UnknownSyntaxError('what stands in FROM is no function; write a subquery');
  },
  TypeName: (body) => {
    const names = namesIn(body['names']);
    permit(isPermittedType(names), `the type ${dotted(names)}`);
  },
  SQLValueFunction: ({ op }) => permit(isPermittedValueFunction(op), String(op).replace('SVFOP_', '')),
  A_Expr: ({ name }) => permitBuiltIn('operator', namesIn(name)),
  SubLink: ({ operName }) => permitBuiltIn('operator', namesIn(operName)),
  CollateClause: ({ collname }) => permitBuiltIn('collation', namesIn(collname)),
  ColumnRef: ({ fields }) => {
    const names = namesIn(fields);
    if (names.length <= 2) return;
    throw new UnknownSyntaxError(`${dotted(names)}: a column is named without its schema`);
  },
};

function permit(permitted: boolean, what: string): void {
  if (!permitted) throw new UnknownSyntaxError(`${what} is not permitted`);
}

function permitBuiltIn(what: string, names: readonly string[]): void {
  permit(names.length === 0 || isBuiltIn(names), `the ${what} ${dotted(names)}`);
}

/**
 * Reads the queries of `WITH`, each with the names that hold in it: those before it, with RECURSIVE all of them.
 * @returns the names that hold in the rest of the SELECT
 */
function readWith(select: Tree, place: Place, reading: StatementReading): Scope {
  const clause = select['withClause'] as Tree | undefined;
  if (!clause) return place.scope;
  const queries = childrenOf({ type: 'WithClause', body: clause }).map(({ node }) => node);
  const names = queries.map(({ body }) => String(body['ctename']));
  queries.forEach((query, index) => {
    const visible = clause['recursive'] === true ? names : names.slice(0, index);
    const scope = new Set([...place.scope, ...visible]);
    visit(query, { scope, depth: place.depth + 1 }, reading);
  });
  return new Set([...place.scope, ...names]);
}

function note({ type, body }: StatementNode, scope: Scope, reading: StatementReading): void {
  switch (type) {
    case 'RangeVar': {
      const name = String(body['relname']);
      const alias = body['alias'] as Tree | undefined;
      const called = aliasName(alias) ?? name;
      if (scope.has(name)) reading.define([called]);
      else reading.table(name, called, namesIn(alias?.['colnames']).length > 0);
      return;
    }
    case 'ColumnRef': {
      const names = namesIn(body['fields']);
      const last = (body['fields'] as Tree[]).at(-1) ?? {};
      if (Object.hasOwn(last, 'A_Star')) reading.column({ qualifier: names[0], name: '*' });
      else if (names.length > 1) reading.field({ qualifier: names.at(-2), name: String(names.at(-1)) });
      else reading.column({ qualifier: undefined, name: String(names[0]) });
      return;
    }
    case 'A_Indirection':
      for (const name of namesIn(body['indirection'])) reading.field({ qualifier: undefined, name });
      return;
    case 'JoinExpr':
      for (const name of namesIn(body['usingClause'])) reading.column({ qualifier: undefined, name });
      if (body['isNatural'] === true) reading.column({ qualifier: undefined, name: '*' });
      reading.define(definedBy(type, body));
      return;
    default:
      reading.define(definedBy(type, body));
  }
}

/** Names that the node gives to something of the statement's own. */
function definedBy(type: string, body: Tree): string[] {
  switch (type) {
    case 'Alias':
      return namesIn(body['colnames']);
    case 'RangeSubselect':
    case 'RangeFunction':
    case 'JoinExpr':
    case 'ResTarget':
      return [body['name'], ...['alias', 'join_using_alias'].map((field) => aliasName(body[field]))].filter(
        isText,
      );
    case 'CommonTableExpr':
      return [String(body['ctename']), ...namesIn(body['aliascolnames'])];
    case 'FuncCall':
      return namesIn(body['funcname']);
    default:
      return [];
  }
}

function aliasName(alias: unknown): string | undefined {
  const name = (alias as Tree | undefined)?.['aliasname'];
  return isText(name) ? name : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function dotted(names: readonly string[]): string {
  return names.join('.');
}
