import {
  declaredPart,
  type AgentFile,
  type FilePath,
  type Finding,
  type WrittenDeclared,
  type WrittenRemote,
  type WrittenVariable,
} from './agent-file.ts';
import { cardAddressFindings } from './card-address.ts';
import { permissionFindings } from './data-permissions.ts';
import { schemaProblem } from './json-schema.ts';
import { promptVariables } from './placeholders.ts';
import { headerFindings } from './declared-headers.ts';
import type { ToolScope } from './tool-types/tool-type.ts';
import { toolFindings } from './tool-types/tool-types.ts';
import { variableNames } from './tool-types/tool-type.ts';
import { variableFindings } from './variable-checks.ts';

/** What of a tool's scope the gateway's configuration says. */
export type ConfiguredScope = Omit<ToolScope, 'variables' | 'dataPermissions'>;

/** What the agent file may refer to outside itself. */
export interface Surroundings extends ConfiguredScope {
  /** The system prompt's text. */
  prompt: string | undefined;
}

/** What the schema cannot say: names that must resolve, be unique, or compile. */
export function semanticFindings(file: AgentFile, surroundings: Surroundings): Finding[] {
  const { card, extendedCard, execution } = file;
  const variables = execution.contextVariables ?? [];
  const declared = declaredPart(execution);
  return [
    ...duplicates(card.skills, ['card', 'skills'], 'id'),
    ...extendedSkillFindings(card.skills, extendedCard?.skills ?? []),
    ...duplicates(card.extensions ?? [], ['card', 'extensions'], 'uri'),
    ...duplicates(variables, ['execution', 'contextVariables'], 'name'),
    ...variables.flatMap((variable, index) =>
      variableFindings(variable, ['execution', 'contextVariables', index]),
    ),
    ...(declared ? declaredFindings(declared, surroundings, variables) : []),
    ...(execution.kind === 'a2a' ? remoteFindings(execution) : []),
  ];
}

function declaredFindings(
  execution: WrittenDeclared,
  { prompt, ...configured }: Surroundings,
  variables: readonly WrittenVariable[],
): Finding[] {
  const { tools = [], dataPermissions = {} } = execution;
  const scope: ToolScope = { ...configured, variables, dataPermissions };
  return [
    ...duplicates(tools, ['execution', 'tools'], 'name'),
    ...duplicates(execution.scenarios ?? [], ['execution', 'scenarios'], 'name'),
    ...tools.flatMap((tool, index) => toolFindings(tool, ['execution', 'tools', index], scope)),
    ...permissionFindings(dataPermissions, { ...configured, variables: variableNames(variables) }),
    ...scenarioFindings(execution),
    ...promptFindings(execution, prompt, scope.variables),
    ...responseSchemaFindings(execution),
  ];
}

function remoteFindings({ card, headers = {} }: WrittenRemote): Finding[] {
  return [
    ...cardAddressFindings(card, ['execution', 'card']),
    ...headerFindings(headers, ['execution', 'headers'], new Set()),
  ];
}

function duplicates<K extends string>(
  items: readonly Record<K, string>[],
  path: FilePath,
  key: K,
): Finding[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const value = item[key];
    if (seen.has(value)) {
      return [{ path: [...path, index, key], reason: `${JSON.stringify(value)} stands there twice` }];
    }
    seen.add(value);
    return [];
  });
}

/** The extended card lists the card's skills too. */
function extendedSkillFindings(
  skills: AgentFile['card']['skills'],
  extended: AgentFile['card']['skills'],
): Finding[] {
  const published = new Set(skills.map(({ id }) => id));
  const path = ['extendedCard', 'skills'];
  return [
    ...duplicates(extended, path, 'id'),
    ...extended.flatMap(({ id }, index) =>
      published.has(id)
        ? [{ path: [...path, index, 'id'], reason: `${JSON.stringify(id)} is a skill of the card already` }]
        : [],
    ),
  ];
}

function scenarioFindings({ scenarios = [], tools = [] }: WrittenDeclared): Finding[] {
  const names = new Set(tools.map(({ name }) => name));
  return scenarios.flatMap((scenario, index) =>
    (scenario.tools ?? []).flatMap((name, position) =>
      names.has(name)
        ? []
        : [
            {
              path: ['execution', 'scenarios', index, 'tools', position],
              reason: `${JSON.stringify(name)} is not a tool of this agent`,
            },
          ],
    ),
  );
}

function promptFindings(
  execution: WrittenDeclared,
  prompt: string | undefined,
  variables: readonly WrittenVariable[],
): Finding[] {
  const { systemPrompt, fallbackMessage = '', scenarios = [] } = execution;
  const promptPath =
    typeof systemPrompt === 'string' ? ['execution', 'systemPrompt'] : ['execution', 'systemPrompt', 'file'];
  const prompts: [FilePath, string][] = [
    [promptPath, prompt ?? ''],
    [['execution', 'fallbackMessage'], fallbackMessage],
    ...scenarios.map(({ instructions = '' }, index): [FilePath, string] => [
      ['execution', 'scenarios', index, 'instructions'],
      instructions,
    ]),
  ];
  return prompts.flatMap(([path, text]) =>
    promptVariables(text).flatMap((name) => {
      const reason = placeholderProblem(name, variables);
      return reason === undefined ? [] : [{ path, reason }];
    }),
  );
}

function placeholderProblem(name: string, variables: readonly WrittenVariable[]): string | undefined {
  const variable = variables.find((candidate) => candidate.name === name);
  if (!variable) return `{{${name}}} is not a declared context variable`;
  if (variable.secret) return `{{${name}}} is secret: tools may use it, a prompt may not`;
  return undefined;
}

function responseSchemaFindings({ responseSchema }: WrittenDeclared): Finding[] {
  const problem = responseSchema && schemaProblem(responseSchema);
  return problem ? [{ path: ['execution', 'responseSchema'], reason: `does not compile: ${problem}` }] : [];
}
