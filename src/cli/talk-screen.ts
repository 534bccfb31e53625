// What the person at the terminal sees. On a terminal, words grow in place on the last line; into a file go whole lines only.
import { stripVTControlCharacters } from 'node:util';
import { latencyText } from './talk-latency.ts';
import type { Line } from './talk-tracker.ts';
import type { RealtimeEvent } from './talk-events.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** `talk`: the whole conversation. `quiet`: the agent's words alone. `json`: every event, one JSON object a line. */
export type ScreenMode = 'talk' | 'quiet' | 'json';

const labels = { user: 'you', agent: 'agent', tool: 'tool', note: '', error: 'error', latency: '' } as const;
const colours = { user: '36', agent: '32', tool: '35', note: '2', error: '31', latency: '2' } as const;
/** A new sketch is worth a line of its own in a file when it has so many more words. */
const sketchStepWords = 3;

export class Screen {
  readonly #out: Output;
  readonly #err: Output;
  readonly #mode: ScreenMode;
  readonly #colour: boolean;
  /** The unfinished line at the bottom of a terminal. */
  #live: { kind: 'user' | 'agent'; text: string } | undefined;
  #sketchWords = 0;

  constructor(out: Output, err: Output, mode: ScreenMode, env: Readonly<Record<string, string | undefined>>) {
    this.#out = out;
    this.#err = err;
    this.#mode = mode;
    this.#colour = out.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  }

  show(lines: readonly Line[]): void {
    for (const line of lines) this.#show(line);
  }

  /** A failure that ends the program, or something to know before it begins; always on standard error. */
  complain(text: string): void {
    this.#erase();
    this.#err.write(`${plain(text)}\n`);
  }

  /** An event as it went over the wire; shown in `json` mode only. */
  event(from: 'client' | 'server', event: RealtimeEvent, atMs: number): void {
    if (this.#mode === 'json') this.#out.write(`${JSON.stringify({ at_ms: Math.round(atMs * 10) / 10, from, event })}\n`);
  }

  #show(line: Line): void {
    if (this.#mode === 'json') {
      if (line.kind === 'latency') this.#out.write(`${JSON.stringify({ from: 'talk', latency: line.latency })}\n`);
    } else if (this.#mode === 'quiet') {
      if (line.kind === 'agent' && line.final) this.#out.write(`${plain(line.text)}\n`);
      if (line.kind === 'error') this.complain(line.text);
    } else if ('final' in line && !line.final) this.#sketch(line.kind, plain(line.text));
    else this.#settle(line.kind, line.kind === 'latency' ? latencyText(line.latency) : plain(line.text));
  }

  #sketch(kind: 'user' | 'agent', text: string): void {
    if (this.#out.isTTY) {
      this.#erase();
      this.#live = { kind, text };
      this.#out.write(this.#paint(kind, tail(text, (this.#out.columns ?? 80) - indent - 1)));
      return;
    }
    const words = text.split(' ').length;
    if (kind === 'agent' || words < this.#sketchWords + sketchStepWords) return;
    this.#sketchWords = words;
    this.#out.write(`${this.#paint(kind, `${text} …`)}\n`);
  }

  /** A line that stays. An unfinished line of the other party moves below it. */
  #settle(kind: Line['kind'], text: string): void {
    const live = this.#live;
    this.#erase();
    if (kind === 'user') this.#sketchWords = 0;
    this.#out.write(`${this.#paint(kind, text)}\n`);
    if (live && live.kind !== kind) this.#sketch(live.kind, live.text);
  }

  #erase(): void {
    if (!this.#live) return;
    this.#live = undefined;
    this.#out.write('\r\u001B[K');
  }

  #paint(kind: Line['kind'], text: string): string {
    const label = labels[kind].padEnd(indent);
    if (!this.#colour) return label + text;
    const code = colours[kind];
    // Words stay in the terminal's own colour; only who speaks is marked.
    return kind === 'note' || kind === 'latency' ? `\u001B[${code}m${label}${text}\u001B[0m` : `\u001B[${code}m${label}\u001B[0m${text}`;
  }
}

const indent = 7;

/** One line of harmless text: whatever a server sends, it cannot steer the terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
}

/** The end of a text that must stay on one line of `columns`, or a carriage return would not reach its start. */
function tail(text: string, columns: number): string {
  const letters = Array.from(text);
  let width = 0;
  for (let at = letters.length - 1; at >= 0; at--) {
    // From Hangul on, letters may be two columns wide; too short a tail does no harm.
    width += (letters[at]?.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
    if (width > columns - 1) return `…${letters.slice(at + 1).join('')}`;
  }
  return text;
}
