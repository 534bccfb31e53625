// The events that the servers of a test run have sent, on disk: one line for each that a type could tell from those before it.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { factsOf, shortened } from './facts.ts';

/** The words of the connection, and the API whose path its client took. */
export interface Spoken {
  readonly dialect: 'ga' | 'beta';
  readonly api: 'openai' | 'inworld';
}

export interface Recorded extends Spoken {
  readonly event: { readonly type: string };
}

/** All processes of a run write here, each a file of its own. */
const folder = resolve(import.meta.dirname, '../../node_modules/.cache/parley-events');
/** A process that keeps more than this has stopped telling events apart; the rest is not kept. */
const mostKept = 5000;

/** Keeps of all events those that show something new. */
export class Sieve {
  readonly #seen = new Set<string>();
  #kept = 0;

  /** Whether this one shows something that none before it did. */
  isNew({ dialect, api, event }: Recorded): boolean {
    if (this.#kept >= mostKept) return false;
    const before = this.#seen.size;
    for (const fact of factsOf(event)) this.#seen.add(`${dialect} ${api} ${event.type} ${fact}`);
    if (this.#seen.size === before) return false;
    this.#kept += 1;
    return true;
  }
}

const sieve = new Sieve();
const file = join(folder, `${process.pid}-${Date.now()}.jsonl`);

/** Writes an event down, unless it shows nothing new. */
export function keep(recorded: Recorded): void {
  if (!sieve.isNew(recorded)) return;
  mkdirSync(folder, { recursive: true });
  appendFileSync(file, `${JSON.stringify({ ...recorded, event: shortened(recorded.event) })}\n`);
}

/** What the last run has left, once. */
export function readRecorded(): Recorded[] {
  if (!existsSync(folder)) return [];
  const whole = new Sieve();
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean));
  return lines.map((line) => JSON.parse(line) as Recorded).filter((recorded) => whole.isNew(recorded));
}

/** A new run begins. */
export function forgetRecorded(): void {
  rmSync(folder, { recursive: true, force: true });
}
