import { ToolError } from '../tool.ts';

type Arguments = Readonly<Record<string, unknown>>;

const placeholder = /\{([A-Za-z_][\w-]*)\}/g;

/**
 * Fills `{parameter}` in the arguments of a program. Each template is one argument of the program or, where one of
 * its parameters is absent, none: a value never becomes two, and no value becomes an option.
 * @throws ToolError that names the parameter whose value cannot stand there.
 */
export function fillTemplates(templates: readonly string[], args: Arguments): string[] {
  return templates.flatMap((template) => {
    const names = [...template.matchAll(placeholder)].map((match) => match[1] ?? '');
    if (names.some((name) => args[name] === undefined || args[name] === null)) return [];
    const filled = template.replaceAll(placeholder, (_whole, name: string) => textOf(name, args[name]));
    // Text before the placeholder, as in `--name={name}`, says what the value is.
    if (template.startsWith(`{${names[0]}}`) && filled.startsWith('-')) {
      throw new ToolError(
        `The argument ${names[0]} must not begin with "-": the program would take it as an option.`,
      );
    }
    return [filled];
  });
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'object') {
    throw new ToolError(`The argument ${name} must be a string, a number or a boolean.`);
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.includes('\0')) throw new ToolError(`The argument ${name} must not hold a NUL character.`);
  return text;
}
