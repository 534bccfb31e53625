// What functions returned, as something to say. JSON becomes a sentence; plain words are said as they are; failures are not hidden.
import { isObject } from '../../lib/fields.ts';
import type { Conversation } from './conversation.ts';
import { capitalise, humanise, listing, plainName, sentence } from './words.ts';

/** Nobody listens longer than this to a machine reading data. */
const LONGEST = 900;
const MOST_FIELDS = 10;

export function tellResults(results: Conversation['results']): string {
  const text = [...new Set(results.map(tellResult))].join(' ');
  return text.length > LONGEST ? `${text.slice(0, text.lastIndexOf(' ', LONGEST))} and so on.` : text;
}

function tellResult({ name, output }: Conversation['results'][number]): string {
  const value = parse(output);
  const failure = failureIn(value);
  if (failure !== undefined) return sentence(`${name ? capitalise(plainName(name)) : 'That'} did not work${failure ? `: ${failure}` : ''}`);
  const text = value === true ? '' : typeof value === 'number' ? `the answer is ${value}` : told(value);
  return text === '' ? 'Done.' : sentence(text);
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
  const { error, success, ok, status } = value;
  if (!error && success !== false && ok !== false && !/^(?:error|failed|failure)$/i.test(String(status))) return undefined;
  const reason = [error, isObject(error) ? error['message'] : undefined, value['message'], value['reason']];
  return reason.find((text) => typeof text === 'string') ?? '';
}

/** Results may be nested as deep as they like; nobody follows that. */
const DEEPEST = 4;

/** Nothing of `null`, and of what only programs want. */
function told(value: unknown, depth = 0): string {
  if (value === null || value === undefined || depth > DEEPEST) return '';
  if (Array.isArray(value))
    return value.length === 0 ? 'there is nothing' : listing(value.slice(0, MOST_FIELDS).map((one) => told(nameOf(one), depth + 1)));
  if (!isObject(value)) return String(value);
  const fields = Object.entries(value).filter(([key, field]) => !isNoise(key, field));
  // A sentence that was made for people says the rest as well.
  const made = fields.map(([, field]) => field).find((field) => typeof field === 'string' && field.split(' ').length > 3);
  if (typeof made === 'string') return made;
  return listing(fields.slice(0, MOST_FIELDS).map(([key, field]) => tellField(humanise(key), field, depth + 1)));
}

function isNoise(key: string, value: unknown): boolean {
  if (value === null || value === '' || /^(?:success|ok|errors?)$|(?:^|_)(?:id|uuid)$|Id$/.test(key)) return true;
  return key === 'status' && /^(?:ok|success|done)$/i.test(String(value));
}

function tellField(label: string, value: unknown, depth: number): string {
  if (typeof value === 'boolean') return `it is ${value ? '' : 'not '}${label.replace(/^(?:is|has) /, '')}`;
  if (isObject(value)) return `for the ${label}, ${told(value, depth)}`;
  if (/^(?:result|answer|text|message|summary|output)$/.test(label)) return told(value, depth);
  return `the ${label} ${/[^s]s$/.test(label) ? 'are' : 'is'} ${told(value, depth)}`;
}

/** Of one in a list what it is called, where it says so. */
function nameOf(value: unknown): unknown {
  return isObject(value) ? (value['name'] ?? value['title'] ?? value) : value;
}
