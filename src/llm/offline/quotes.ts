import { asText, isRecord, parseJson } from './chat.ts';
import type { Conversation, FoundResult, Question } from './conversation.ts';
import { meaningfulStems } from './words.ts';

const maxQuotes = 3;
const maxLines = 20;
const maxValueLength = 300;

interface Sentence {
  text: string;
  source: string;
  stems: ReadonlySet<string>;
  /** Stems of the heading that it stands under. */
  heading: ReadonlySet<string>;
}

/** What a question of this kind is answered with: such sentences are worth a little more. */
const hints: readonly { asked: RegExp; answer: RegExp }[] = [
  {
    asked: /\b(?:how long|when|how soon)\b/i,
    answer: /\d.*\b(?:second|minute|hour|day|week|month|year)s?\b/i,
  },
  { asked: /\b(?:how much|how many|cost|price)\b/i, answer: /\d|\bfree\b/i },
];
const hintWorth = 1.25;

const nothingFound =
  'Nothing about this was found in the sources of this agent. The gateway runs without a language model and can only ' +
  'quote what the tools of an agent find; to connect one, set OPENAI_API_KEY or LLM_PROVIDERS_FILE.';

/** The answer made of what the tools found: data as `key: value` lines, then the best sentences with their source. */
export function answerFrom({ question, results }: Pick<Conversation, 'question' | 'results'>): string {
  const passages = results.filter(holdsPassages);
  const sections = results.filter((result) => !passages.includes(result)).map(renderResult);
  const quotes = bestSentences(passages.flatMap(sentencesOf), question);
  if (quotes.length > 0) {
    sections.push(
      ['From the documentation:', ...quotes.map(({ text, source }) => `- ${text} (${source})`)].join('\n'),
    );
  }
  const found = sections.filter((section) => section !== '');
  return found.length > 0 ? found.join('\n\n') : nothingFound;
}

/** Whether it is text that was searched for, or a file; data and failures are shown as they are. */
function holdsPassages({ searched, file, text }: FoundResult): boolean {
  return (searched || file !== undefined) && parseJson(text) === undefined && !text.startsWith('Error:');
}

/** A result as lines under the name of its tool; empty when there is nothing in it. */
function renderResult({ tool, text }: FoundResult): string {
  const json = parseJson(text);
  const lines = json === undefined ? text.split('\n').filter((line) => line.trim() !== '') : jsonLines(json);
  if (lines.length === 0) return '';
  const more = lines.length > maxLines ? [`… and ${lines.length - maxLines} more`] : [];
  return [`From ${tool}:`, ...lines.slice(0, maxLines).map(cut), ...more].join('\n');
}

function jsonLines(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    if (!value.some((item) => typeof item === 'object' && item !== null)) {
      return value.length > 0 ? [`${path || 'values'}: ${value.join(', ')}`] : [];
    }
    const rows = value.map((row) => `- ${jsonLines(row).join(', ')}`);
    return path ? [`${path}:`, ...rows] : rows;
  }
  if (!isRecord(value))
    return value === null || value === undefined ? [] : [`${path || 'value'}: ${asText(value)}`];
  return Object.entries(value).flatMap(([key, item]) => jsonLines(item, path ? `${path}.${key}` : key));
}

/** Reads numbered excerpts: a line `[1] source — heading`, then the text up to the next such line. A file has its own headings. */
function sentencesOf({ tool, file, text }: FoundResult): Sentence[] {
  let source = file ?? tool;
  let heading: ReadonlySet<string> = new Set();
  const sentences: Sentence[] = [];
  // It repeats the words that were searched for, so it would look like the best of all sentences.
  if (file === undefined && /^(?:nothing|no|none|not found|0)\b/i.test(text)) return sentences;
  for (const line of text.split('\n')) {
    const title = /^\[\d+\]\s+(.+)$/.exec(line)?.[1];
    if (title !== undefined) {
      source = title.trim();
      heading = meaningfulStems(source.split(' — ').slice(1).join(' '));
    } else if (file !== undefined && /^#{1,6} /.test(line)) {
      heading = meaningfulStems(line);
    } else if (!/^\s*(?:#|```|\|?\s*:?-{3})/.test(line)) {
      for (const sentence of splitSentences(line)) {
        sentences.push({ text: sentence, source, stems: meaningfulStems(sentence), heading });
      }
    }
  }
  return sentences;
}

function splitSentences(line: string): string[] {
  const prose = line.replace(/^\s*(?:[-*+>]|\d+[.)])\s+/, '').trim();
  return prose.split(/(?<=[.!?])\s+(?=[\p{Lu}\p{N}"“'`([])/u).filter(isProse);
}

/** Lines of code and data are no answer: mostly signs. */
function isProse(text: string): boolean {
  return (text.match(/[\p{L}\s]/gu)?.length ?? 0) > text.length * 0.7;
}

/** The sentences that share most with the question; rare words count more, those of the heading half. */
function bestSentences(sentences: readonly Sentence[], question: Question): Sentence[] {
  const weight = new Map<string, number>();
  for (const word of question.stems) {
    const known = sentences.filter(({ stems, heading }) => stems.has(word) || heading.has(word)).length;
    if (known > 0) weight.set(word, Math.log(1 + sentences.length / known));
  }
  const sum = (present: ReadonlySet<string>): number =>
    [...weight].reduce((total, [word, worth]) => total + (present.has(word) ? worth : 0), 0);
  const expected = hints.filter(({ asked }) => asked.test(question.text));
  const scored = sentences
    .map((sentence) => {
      const worth = expected.some(({ answer }) => answer.test(sentence.text)) ? hintWorth : 1;
      return { sentence, score: worth * (sum(sentence.stems) + sum(sentence.heading) / 2) };
    })
    .filter(({ sentence, score }) => score > 0 && isNew(sentence, sentences))
    .sort((one, other) => other.score - one.score);
  const enough = (scored[0]?.score ?? 0) / 2;
  return scored.slice(0, maxQuotes).flatMap(({ sentence, score }) => (score >= enough ? [sentence] : []));
}

/** Excerpts of several searches overlap: the first copy of a sentence stays. */
function isNew(sentence: Sentence, all: readonly Sentence[]): boolean {
  return all.find(({ text }) => text === sentence.text) === sentence;
}

function cut(line: string): string {
  return line.length > maxValueLength ? `${line.slice(0, maxValueLength)}…` : line;
}
