// The tape of one session: what happened to it, when, and what it wanted done, as it happens. It never throws and nobody waits for it: whatever goes
// wrong costs the tape, and the session does not notice.
import type { Spool } from '../../lib/spool.ts';
import type { Birth } from '../../session/birth.ts';
import type { Effect } from '../../session/effects.ts';
import type { Fact, FactOf } from '../../session/facts.ts';
import { type TapeHeader, tapeFormat } from './format.ts';
import { effectJson, factJson, plain } from './plain.ts';
import { Secrets } from './secrets.ts';

/** Steps of `audio.reached` in one line. */
const mostHeard = 200;

export interface TapeParts {
  readonly spool: Spool;
  /** Where the sound goes, if it is wanted. */
  readonly soundSpool: Spool | undefined;
  readonly version: string;
  readonly wallMs: number;
  /** Something is wrong with the tape itself. Told once. */
  onFault(error: unknown): void;
}

/** A step whose effects are not known yet. */
interface Begun {
  readonly us: number;
  /** The fact as a tape has it; of sound that arrives, which may be one of many in a line, its own two numbers. */
  readonly fact: string | FactOf<'audio.reached'>;
}

export class Tape {
  readonly #parts: TapeParts;
  readonly #secrets = new Secrets();
  #startUs = 0;
  #lastUs = 0;
  #state: 'new' | 'running' | 'over' = 'new';
  #begun: Begun | undefined;
  /** A line of `audio.reached` that is not full yet. */
  #heard = '';
  #heardCount = 0;

  constructor(parts: TapeParts) {
    this.#parts = parts;
  }

  /** The session is about to be born. */
  begin(birth: Birth, nowMs: number): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#startUs = microseconds(nowMs);
    const { version, wallMs, soundSpool } = this.#parts;
    const startedAt = new Date(wallMs).toISOString();
    const about = { tape: tapeFormat, parley: version, startedAt, startUs: this.#startUs, sound: soundSpool !== undefined };
    this.#write(() => JSON.stringify({ ...about, birth: plain(birth, this.#secrets) as Birth } satisfies TapeHeader));
  }

  /** Its first effects of all. */
  opened(effects: readonly Effect[]): void {
    this.#write(() => `{"us":0,"opened":${this.#json(effects)}}`);
  }

  /** A fact, before the session has it: it may not be the same afterwards. `wanted` or `threw` must follow. */
  fact(nowMs: number, fact: Fact): void {
    if (this.#state !== 'running') return;
    const us = this.#us(nowMs);
    if (fact.kind === 'audio.reached') this.#begun = { us, fact };
    else {
      this.#attempt(() => {
        if (this.#parts.soundSpool) for (const bytes of soundsOf(fact)) this.#keep(bytes);
        this.#begun = { us, fact: factJson(fact, this.#secrets) };
      });
    }
  }

  /** What the session wants done about the fact. */
  wanted(effects: readonly Effect[]): void {
    const begun = this.#begun;
    if (!begun) return;
    if (effects.length > 0) this.#write(() => `${step(begun)},"effects":${this.#json(effects)}}`);
    else if (typeof begun.fact === 'string') this.#write(() => `${step(begun)}}`);
    else this.#hear(begun.us, begun.fact);
    this.#begun = undefined;
  }

  /** The session failed upon the fact, by a fault of ours, and is over. */
  threw(error: unknown): void {
    const begun = this.#begun;
    if (begun) this.#write(() => `${step(begun)},"threw":${JSON.stringify(String(error))}}`);
    this.#begun = undefined;
  }

  /** Sound comes in, in the format that the session listens in. */
  sound(nowMs: number, bytes: Uint8Array): void {
    if (this.#state !== 'running' || !this.#parts.soundSpool) return;
    const us = this.#us(nowMs);
    this.#write(() => {
      this.#keep(bytes);
      return `{"us":${us},"sound":${bytes.length}}`;
    });
  }

  /** Resolves when it is on the disk, or lost. */
  async end(): Promise<void> {
    this.#finish('over');
    await Promise.all([this.#parts.spool.end(), this.#parts.soundSpool?.end()]);
  }

  /** Whether the disk has taken what it was given. */
  get whole(): boolean {
    const { spool, soundSpool } = this.#parts;
    return !spool.failed && !soundSpool?.failed;
  }

  #us(nowMs: number): number {
    this.#lastUs = microseconds(nowMs) - this.#startUs;
    return this.#lastUs;
  }

  #json(effects: readonly Effect[]): string {
    return `[${effects.map((effect) => effectJson(effect, this.#secrets)).join()}]`;
  }

  #keep(bytes: Uint8Array): void {
    this.#parts.soundSpool?.write(bytes);
  }

  #hear(us: number, { receivedMs, decidedMs }: FactOf<'audio.reached'>): void {
    this.#heard += `${this.#heardCount === 0 ? '' : ','}${us},${receivedMs},${decidedMs}`;
    this.#heardCount += 1;
    if (this.#heardCount >= mostHeard) this.#attempt(() => this.#parts.spool.write(this.#heardLine()));
  }

  #write(line: () => string): void {
    this.#attempt(() => {
      const text = line();
      this.#parts.spool.write(`${this.#heardLine()}${text}\n`);
    });
  }

  /** A tape with a gap could not be played: one that cannot take more ends here. */
  #attempt(task: () => void): void {
    if (this.#state !== 'running') return;
    const { spool, soundSpool } = this.#parts;
    try {
      if (spool.full || soundSpool?.full) throw new Error('The disk is too slow for what it is to take.');
      task();
    } catch (error) {
      this.#parts.onFault(error);
      this.#finish('cut');
    }
  }

  #heardLine(): string {
    if (this.#heardCount === 0) return '';
    const line = `{"heard":[${this.#heard}]}\n`;
    this.#heard = '';
    this.#heardCount = 0;
    return line;
  }

  #finish(how: 'over' | 'cut'): void {
    if (this.#state === 'running') this.#parts.spool.write(`${this.#heardLine()}{"us":${this.#lastUs},"end":"${how}"}\n`);
    this.#state = 'over';
    this.#begun = undefined;
  }
}

/** The beginning of its line. */
function step({ us, fact }: Begun): string {
  return `{"us":${us},"fact":${typeof fact === 'string' ? fact : JSON.stringify(fact)}`;
}

/** The clock's time as a session is told it: a whole number of microseconds. */
export function onTape(nowMs: number): number {
  return microseconds(nowMs) / 1000;
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

/** In the order in which `plain` meets them. */
function soundsOf(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(soundsOf);
}
