import { Problem } from '../http/problem.ts';
import type { Properties } from './record.ts';

type Reader = (text: string, properties: Properties) => boolean;

/** One row per property: reads the text into its field, false when it is ill-typed. */
const readers: Readonly<Record<string, { expects: string; read: Reader }>> = {
  include_probe: {
    expects: 'true or false',
    read: (text, properties) => readBoolean(text, (value) => (properties.includeProbe = value)),
  },
  include_steps: {
    expects: 'true or false',
    read: (text, properties) => readBoolean(text, (value) => (properties.includeSteps = value)),
  },
  temperature: {
    expects: 'a number from 0 to 2',
    read: (text, properties) => readNumber(text, 0, 2, (value) => (properties.temperature = value)),
  },
  max_steps: {
    expects: 'a whole number from 1 to 100',
    read: (text, properties) =>
      Number.isInteger(Number(text)) && readNumber(text, 1, 100, (value) => (properties.maxSteps = value)),
  },
  answer_in: {
    expects: 'both, status or artifact',
    read: (text, properties) => {
      if (text !== 'both' && text !== 'status' && text !== 'artifact') return false;
      properties.answerIn = text;
      return true;
    },
  },
};

export function defaultProperties(): Properties {
  return { includeProbe: true, includeSteps: true, unknown: [] };
}

/**
 * Reads `k=v;k2=v2`, the query parameter `properties` that every door takes.
 * @throws Problem invalid_request naming an ill-typed property; unknown ones are kept by name only.
 */
export function parseProperties(text: string | undefined): Properties {
  const properties = defaultProperties();
  for (const pair of (text ?? '').split(';')) {
    const [rawName = '', ...rest] = pair.split('=');
    const name = rawName.trim();
    if (name === '') continue;
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!reader) properties.unknown.push(name.slice(0, 64));
    else if (!reader.read(rest.join('=').trim(), properties)) refuse(name, reader.expects);
  }
  return properties;
}

function refuse(name: string, expects: string): never {
  throw new Problem('invalid_request', `The property ${name} must be ${expects}.`, {
    details: { fields: { [`properties.${name}`]: `must be ${expects}` } },
  });
}

function readBoolean(text: string, set: (value: boolean) => void): boolean {
  if (text !== 'true' && text !== 'false') return false;
  set(text === 'true');
  return true;
}

function readNumber(text: string, least: number, most: number, set: (value: number) => void): boolean {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < least || value > most) return false;
  set(value);
  return true;
}
