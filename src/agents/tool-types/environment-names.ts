import type { FilePath, Finding } from '../agent-file.ts';

/** Variables by which a program is made to run other code than the command says: no list of commands could hold then. */
const steersCode =
  /^(PATH|NODE_OPTIONS|NODE_PATH|BASH_ENV|ENV|IFS|SHELL|PERL5\w+|PYTHON\w+|RUBY(LIB|OPT)|JAVA_TOOL_OPTIONS|(LD|DYLD|NPM_CONFIG|UV|PIP)_\w+)$/i;

/** What is wrong with the names of variables that are declared for a program. */
export function environmentNameFindings(env: Readonly<Record<string, unknown>>, path: FilePath): Finding[] {
  return Object.keys(env)
    .filter((name) => steersCode.test(name))
    .map((name) => ({
      path: [...path, name],
      reason: 'decides which code runs, so it cannot be set here',
    }));
}
