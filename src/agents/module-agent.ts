import { pathToFileURL } from 'node:url';
import type { Executor } from '../runs/executor.ts';
import type { ModuleExecution } from './definition.ts';

/**
 * The executor of an agent that is code of the operator's: the file exports `execute`, an async generator that
 * takes an Execution, yields run events and returns how it ended. It is loaded with the first run of a revision.
 */
export function moduleExecutor({ module, moduleHash }: ModuleExecution): Executor {
  // The hash makes a changed file another module: Node keeps each one that it has loaded.
  const url = `${pathToFileURL(module).href}?revision=${moduleHash}`;
  let loading: Promise<Executor> | undefined;
  return async function* (execution) {
    loading ??= loadExecutor(url, module);
    return yield* (await loading)(execution);
  };
}

/** @throws Error that names the file when it exports no function `execute`. */
async function loadExecutor(url: string, file: string): Promise<Executor> {
  const loaded = (await import(url)) as { execute?: unknown };
  if (typeof loaded.execute !== 'function') throw new Error(`${file} exports no function "execute".`);
  return loaded.execute as Executor;
}
