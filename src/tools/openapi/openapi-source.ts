import type { OpenApiToolDefinition } from '../../agents/tool-types/openapi.ts';
import {
  ApiDocumentError,
  everyOperation,
  listOperations,
  parseApiDocument,
  selectOperations,
} from '../api-document.ts';
import type { ApiDocument, WrittenOperation } from '../api-document.ts';
import { broughtNames } from '../brought-names.ts';
import type { HttpToolDependencies } from '../http/http-tool.ts';
import { parameterCompiler } from '../parameters.ts';
import type { ToolSource } from '../tool-source.ts';
import { ToolError } from '../tool.ts';
import type { Tool } from '../tool.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { documentReader, type DocumentText, type ReadDocument } from './document-file.ts';
import { inlineOperation, planOperation, type OperationPlan, type Reserved } from './operation-plan.ts';
import { createOperationTool } from './operation-tool.ts';
import { planSecurity, reservedParameters } from './security.ts';
import { serverAddress } from './server-address.ts';
import { validateOperations } from './validation.ts';

/** Models take no more functions than some hundred. */
const maximumOperations = 100;

export interface OpenApiDependencies extends HttpToolDependencies {
  /** Milliseconds; absent: the time. */
  now?: () => number;
}

/** The tools of an OpenAPI document: read and planned with the first run, and again when the document changes. */
export class OpenApiSource implements ToolSource {
  readonly name: string;
  readonly #definition: OpenApiToolDefinition;
  readonly #deps: HttpToolDependencies;
  readonly #read: ReadDocument;
  #made: { from: DocumentText; tools: readonly Tool[] } | undefined;
  #loading: Promise<readonly Tool[]> | undefined;

  constructor(definition: OpenApiToolDefinition, { now = Date.now, ...deps }: OpenApiDependencies) {
    this.name = definition.name;
    this.#definition = definition;
    this.#deps = deps;
    this.#read = documentReader(definition, deps.guard, now);
  }

  async tools(signal: AbortSignal): Promise<readonly Tool[]> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return await unlessAborted(this.#loading, signal);
  }

  async #load(): Promise<readonly Tool[]> {
    const from = await this.#read();
    if (this.#made?.from === from) return this.#made.tools;
    try {
      this.#made = { from, tools: await makeTools(from.text, this.#definition, this.#deps) };
      return this.#made.tools;
    } catch (error) {
      if (!(error instanceof ApiDocumentError)) throw error;
      throw new ToolError(`The OpenAPI document ${error.message}.`, { cause: error });
    }
  }
}

async function makeTools(
  text: string,
  definition: OpenApiToolDefinition,
  deps: HttpToolDependencies,
): Promise<Tool[]> {
  const document = parseApiDocument(text);
  const schemes = planSecurity(document, definition.credentials);
  const reserved = reservedParameters(document, Object.keys(definition.headers));
  const prepared = listed(document, definition.operations).flatMap((written) =>
    prepare(document, written, { names: definition.operations, reserved }),
  );
  if (prepared.length === 0) throw new ApiDocumentError('has no operation that can be called');
  await validateOperations(
    document,
    prepared.map(({ inlined }) => inlined),
  );
  const names = broughtNames(
    definition.name,
    prepared.map(({ plan }) => plan.id),
  );
  const compile = parameterCompiler();
  return prepared.map(({ plan }, index) =>
    naming(plan.id, () => {
      const server = serverAddress(definition, plan);
      const validate = compile(plan.schema);
      const operation = { name: names[index] ?? plan.id, plan, server, schemes, validate };
      return createOperationTool(operation, definition, deps);
    }),
  );
}

function listed(document: ApiDocument, names: readonly string[]): WrittenOperation[] {
  const { operations, unknown } = selectOperations(listOperations(document), names);
  if (unknown[0] !== undefined) throw new ApiDocumentError(`has no operation ${JSON.stringify(unknown[0])}`);
  if (operations.length <= maximumOperations) return operations;
  const count = `${operations.length} operations, and no more than ${maximumOperations} can be tools`;
  throw new ApiDocumentError(`has ${count}: list those that are needed`);
}

interface Prepared {
  inlined: WrittenOperation;
  plan: OperationPlan;
}

/** With `*`, what cannot be sent is left out; an operation that is named must work. */
function prepare(
  document: ApiDocument,
  written: WrittenOperation,
  { names, reserved }: { names: readonly string[]; reserved: Reserved },
): Prepared[] {
  try {
    return naming(written.id, () => {
      const inlined = inlineOperation(document, written);
      return [{ inlined, plan: planOperation(document, inlined, reserved) }];
    });
  } catch (error) {
    if (error instanceof ApiDocumentError && names.includes(everyOperation)) return [];
    throw error;
  }
}

/** Names the operation for which a document cannot be used. */
function naming<Result>(id: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason =
      error instanceof ApiDocumentError ? message : `has parameters that do not compile: ${message}`;
    throw new ApiDocumentError(`cannot be used for ${id}: it ${reason}`, { cause: error });
  }
}
