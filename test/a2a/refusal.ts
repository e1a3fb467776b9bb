import { Problem } from '../../src/http/problem.ts';

/** The problem that the call throws; a call that throws none, or another error, fails the test. */
export function refusal(call: () => unknown): Problem {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`expected a refusal, got ${JSON.stringify(result)}`);
}

/** The fields that an invalid request names; any other refusal fails the test. */
export function refusedFields(call: () => unknown): unknown {
  const problem = refusal(call);
  if (problem.reason !== 'invalid_request') throw problem;
  return problem.details?.['fields'];
}
