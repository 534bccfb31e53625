// What functions returned, as something to say. JSON becomes a sentence; plain words are said as they are; failures are not hidden.
import { isObject } from '../../lib/fields.ts';
import type { Conversation } from './conversation.ts';
import { humanise, listing, plainName, sentence } from './words.ts';

/** Nobody listens longer than this to a machine reading data, nor follows what is nested deeper. */
const LONGEST = 900;
const MOST_FIELDS = 10;
const DEEPEST = 4;

export function tellResults(results: Conversation['results']): string {
  const text = [...new Set(results.map(tellResult))].join(' ');
  return text.length > LONGEST ? `${text.slice(0, text.lastIndexOf(' ', LONGEST))} and so on.` : text;
}

function tellResult({ name, output }: Conversation['results'][number]): string {
  const value = parse(output);
  const failure = failureIn(value);
  if (failure !== undefined) return sentence(`${name ? plainName(name) : 'that'} did not work${failure ? `: ${failure}` : ''}`);
  const text = typeof value === 'number' ? `the answer is ${value}` : told(value, 0);
  return text === '' || value === true ? 'Done.' : sentence(text);
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return output.trim();
  }
}

/** The reason of a failure, empty when it has none; undefined when it is no failure. */
function failureIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value.match(/^(?:error|exception|failed)\b[:\s-]*(.*)$/i)?.[1];
  if (!isObject(value)) return undefined;
  const { error, success, ok, message } = value;
  if (!error && success !== false && ok !== false) return undefined;
  return [error, isObject(error) ? error['message'] : undefined, message].find((text) => typeof text === 'string') ?? '';
}

function told(value: unknown, depth: number): string {
  if (value === null || value === undefined || depth > DEEPEST) return '';
  if (Array.isArray(value))
    return listing(value.slice(0, MOST_FIELDS).map((one) => told(isObject(one) ? (one['name'] ?? one) : one, depth + 1)));
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  // What only programs want is left out.
  const fields = Object.entries(value).filter(
    ([key, field]) => field !== null && field !== '' && !/^(?:success|ok|errors?)$|(?:^|_)id$|Id$/.test(key),
  );
  // A sentence that was made for people says the rest as well.
  const made = fields.map(([, field]) => field).find((field) => typeof field === 'string' && field.split(' ').length > 3);
  if (typeof made === 'string') return made;
  return listing(fields.slice(0, MOST_FIELDS).map(([key, field]) => tellField(humanise(key), field, depth + 1)));
}

function tellField(label: string, value: unknown, depth: number): string {
  if (typeof value === 'boolean') return `it is ${value ? '' : 'not '}${label.replace(/^is /, '')}`;
  if (isObject(value)) return `for the ${label}, ${told(value, depth)}`;
  return `the ${label} ${/[^s]s$/.test(label) ? 'are' : 'is'} ${told(value, depth)}`;
}
