import type { FilePath, Finding, WrittenVariable } from './agent-file.ts';
import { compileSchema, misfit, schemaProblem } from './json-schema.ts';

/** What is wrong with one of `execution.contextVariables` beyond its form. */
export function variableFindings(variable: WrittenVariable, path: FilePath): Finding[] {
  return [...sourceFindings(variable, path), ...defaultFindings(variable, path)];
}

function sourceFindings({ source, claim }: WrittenVariable, path: FilePath): Finding[] {
  if (source === 'claim' && claim === undefined) {
    return [{ path: [...path, 'claim'], reason: 'is required with source: claim' }];
  }
  if (source !== 'claim' && claim !== undefined) {
    return [{ path: [...path, 'claim'], reason: 'is only allowed with source: claim' }];
  }
  return [];
}

function defaultFindings(variable: WrittenVariable, path: FilePath): Finding[] {
  const problem = schemaProblem(variable.schema);
  if (problem !== undefined) {
    return [{ path: [...path, 'schema'], reason: `does not compile: ${problem}` }];
  }
  if (variable.default === undefined) return [];
  const at = [...path, 'default'];
  if (variable.secret) {
    return [{ path: at, reason: 'is not allowed for a secret variable: a secret has no place in this file' }];
  }
  const reason = misfit(compileSchema(variable.schema), variable.default);
  return reason === undefined ? [] : [{ path: at, reason: `does not fit its schema: ${reason}` }];
}
