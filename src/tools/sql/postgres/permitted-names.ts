/**
 * The functions that a statement may call: they compute from their arguments, and neither read tables, files,
 * settings or the catalogue nor run SQL. Those that can make a huge value of a small one (repeat, lpad, format) are
 * left out.
 */
const functions = new Set(
  [
    'count sum avg min max every bool_and bool_or bit_and bit_or any_value array_agg string_agg json_agg jsonb_agg',
    'json_object_agg jsonb_object_agg stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop',
    'covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy',
    'percentile_cont percentile_disc mode',
    'row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value',
    'abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log10 power pow mod div gcd lcm degrees radians',
    'sin cos tan asin acos atan atan2 pi random width_bucket num_nulls num_nonnulls',
    'lower upper initcap length char_length character_length octet_length btrim ltrim rtrim substring substr',
    'position strpos left right reverse replace translate split_part concat concat_ws starts_with overlay normalize',
    'is_normalized regexp_replace regexp_match regexp_matches regexp_count regexp_like regexp_substr regexp_instr',
    'regexp_split_to_array regexp_split_to_table string_to_array string_to_table array_to_string similar_to_escape',
    'like_escape md5 ascii chr to_hex encode decode to_char to_number to_date to_timestamp',
    'now clock_timestamp statement_timestamp transaction_timestamp age date_trunc date_part date_bin extract',
    'make_date make_time make_timestamp make_timestamptz make_interval justify_days justify_hours',
    'justify_interval timezone isfinite overlaps',
    'json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text json_each',
    'json_each_text jsonb_each jsonb_each_text json_object_keys jsonb_object_keys json_array_length',
    'jsonb_array_length json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text',
    'json_typeof jsonb_typeof to_json to_jsonb row_to_json array_to_json json_build_object jsonb_build_object',
    'json_build_array jsonb_build_array jsonb_strip_nulls jsonb_pretty jsonb_path_exists jsonb_path_query',
    'jsonb_path_query_array jsonb_path_query_first',
    'unnest array_length cardinality array_position array_positions array_remove array_append array_prepend',
    'array_cat array_upper array_lower array_ndims generate_subscripts generate_series',
  ].flatMap((line) => line.split(' ')),
);

/** What may be cast to. Types that look up the catalogue (regclass and its like) and xml are not among them. */
const types = new Set(
  [
    'bool int2 int4 int8 numeric float4 float8 money text varchar bpchar char name date time timetz timestamp',
    'timestamptz interval uuid json jsonb jsonpath bytea bit varbit inet cidr macaddr',
  ].flatMap((line) => line.split(' ')),
);

/** `CURRENT_DATE` and its like; not who is connected to what. */
const valueFunctions = /^SVFOP_(CURRENT_DATE|(CURRENT|LOCAL)_?TIME(STAMP)?(_N)?)$/;

/** @param names as they are written: `["sum"]`, `["pg_catalog", "btrim"]` */
export function isPermittedFunction(names: readonly string[]): boolean {
  return isBuiltIn(names) && functions.has(names.at(-1) ?? '');
}

/** @param names as they are written: `["int4"]`, `["pg_catalog", "numeric"]` */
export function isPermittedType(names: readonly string[]): boolean {
  return isBuiltIn(names) && types.has(names.at(-1) ?? '');
}

export function isPermittedValueFunction(operation: unknown): boolean {
  return typeof operation === 'string' && valueFunctions.test(operation);
}

/** Whether the name cannot mean something of another schema than PostgreSQL's own; so is every operator's. */
export function isBuiltIn(names: readonly string[]): boolean {
  return names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
}
