// What a tool gave back, as the one text that a model reads and an item keeps: text joined, structured content as JSON, the rest named.
import { isDeepStrictEqual } from 'node:util';

/** Bytes of UTF-8 that a result may have; what is beyond is cut, and said to be. */
const OUTPUT_BYTES = 64 * 1024;

/** The parts of a tool's result that are read here; a server may send anything. */
export interface ToolResult {
  readonly content?: unknown;
  readonly structuredContent?: unknown;
  readonly isError?: unknown;
}

export function outputText(result: ToolResult): string {
  const parts = (Array.isArray(result.content) ? result.content : []).map(partText);
  const structured = result.structuredContent;
  // A server that gives structured content is asked to give the same as text, too: once is enough.
  if (structured !== undefined && !parts.some((part) => isJsonOf(part, structured))) parts.push(JSON.stringify(structured));
  return cut(parts.join('\n'));
}

function partText(part: unknown): string {
  if (typeof part !== 'object' || part === null) return '';
  const fields = part as Readonly<Record<string, unknown>>;
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
      return `[${text(fields['type']) || 'unknown'}]`;
  }
}

function resourceText(resource: unknown): string {
  const fields = (typeof resource === 'object' && resource !== null ? resource : {}) as Readonly<Record<string, unknown>>;
  if (typeof fields['text'] === 'string') return fields['text'];
  return `[resource: ${[text(fields['uri']), text(fields['mimeType']), size(fields['blob'])].filter(Boolean).join(', ')}]`;
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
