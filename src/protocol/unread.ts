// Fields of a client's event that neither API knows: they are left out, and the log says which they were.
import { isRecord } from './json.ts';

/** More names than these say no more. */
const mostNames = 20;
const mostNameCharacters = 200;

/** Spellings that are read under another name, and so are not found again in what was read. `[]` stands for any place in a list. */
const otherSpellings: ReadonlySet<string> = new Set([
  'session.modelId',
  'session.tools[].function',
  'response.tools[].function',
  'session.tool_choice.function',
  'response.tool_choice.function',
  ...['voice', 'modalities', 'max_response_output_tokens', 'output_audio_format'].map((name) => `response.${name}`),
  ...['item', 'response.input[]'].flatMap((item) => [
    // Every item says that it is one, and how it is: that is for the server to say.
    ...['object', 'status'].map((name) => `${item}.${name}`),
    // The result of a tool as Chat Completions has it.
    ...['role', 'content'].map((name) => `${item}.${name}`),
    // A part has the fields of its own type; those of the others say nothing. What an assistant said is put back as words.
    ...['text', 'audio', 'transcript', 'image_url', 'detail'].map((name) => `${item}.content[].${name}`),
  ]),
]);

/**
 * The fields of an event, or of the session in one, in GA's spelling, that were left out when it was read, as paths: `session.colour`, `item.content[].mood`.
 * Not those that are null: they say nothing.
 */
export function unreadFields(message: unknown, event: object): string[] {
  const found = new Set<string>();
  collect(message, event, '', found);
  return [...found];
}

function collect(given: unknown, read: unknown, path: string, found: Set<string>): void {
  if (found.size >= mostNames) return;
  if (Array.isArray(given) && Array.isArray(read)) {
    for (const [index, inner] of given.entries()) collect(inner, read[index], `${path}[]`, found);
    return;
  }
  if (!isRecord(given) || !isRecord(read)) return;
  for (const [key, inner] of Object.entries(given)) {
    const field = path === '' ? key : `${path}.${key}`;
    if (read[key] !== undefined || inner === null) collect(inner, read[key], field, found);
    else if (!otherSpellings.has(field) && found.size < mostNames) found.add(field.slice(0, mostNameCharacters));
  }
}
