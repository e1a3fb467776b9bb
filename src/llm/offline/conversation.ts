import { isRecord, parseJson, type ChatMessage } from './chat.ts';
import { readFile } from './files.ts';
import { meaningfulStems, wordsOf } from './words.ts';

/** What the user wants to know. */
export interface Question {
  /** The last user message, with the one before it in front when it makes no sense alone. */
  text: string;
  /** Where values are looked for: the last user message, then the one before it for a follow-up. */
  sources: readonly string[];
  stems: ReadonlySet<string>;
}

export interface FoundResult {
  tool: string;
  text: string;
  /** Whether the tool was asked with the user's words, so that a result may have nothing to do with them. */
  searched: boolean;
  /** The file that was read; absent: it was something else. */
  file?: string;
}

export interface Conversation {
  question: Question;
  results: readonly FoundResult[];
  /** What was answered after the tools had run; undefined while there is no such answer. */
  answer: string | undefined;
  /** The system messages. */
  instructions: string;
}

/** Names of parameters that take the user's words as they are. */
export const searchParameters: ReadonlySet<string> = new Set([
  'query',
  'q',
  'question',
  'search',
  'search_query',
  'search_term',
  'searchquery',
  'keywords',
]);

const pointers: ReadonlySet<string> = new Set(
  'it its that this these those they them their he she his her my mine same there then'.split(' '),
);

export function readConversation(messages: readonly ChatMessage[]): Conversation {
  const firstResult = indexOf(messages, (message) => message.role === 'tool');
  const formRequest = indexOf(messages, asksForForm);
  // Earlier turns are text only, so tool messages belong to this question, and what a user "says" after them is
  // the gateway asking for the answer in another form.
  const said = textsOf(messages.slice(0, Math.min(firstResult, formRequest)), 'user');
  const answers = textsOf(messages.slice(0, formRequest), 'assistant').filter(isProse);
  const answered =
    firstResult < formRequest ? textsOf(messages.slice(firstResult), 'assistant').find(isProse) : undefined;
  return {
    question: readQuestion(said.at(-1) ?? '', said.at(-2)),
    results: readResults(messages),
    answer: answered ?? (formRequest < messages.length ? answers.at(-1) : undefined),
    instructions: textsOf(messages, 'system').join('\n'),
  };
}

function indexOf(messages: readonly ChatMessage[], matches: (message: ChatMessage) => boolean): number {
  const index = messages.findIndex(matches);
  return index === -1 ? messages.length : index;
}

/** Whether it is the gateway that "says" this: it wants the answer once more, as JSON. */
function asksForForm(message: ChatMessage): boolean {
  return message.role === 'user' && /\bJSON\b.*\bresponse schema\b/s.test(message.content ?? '');
}

function readQuestion(current: string, previous: string | undefined): Question {
  if (previous === undefined || !isFollowUp(current)) {
    return { text: current, sources: [current], stems: meaningfulStems(current) };
  }
  const text = `${previous} ${current}`;
  return { text, sources: [current, previous], stems: meaningfulStems(text) };
}

/** Whether a message means little without the one before it: hardly a word of its own, or few and one that points back. */
function isFollowUp(text: string): boolean {
  const { size } = meaningfulStems(text);
  return size < 2 || (size < 4 && wordsOf(text).some((word) => pointers.has(word)));
}

function readResults(messages: readonly ChatMessage[]): FoundResult[] {
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  return messages
    .filter((message) => message.role === 'tool')
    .map((message) => {
      const call = calls.find((candidate) => candidate.id === message.tool_call_id)?.function;
      const args = parseJson(call?.arguments ?? '');
      const searched =
        isRecord(args) && Object.keys(args).some((name) => searchParameters.has(name.toLowerCase()));
      const tool = call?.name ?? 'tool';
      const file = readFile(tool, args);
      return { tool, text: message.content ?? '', searched, ...(file !== undefined && { file }) };
    });
}

function textsOf(messages: readonly ChatMessage[], role: ChatMessage['role']): string[] {
  return messages.flatMap((message) => (message.role === role && message.content ? [message.content] : []));
}

function isProse(text: string): boolean {
  return parseJson(text) === undefined;
}
