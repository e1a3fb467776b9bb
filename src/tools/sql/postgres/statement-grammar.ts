/** A node of the parsed statement as libpg-query gives it: the field's name, then what it holds. */
export type Tree = Readonly<Record<string, unknown>>;

export interface StatementNode {
  type: string;
  body: Tree;
}

/** `tree`: nodes that say their type themselves; `value`: no node; else the type of the node, which it omits. */
type Field = 'tree' | 'value' | 'SelectStmt' | 'WithClause' | 'WindowDef' | 'Alias' | 'TypeName';

/** The fields of a type of nodes by how they are read, in words. */
type NodeForm = Readonly<Partial<Record<Field, string>>>;

/**
 * The part of PostgreSQL's grammar that reads and nothing else. It is closed: a type or a field that does not stand
 * here is refused, so what a newer parser knows more is refused too.
 */
const grammar: Readonly<Record<string, NodeForm>> = {
  SelectStmt: {
    tree:
      'distinctClause targetList fromClause whereClause groupClause havingClause windowClause valuesLists ' +
      'sortClause limitOffset limitCount',
    value: 'op all groupDistinct limitOption',
    SelectStmt: 'larg rarg',
    WithClause: 'withClause',
  },
  WithClause: { tree: 'ctes', value: 'recursive' },
  CommonTableExpr: { tree: 'aliascolnames ctequery', value: 'ctename ctematerialized' },
  ResTarget: { tree: 'val', value: 'name' },
  RangeVar: { value: 'relname inh relpersistence', Alias: 'alias' },
  RangeSubselect: { tree: 'subquery', value: 'lateral', Alias: 'alias' },
  RangeFunction: { tree: 'functions', value: 'lateral ordinality is_rowsfrom', Alias: 'alias' },
  JoinExpr: {
    tree: 'larg rarg usingClause quals',
    value: 'jointype isNatural',
    Alias: 'join_using_alias alias',
  },
  Alias: { tree: 'colnames', value: 'aliasname' },
  ColumnRef: { tree: 'fields' },
  ParamRef: { value: 'number' },
  A_Star: {},
  A_Const: { value: 'isnull ival fval boolval sval bsval' },
  String: { value: 'sval' },
  Integer: { value: 'ival' },
  List: { tree: 'items' },
  A_Expr: { tree: 'name lexpr rexpr', value: 'kind rexpr_list_start rexpr_list_end' },
  BoolExpr: { tree: 'args', value: 'boolop' },
  NullTest: { tree: 'arg', value: 'nulltesttype' },
  BooleanTest: { tree: 'arg', value: 'booltesttype' },
  CaseExpr: { tree: 'arg args defresult' },
  CaseWhen: { tree: 'expr result' },
  CoalesceExpr: { tree: 'args' },
  MinMaxExpr: { tree: 'args', value: 'op' },
  SubLink: { tree: 'testexpr operName subselect', value: 'subLinkType' },
  RowExpr: { tree: 'args', value: 'row_format' },
  A_ArrayExpr: { tree: 'elements', value: 'list_start list_end' },
  A_Indirection: { tree: 'arg indirection' },
  A_Indices: { tree: 'lidx uidx', value: 'is_slice' },
  FuncCall: {
    tree: 'funcname args agg_order agg_filter',
    value: 'agg_within_group agg_star agg_distinct func_variadic funcformat',
    WindowDef: 'over',
  },
  WindowDef: {
    tree: 'partitionClause orderClause startOffset endOffset',
    value: 'name refname frameOptions',
  },
  SortBy: { tree: 'node', value: 'sortby_dir sortby_nulls' },
  GroupingSet: { tree: 'content', value: 'kind' },
  GroupingFunc: { tree: 'args' },
  TypeCast: { tree: 'arg', TypeName: 'typeName' },
  TypeName: { tree: 'names typmods arrayBounds', value: 'typemod' },
  CollateClause: { tree: 'arg collname' },
  SQLValueFunction: { value: 'op typmod' },
};

const fieldsByType: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries(grammar).map(([type, form]) => [type, fieldsOf(form)]),
);

function fieldsOf(form: NodeForm): Map<string, Field> {
  const kinds = Object.entries(form) as [Field, string][];
  return new Map(kinds.flatMap(([kind, fields]) => fields.split(' ').map((field) => [field, kind] as const)));
}

/** Why, where a sentence of its own helps more than "is not permitted". */
const reasons: Readonly<Record<string, string>> = {
  'SelectStmt.intoClause': 'SELECT INTO writes a table',
  'SelectStmt.lockingClause': 'FOR UPDATE and FOR SHARE lock rows',
  RangeTableSample: 'TABLESAMPLE is not permitted',
};

/** What the statement holds that this guard does not let through. */
export class UnknownSyntaxError extends Error {}

/**
 * The nodes directly below a node, in the order they are written, with the field each stands in.
 * @throws UnknownSyntaxError when the node is not of the grammar above, or has a field that is not
 */
export function childrenOf({ type, body }: StatementNode): { field: string; node: StatementNode }[] {
  const fields = fieldsByType.get(type);
  if (!fields) throw new UnknownSyntaxError(reasons[type] ?? `${readable(type)} is not permitted`);
  return Object.entries(body).flatMap(([field, value]) => {
    if (field === 'location') return [];
    const kind = fields.get(field);
    if (!kind) {
      throw new UnknownSyntaxError(
        reasons[`${type}.${field}`] ?? `${readable(type)} with ${field} is not permitted`,
      );
    }
    return nodesIn(value, kind).map((node) => ({ field, node }));
  });
}

function nodesIn(value: unknown, kind: Field): StatementNode[] {
  if (kind === 'value') return [];
  if (kind === 'tree') return (Array.isArray(value) ? value : [value]).flatMap(unwrapped);
  return [{ type: kind, body: value as Tree }];
}

/** `{ColumnRef: {…}}`; an absent member of a list is `{}`. */
function unwrapped(value: unknown): StatementNode[] {
  return Object.entries(value as Tree).map(([type, body]) => ({ type, body: body as Tree }));
}

/** `InsertStmt` → `INSERT`, `XmlExpr` → `XML`. */
function readable(type: string): string {
  const words = type.replace(/(Stmt|Expr|Clause|Func)$/, '').replaceAll(/([a-z])([A-Z])/g, '$1 $2');
  return words.toUpperCase();
}

/** The names in a list of String nodes: `["pg_catalog", "sum"]`. Other members are left out. */
export function namesIn(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item) => {
    const text = (item as { String?: { sval?: string } }).String;
    return text ? [text.sval ?? ''] : [];
  });
}
