// JSON that an operator or a client of Inworld's has written, as its schema reads it. Whatever is wrong is said with the field's name as it was written,
// all of it at once; fields that the schema does not know are left out and named.
import type { z } from 'zod';
import { fieldAsWritten, inSnakeCase, isRecord, type Path, SpellingError } from './spelling.ts';

export interface Fault {
  /** `routes[0].route.variants[1].weight`; empty: the whole. */
  readonly field: string;
  /** Goes on after the field's name. */
  readonly message: string;
}

/** It cannot be used: the message is one sentence for each fault. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(sentence).join(' '));
    this.faults = faults;
  }
}

export function sentence({ field, message }: Fault): string {
  return `${field === '' ? 'It' : field} ${message}.`;
}

/** Said at a time. */
const mostFaults = 10;

/**
 * The value as the schema reads it, whose objects are strict.
 * @param spelling `either`: fields may be in camelCase, and the schema names them in snake_case; `own`: as they are.
 * @throws RouterError
 */
export function readJson<S extends z.ZodType>(
  schema: S,
  value: unknown,
  spelling: 'either' | 'own' = 'either',
): { value: z.infer<S>; unread: string[] } {
  const field = (path: readonly PropertyKey[]) => fieldAsWritten(value, path as Path);
  if (!isRecord(value)) throw new RouterError([{ field: '', message: 'must be one JSON object' }]);
  let given: unknown;
  try {
    given = spelling === 'either' ? inSnakeCase(value) : value;
  } catch (error) {
    if (!(error instanceof SpellingError)) throw error;
    throw new RouterError([{ field: field(error.path), message: error.message }]);
  }
  const unread: string[] = [];
  // Each pass takes away what is not known; what lies below it is looked at in the next.
  for (;;) {
    const parsed = schema.safeParse(given, { reportInput: true });
    if (parsed.success) return { value: parsed.data, unread };
    const unknown = parsed.error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? [issue] : []));
    const wrong = parsed.error.issues.filter(({ code }) => code !== 'unrecognized_keys');
    if (wrong.length > 0 || unknown.length === 0) {
      throw new RouterError(wrong.slice(0, mostFaults).map((issue) => ({ field: field(issue.path), message: messageOf(issue) })));
    }
    for (const { path, keys } of unknown) {
      const holder = path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown>)[step], given) as Record<string, unknown>;
      for (const key of keys) {
        unread.push(field([...path, key]));
        delete holder[key];
      }
    }
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.message.startsWith('must') ? issue.message : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return /^(?:is|must)/.test(issue.message)
        ? issue.message
        : `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'too_small':
      return /^(?:is|must)/.test(issue.message)
        ? issue.message
        : `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'invalid_union':
      return issue.message.startsWith('must') ? issue.message : 'is of no kind that can be read';
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}
