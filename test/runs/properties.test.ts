import { describe, expect, test } from '@jest/globals';
import { Problem } from '../../src/http/problem.ts';
import { defaultProperties, parseProperties } from '../../src/runs/properties.ts';

test.each([undefined, '', ';', ' ; ;'])('%j says nothing: the defaults', (text) => {
  expect(parseProperties(text)).toEqual({ includeProbe: true, includeSteps: true, unknown: [] });
});

test.each<[string, object]>([
  ['include_probe=false', { includeProbe: false }],
  ['include_probe=true', { includeProbe: true }],
  ['include_steps=false', { includeSteps: false }],
  ['temperature=0', { temperature: 0 }],
  ['temperature=2', { temperature: 2 }],
  ['temperature=0.7', { temperature: 0.7 }],
  ['max_steps=1', { maxSteps: 1 }],
  ['max_steps=100', { maxSteps: 100 }],
  ['answer_in=both', { answerIn: 'both' }],
  ['answer_in=status', { answerIn: 'status' }],
  ['answer_in=artifact', { answerIn: 'artifact' }],
  [' include_probe = false ; max_steps = 3 ', { includeProbe: false, maxSteps: 3 }],
  ['max_steps=2;max_steps=3', { maxSteps: 3 }],
  ['speed=9;include_probe=false;color', { includeProbe: false, unknown: ['speed', 'color'] }],
  ['constructor=1;__proto__=2;toString=3', { unknown: ['constructor', '__proto__', 'toString'] }],
  [`${'n'.repeat(100)}=1`, { unknown: ['n'.repeat(64)] }],
  ['=1', {}],
])('%j', (text, expected) => {
  expect(parseProperties(text)).toEqual({ ...defaultProperties(), ...expected });
});

describe('ill-typed values are refused, each naming its property', () => {
  test.each([
    'include_probe',
    'include_probe=',
    'include_probe=TRUE',
    'include_probe=1',
    'include_steps=no',
    'temperature=',
    'temperature=-0.1',
    'temperature=2.1',
    'temperature=NaN',
    'temperature=warm',
    'temperature=1=1',
    'max_steps=',
    'max_steps=0',
    'max_steps=101',
    'max_steps=1.5',
    'max_steps=Infinity',
    'max_steps=-1',
    'answer_in=',
    'answer_in=Both',
    'answer_in=artifacts',
  ])('%j', (text) => {
    const name = text.split('=')[0] ?? '';
    const parsing = (): unknown => parseProperties(`include_probe=true;${text}`);
    expect(parsing).toThrow(Problem);
    expect(parsing).toThrow(expect.objectContaining({ reason: 'invalid_request' }));
    expect(parsing).toThrow(name);
  });
});

test('two calls share nothing', () => {
  parseProperties('unheard_of=1');
  expect(parseProperties(undefined).unknown).toEqual([]);
});
