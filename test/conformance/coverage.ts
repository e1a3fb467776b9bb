/** A test that shows a requirement. */
export interface CoveringTest {
  /** Below `test/`. */
  file: string;
  /** The title of a test, or of the group of tests that all show it, as it stands in the file. */
  title: string;
  /** Of a test with a table: the name of the row. */
  row?: string;
}

/** What is known of a requirement: the tests that show it, or why a test of this server cannot. */
export type Coverage =
  { coveredBy: readonly CoveringTest[]; notShown?: undefined } | { notShown: string; coveredBy?: undefined };

export type CoverageTable = Readonly<Record<string, Coverage>>;

/** Names tests of one file. */
export function testsIn(file: string): (title: string, row?: string) => CoveringTest {
  return (title, row) => ({ file, title, ...(row !== undefined && { row }) });
}

export function by(...coveredBy: readonly CoveringTest[]): Coverage {
  return { coveredBy };
}

export function notShown(reason: string): Coverage {
  return { notShown: reason };
}
