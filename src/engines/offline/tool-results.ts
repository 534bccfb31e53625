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

/** Nothing of `null`, and of what only programs want. */
function told(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'there is nothing' : listing(value.slice(0, MOST_FIELDS).map(nameOf));
  if (!isObject(value)) return value === null || value === undefined ? '' : String(value);
  const fields = Object.entries(value).filter(([key, field]) => !/^(?:success|ok|status|errors?)$|(?:^|_)(?:id|uuid)$|Id$/.test(key) && told(field) !== '');
  // A sentence that was made for people says the rest as well.
  const made = fields.map(([, field]) => field).find((field) => typeof field === 'string' && field.split(' ').length > 3);
  return typeof made === 'string' ? made : listing(fields.slice(0, MOST_FIELDS).map(([key, field]) => tellField(humanise(key), field)));
}

function tellField(label: string, value: unknown): string {
  if (typeof value === 'boolean') return `it is ${value ? '' : 'not '}${label.replace(/^(?:is|has) /, '')}`;
  if (isObject(value)) return `for the ${label}, ${told(value)}`;
  return `the ${label} ${/[^s]s$/.test(label) ? 'are' : 'is'} ${told(value)}`;
}

/** Of one in a list what it is called, where it says so. */
function nameOf(value: unknown): string {
  return told(isObject(value) ? (value['name'] ?? value['title'] ?? value) : value);
}
