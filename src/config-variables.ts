export type Environment = Readonly<Record<string, string | undefined>>;

/** One bad variable: what it should have been. Values are never repeated, so that no secret gets into a log. */
export interface ConfigProblem {
  variable: string;
  /** Follows the variable's name in a sentence, e.g. `must be an integer from 0 to 65535`. */
  expected: string;
}

/** The start is stopped: lists every bad variable at once. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ variable, expected }) => `  ${variable} ${expected}`);
    super(`The configuration is not valid:\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export interface NumberRule {
  fallback: number;
  minimum: number;
  maximum: number;
  /** Only whole numbers. */
  integer?: boolean;
}

/** Reads single variables and collects what is wrong with them. An empty variable counts as not set. */
export class Variables {
  readonly problems: ConfigProblem[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  reject(variable: string, expected: string): void {
    this.problems.push({ variable, expected });
  }

  /** The trimmed value, or undefined where it is not set or empty. */
  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** A value that `accept` agrees to; otherwise `expected` is noted and the answer is undefined. */
  checked(name: string, accept: (value: string) => boolean, expected: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || accept(value)) return value;
    this.reject(name, expected);
    return undefined;
  }

  number(name: string, rule: NumberRule): number {
    const value = this.text(name);
    if (value === undefined) return rule.fallback;
    const parsed = Number(value);
    const wellFormed = (rule.integer ? /^\d+$/ : /^\d+(\.\d+)?$/).test(value);
    if (wellFormed && parsed >= rule.minimum && parsed <= rule.maximum) return parsed;
    const kind = rule.integer ? 'an integer' : 'a number';
    this.reject(name, `must be ${kind} from ${rule.minimum} to ${rule.maximum}`);
    return rule.fallback;
  }

  boolean(name: string, fallback: boolean): boolean {
    return this.choice(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true';
  }

  /** One of `choices`, upper or lower case. */
  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.reject(name, `must be one of: ${choices.join(', ')}`);
    return found ?? fallback;
  }

  /** Comma-separated, trimmed, without empty entries. */
  list(name: string, accept: (entry: string) => boolean, expected: string): string[] {
    const entries = (this.text(name) ?? '').split(',').map((entry) => entry.trim());
    const present = entries.filter((entry) => entry !== '');
    if (!present.every(accept)) this.reject(name, expected);
    return present;
  }
}

/** Whether `value` is an http or https URL without a user name, password, query or fragment. */
export function isBaseUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** Whether `value` is an https URL, or http to this very machine, where nobody can listen in. */
export function isSecureUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '') return false;
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}

/** The URL without a slash at its end, so that paths can be appended. */
export function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
