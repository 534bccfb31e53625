// A large message, looked through before it is parsed, in slices between which the other sessions go on: whether it is too much to be parsed in
// one go, and where its large strings are. It checks no JSON: that is the parser's work.
import { setImmediate } from 'node:timers/promises';
import { mostDepth, mostValues, tooDeep, tooMany } from '../protocol/json.ts';

/** A shorter string is not worth a word. */
const leastStringBytes = 64 * 1024;
/** Steps without a pause: some characters of JSON, or all that is plain of a string. */
const sliceSteps = 50_000;
/** So much of a string is looked at one by one before it is taken for a long one. */
const nearBytes = 64;
const mostKeyBytes = 64;
/** Of `type` and `role`. */
const mostWordBytes = 64;
/** 512 characters, each of them escaped. */
const mostIdBytes = 6 * 512;

const quote = 0x22;
const backslash = 0x5c;
const escapeBytes = 6;
/** What stands instead of half of a surrogate pair; see lib/well-formed-json.ts. */
const replacement = Buffer.from('\\ufffd');

/** An object or array that is open where the scan is. */
interface Level {
  readonly isArray: boolean;
  isEmpty: boolean;
  /** The field that is being read, of an object; `isKey` while that is still to come. */
  key: string;
  isKey: boolean;
  /** The place that is being read, of an array. */
  index: number;
  /** What an object says it is. */
  type: string | undefined;
  role: string | undefined;
}

/** Where a string stands: the fields and places that lead there, and the objects they are of, from the outermost. */
export interface LargeString {
  /** Of its text, without the quotation marks. */
  readonly from: number;
  readonly to: number;
  readonly steps: readonly (string | number)[];
  readonly levels: readonly Readonly<Level>[];
}

export class MessageScan {
  readonly #message: Buffer;
  readonly #levels: Level[] = [];
  readonly strings: LargeString[] = [];
  /** Why it must not be parsed, if so. */
  excess: string | undefined;
  #eventId: Buffer | undefined;
  #values = 0;
  #at = 0;
  /** Where the string began that is being read. */
  #stringFrom: number | undefined;
  /** The next of each from where they were last looked for. */
  #quoteAt = -1;
  #backslashAt = -1;

  constructor(message: Buffer) {
    this.#message = message;
  }

  /** Looks through all of it, or as far as it is not too much. Escapes that are half of a surrogate pair are written over. */
  async run(): Promise<void> {
    while (this.#at < this.#message.length && this.excess === undefined) {
      if (this.#at > 0) await setImmediate();
      this.#slice();
    }
  }

  /** The client's own id of the event, as far as it was found. */
  get eventId(): string | null {
    try {
      const id: unknown = JSON.parse(`"${this.#eventId?.toString('utf8') ?? '\n'}"`);
      return typeof id === 'string' ? id.slice(0, mostIdBytes / escapeBytes) : null;
    } catch {
      return null;
    }
  }

  #slice(): void {
    for (let steps = 0; steps < sliceSteps && this.#at < this.#message.length && this.excess === undefined; steps++) {
      if (this.#stringFrom === undefined) this.#token();
      else this.#inString(this.#stringFrom);
    }
  }

  #token(): void {
    const level = this.#levels.at(-1);
    const byte = this.#message[this.#at++] ?? 0;
    switch (byte) {
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        return;
      case quote:
        this.#fill(level);
        this.#stringFrom = this.#at;
        return;
      case 0x7b:
        this.#fill(level);
        return this.#open(false);
      case 0x5b:
        this.#fill(level);
        return this.#open(true);
      case 0x7d:
      case 0x5d:
        this.#levels.pop();
        return;
      case 0x3a:
        if (level) level.isKey = false;
        return;
      case 0x2c:
        if (!level) return;
        level.isKey = !level.isArray;
        level.index += 1;
        return this.#count();
      default:
        this.#fill(level);
    }
  }

  #open(isArray: boolean): void {
    this.#levels.push({ isArray, isEmpty: true, key: '', isKey: !isArray, index: 0, type: undefined, role: undefined });
    if (this.#levels.length > mostDepth + 1) this.excess = tooDeep;
  }

  #fill(level: Level | undefined): void {
    if (!level?.isEmpty) return;
    level.isEmpty = false;
    this.#count();
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > mostValues) this.excess = tooMany;
  }

  /** To the next quotation mark or escape, and past it. */
  #inString(from: number): void {
    const at = this.#pastPlain();
    if (this.#message[at] === backslash) {
      this.#at = at + this.#escape(at);
      return;
    }
    this.#at = at + 1;
    this.#stringFrom = undefined;
    this.#take(from, at);
  }

  #pastPlain(): number {
    const message = this.#message;
    const near = Math.min(this.#at + nearBytes, message.length);
    for (let at = this.#at; at < near; at++) if (message[at] === quote || message[at] === backslash) return at;
    if (this.#quoteAt < near) this.#quoteAt = next(message, quote, near);
    if (this.#backslashAt < near) this.#backslashAt = next(message, backslash, near);
    return Math.min(this.#quoteAt, this.#backslashAt);
  }

  /** How long it is. */
  #escape(at: number): number {
    const half = this.#surrogate(at);
    if (half === undefined) return 2;
    if (half === 'high' && this.#surrogate(at + escapeBytes) === 'low') return 2 * escapeBytes;
    this.#message.set(replacement, at);
    return escapeBytes;
  }

  #surrogate(at: number): 'high' | 'low' | undefined {
    const message = this.#message;
    if (message[at] !== backslash || message[at + 1] !== 0x75 || lower(message[at + 2]) !== 0x64) return undefined;
    const kind = hex(message[at + 3]);
    if (kind < 8 || hex(message[at + 4]) < 0 || hex(message[at + 5]) < 0) return undefined;
    return kind < 12 ? 'high' : 'low';
  }

  #take(from: number, to: number): void {
    const level = this.#levels.at(-1);
    if (!level) return;
    const length = to - from;
    if (level.isKey) {
      level.key = this.#message.toString('utf8', from, Math.min(to, from + mostKeyBytes));
      return;
    }
    if (length >= leastStringBytes) {
      const steps = this.#levels.map(({ isArray, index, key }) => (isArray ? index : key));
      this.strings.push({ from, to, steps, levels: [...this.#levels] });
    }
    if (level.key === 'type') level.type = this.#message.toString('latin1', from, Math.min(to, from + mostWordBytes));
    else if (level.key === 'role') level.role = this.#message.toString('latin1', from, Math.min(to, from + mostWordBytes));
    else if (level.key === 'event_id' && this.#levels.length === 1 && length <= mostIdBytes)
      this.#eventId = this.#message.subarray(from, to);
  }
}

function next(message: Buffer, byte: number, from: number): number {
  const at = message.indexOf(byte, from);
  return at < 0 ? message.length : at;
}

function lower(letter = 0): number {
  return letter | 0x20;
}

/** What a digit stands for, or -1. */
function hex(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = lower(byte);
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
