// The fields of a tool call as every server accepts them: its id, the function's name, its arguments.
import { createHash } from 'node:crypto';
import { wellFormedJson } from '../../lib/well-formed-json.ts';

/** OpenAI's rule for names and Gemini's ("must start with a letter or an underscore") in one. */
export function functionName(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_-]/g, '_');
  return (/^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`).slice(0, 64);
}

/** The names of a prompt's tools as a server is told them, and back. */
export class ToolNames {
  readonly #sent = new Map<string, string>();
  readonly #own = new Map<string, string>();

  constructor(tools: readonly { readonly name: string }[]) {
    for (const { name } of tools) {
      const plain = functionName(name);
      let free = plain;
      for (let count = 2; this.#own.has(free); count++) free = `${plain.slice(0, 60)}_${count}`;
      this.#sent.set(name, free);
      this.#own.set(free, name);
    }
  }

  sent(name: string): string {
    return this.#sent.get(name) ?? functionName(name);
  }

  /** A model may make names up: those stay as they are. */
  own(sent: string): string {
    return this.#own.get(sent) ?? sent;
  }
}

/** Servers parse the arguments of earlier calls, and refuse the request for what is no JSON object (vllm-project/vllm#43995). */
export function argumentsObject(text: string): string {
  if (text.trim() === '') return '{}';
  return isCompleteObject(text) ? wellFormedJson(text) : JSON.stringify({ arguments: text });
}

export function isCompleteObject(json: string): boolean {
  if (!json.trimEnd().endsWith('}')) return false;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Gives the calls of one request their ids: the same for the same conversation, so that providers can cache it, and none twice. */
export class CallIds {
  readonly #accepted: RegExp;
  readonly #used = new Set<string>();

  constructor(accepted: RegExp) {
    this.#accepted = accepted;
  }

  next(id: string): string {
    let free = id;
    for (let count = 0; this.#used.has(free) || !this.#accepted.test(free); count++) free = digest(`${id} ${count}`);
    this.#used.add(free);
    return free;
  }
}

/** Nine letters and digits, which is the narrowest that any server demands. */
function digest(text: string): string {
  return createHash('sha256')
    .update(text)
    .digest('base64')
    .replace(/[^a-zA-Z0-9]/g, '')
    .slice(0, 9);
}
