import { expect, test } from '@jest/globals';
import { fillTemplates } from '../../../src/tools/command/argument-template.ts';

test.each<[templates: string[], args: Record<string, unknown>, filled: string[]]>([
  [['log', '{name}'], { name: 'a b; rm "$HOME"\n`id` * && |' }, ['log', 'a b; rm "$HOME"\n`id` * && |']],
  [['--name={name}', '{count}'], { name: '-x --y', count: 3 }, ['--name=-x --y', '3']],
  [['{a}/{b}.txt'], { a: 'x', b: true }, ['x/true.txt']],
  [['--n={n}', '{n}', 'end'], {}, ['end']],
  [['{n}'], { n: null }, []],
  [['{n}'], { n: '' }, ['']],
  [['{a}'], { a: '{b} $& $1', b: 'no' }, ['{b} $& $1']],
  [['{}', '{ a }', '{1}', '{a:.b}'], { a: 1 }, ['{}', '{ a }', '{1}', '{a:.b}']],
])('%j with %j', (templates, args, filled) => {
  expect(fillTemplates(templates, args)).toEqual(filled);
});

test.each<[template: string, args: Record<string, unknown>, sentence: RegExp]>([
  ['{a}', { a: '--output=/etc/passwd' }, /^The argument a must not begin with "-"/],
  ['{a}', { a: -5 }, /must not begin with "-"/],
  ['{a}{b}', { a: '', b: '-x' }, /must not begin with "-"/],
  ['{a}', { a: ['x'] }, /^The argument a must be a string, a number or a boolean\.$/],
  ['--a={a}', { a: {} }, /must be a string/],
  ['--a={a}', { a: 'x\0y' }, /must not hold a NUL character/],
])('%j refuses %j', (template, args, sentence) => {
  expect(() => fillTemplates([template], args)).toThrow(sentence);
});
