/** The names in `{{name}}`, trimmed, in order: the context variables that a prompt uses. */
export function promptVariables(prompt: string): string[] {
  return namesIn(prompt, /\{\{([^{}]*)\}\}/g).map((name) => name.trim());
}

/** What stands in `{…}` of a tool's url, as it is, each once, in order. */
export function urlParameters(url: string): string[] {
  return namesIn(url, /\{([^{}]*)\}/g);
}

function namesIn(template: string, placeholder: RegExp): string[] {
  return [...new Set(Array.from(template.matchAll(placeholder), (match) => match[1] ?? ''))];
}
