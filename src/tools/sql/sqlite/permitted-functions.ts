/**
 * The functions of SQLite that a statement may use: those that compute from what they are given. Not here: what
 * reads files, loads code, tells about the library, or makes values of any size.
 */
export const permittedFunctions: ReadonlySet<string> = new Set(
  [
    'count sum total avg min max group_concat string_agg median percentile',
    'row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value',
    'abs acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi',
    'pow power radians round sign sin sinh sqrt tan tanh trunc random',
    'char concat concat_ws glob hex instr length like lower ltrim octet_length quote replace rtrim',
    'substr substring trim unhex unicode unistr upper soundex',
    'coalesce ifnull iif if nullif typeof likely unlikely likelihood',
    'date time datetime julianday strftime timediff unixepoch current_date current_time current_timestamp',
    'json json_array json_array_length json_extract json_group_array json_group_object json_insert json_object',
    'json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid -> ->>',
  ].flatMap((line) => line.split(' ')),
);

/** Tables that are functions: they take a value apart. */
export const permittedTableFunctions: ReadonlySet<string> = new Set(['json_each', 'json_tree']);
