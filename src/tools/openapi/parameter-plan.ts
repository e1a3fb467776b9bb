import { mapOf } from '../api-document.ts';
import type { Reserved } from './operation-plan.ts';
import { toJsonSchema } from './schema-dialect.ts';

type JsonMap = Readonly<Record<string, unknown>>;

export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

/** How an argument is written into a request (OpenAPI, "Style Values"). */
export interface ParameterStyle {
  name: string;
  style: string;
  explode: boolean;
}

/** A parameter of an operation, and the argument that fills it. */
export interface ParameterPlan extends ParameterStyle {
  /** The argument's name: the parameter's own, unless another one has it too. */
  argument: string;
  in: ParameterPlace;
  required: boolean;
  /** The value is sent as JSON text. */
  isJson: boolean;
  schema: JsonMap | boolean;
}

const places: readonly string[] = ['path', 'query', 'header', 'cookie'] satisfies ParameterPlace[];

const defaultStyles: Readonly<Record<ParameterPlace, string>> = {
  path: 'simple',
  query: 'form',
  header: 'simple',
  cookie: 'form',
};

/** The request's frame, and what a document may not declare as parameters. */
const neverArguments =
  /^(?:accept|authorization|connection|content-.*|cookie|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/**
 * The parameters of an operation: those of its path item and its own, which take the place of the former.
 * @param reserved what the model does not choose
 * @param hasBody whether the name `body` is taken
 */
export function planParameters(
  lists: readonly unknown[],
  reserved: Reserved,
  hasBody: boolean,
): ParameterPlan[] {
  const written = new Map<string, JsonMap>();
  for (const one of lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))) {
    const parameter = mapOf(one);
    written.set(`${String(parameter['in'])} ${String(parameter['name'])}`, parameter);
  }
  const taken = new Set(hasBody ? ['body'] : []);
  const offered = [...written.values()].filter((parameter) => isOffered(parameter, reserved));
  // In this order a path parameter keeps its name, whatever else is called so.
  const ordered = offered.toSorted((one, other) => placeOf(one) - placeOf(other));
  return ordered.map((parameter) => plan(parameter, taken));
}

function placeOf(parameter: JsonMap): number {
  return places.indexOf(String(parameter['in']));
}

function isOffered(parameter: JsonMap, reserved: Reserved): boolean {
  const { name, in: place } = parameter;
  if (typeof name !== 'string' || placeOf(parameter) < 0) return false;
  if (place === 'header' && neverArguments.test(name)) return false;
  return !reserved.has(reservedName(String(place), name));
}

/** How a parameter stands in {@link Reserved}. */
export function reservedName(place: string, name: string): string {
  return `${place} ${place === 'header' ? name.toLowerCase() : name}`;
}

function plan(parameter: JsonMap, taken: Set<string>): ParameterPlan {
  const name = String(parameter['name']);
  const place = parameter['in'] as ParameterPlace;
  const [content] = Object.values(mapOf(parameter['content']));
  const style = typeof parameter['style'] === 'string' ? parameter['style'] : defaultStyles[place];
  const { explode } = parameter;
  const { description } = parameter;
  const schema = toJsonSchema(mapOf(content)['schema'] ?? parameter['schema']);
  const described =
    typeof description === 'string' ? { ...mapOf(schema), ...mapOf(toJsonSchema({ description })) } : schema;
  return {
    argument: argumentName(name, place, taken),
    name,
    in: place,
    style,
    explode: typeof explode === 'boolean' ? explode : style === 'form' || style === 'deepObject',
    required: place === 'path' || parameter['required'] === true,
    isJson: content !== undefined,
    schema: described,
  };
}

/** A name that models can write, and that no other argument has. */
function argumentName(name: string, place: ParameterPlace, taken: Set<string>): string {
  const plain =
    name
      .replaceAll(/[^\w.-]+/g, '_')
      .replaceAll(/^_+|_+$/g, '')
      .slice(0, 48) || place;
  const candidates = [plain, `${plain}_${place}`];
  for (let count = 2; candidates.every((candidate) => taken.has(candidate)); count += 1) {
    candidates.push(`${plain}_${place}_${count}`);
  }
  const argument = candidates.find((candidate) => !taken.has(candidate)) ?? plain;
  taken.add(argument);
  return argument;
}
