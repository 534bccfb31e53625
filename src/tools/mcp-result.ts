// What a tool gave back, as the one text that a model reads and an item keeps: text joined, structured content as JSON, the rest named.
import { isDeepStrictEqual } from 'node:util';

/** Bytes of UTF-8 that a result may have; what is beyond is cut, and said to be. */
const OUTPUT_BYTES = 64 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/** The text of a result; a server may send anything. `clean` has the whole of it before it is cut. */
export function outputText(result: unknown, clean: (text: string) => string = (text) => text): string {
  // What came before content had a name was called a toolResult.
  const { content, structuredContent, toolResult } = fieldsOf(result);
  const parts = listOf(content).map(partText);
  const structured = structuredContent ?? toolResult;
  // A server that gives structured content is asked to give the same as text, too: once is enough.
  if (structured !== undefined && structured !== null && !parts.some((part) => isJsonOf(part, structured))) parts.push(jsonOf(structured));
  return cut(clean(parts.join('\n')));
}

/** Whether the tool itself says that it failed. */
export function isFailure(result: unknown): boolean {
  return fieldsOf(result)['isError'] === true;
}

/** A list, or what should have been in one. */
function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

function partText(part: unknown): string {
  if (typeof part !== 'object' || part === null) return text(part);
  const fields = fieldsOf(part);
  switch (fields['type']) {
    case 'text':
      return text(fields['text']);
    case 'image':
    case 'audio':
      return `[${fields['type']}: ${text(fields['mimeType'])}, ${size(fields['data'])}]`;
    case 'resource_link':
      return `[resource: ${[text(fields['title']) || text(fields['name']), text(fields['uri'])].filter(Boolean).join(', ')}]`;
    case 'resource':
      return resourceText(fields['resource']);
    default:
      return text(fields['text']) || `[${text(fields['type']) || 'unknown'}]`;
  }
}

function resourceText(resource: unknown): string {
  const fields = fieldsOf(resource);
  if (typeof fields['text'] === 'string') return fields['text'];
  return `[resource: ${[text(fields['uri']), text(fields['mimeType']), size(fields['blob'])].filter(Boolean).join(', ')}]`;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** As JSON, unless it is text already or nested deeper than JSON can be written. */
function jsonOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    return '[structured content that cannot be read]';
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function size(base64: unknown): string {
  return `${Buffer.byteLength(text(base64), 'base64')} bytes`;
}

function isJsonOf(part: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(part), value);
  } catch {
    return false;
  }
}

function cut(whole: string): string {
  const bytes = Buffer.from(whole);
  if (bytes.length <= OUTPUT_BYTES) return whole;
  const note = `\n[cut: the result had ${bytes.length} bytes]`;
  let end = OUTPUT_BYTES - Buffer.byteLength(note);
  // Not in the middle of a character: 10xxxxxx continues one.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end) + note;
}
