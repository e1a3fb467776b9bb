/**
 * Whether the operator's list lets a program be started. An entry is a program (`npx`), or the beginning of a command
 * line (`npx -y @scope/server`): it is compared word by word, as it is written.
 * @param command the program and its arguments
 */
export function isAllowedCommand(command: readonly string[], allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const words = entry.trim().split(/\s+/);
    return words.every((word, index) => command[index] === word);
  });
}
