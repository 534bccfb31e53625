// A session of today and the tape of it: facts go into both, as drive() has it.
import type { Effect } from '../../../src/session/effects.ts';
import { seededEnv } from '../../../src/session/env.ts';
import type { Fact } from '../../../src/session/facts.ts';
import { Session } from '../../../src/session/session.ts';
import type { Birth } from '../../../src/session/birth.ts';
import { onTape, type Tape } from '../../../src/pipeline/tape/tape.ts';
import { parseClientEvent } from '../../../src/protocol/client-events.ts';
import { testBirth } from '../../session/birth.ts';
import { Recording } from './recording.ts';

export function birthOf(own: Partial<Birth> = {}): Birth {
  return testBirth({ sessionId: 'sess_0123456789', seed: '0123456789abcdef', ...own });
}

export class SessionOnTape {
  readonly recording: Recording;
  readonly effects: Effect[] = [];
  readonly #session: Session;
  readonly #tape: Tape;
  /** The clock's time: its origin means nothing, and it is no round number. */
  now = onTape(98_765.432_109_8);
  #receivedMs = 0;

  constructor(birth: Birth = birthOf(), recording = new Recording()) {
    this.recording = recording;
    this.#tape = recording.open(birth.sessionId);
    this.#tape.begin(birth, this.now);
    this.#session = new Session(birth, seededEnv(birth.seed), this.now);
    const effects = this.#session.open();
    this.#tape.opened(effects);
    this.effects.push(...effects);
  }

  fact(fact: Fact): readonly Effect[] {
    this.#tape.fact(this.now, fact);
    const effects = this.#session.step(fact, this.now);
    this.#tape.wanted(effects);
    this.effects.push(...effects);
    return effects;
  }

  client(message: Record<string, unknown>): readonly Effect[] {
    return this.fact({ kind: 'client', event: parseClientEvent(message) });
  }

  wait(ms: number): void {
    this.now = onTape(this.now + ms);
    if (this.#session.wakeAt <= this.now) this.fact({ kind: 'tick' });
  }

  /** A microphone that is on: frames of 20 ms, which never come quite in time. */
  hear(ms: number): void {
    for (let left = ms; left > 0; left -= 20) {
      this.wait(20.123);
      this.#receivedMs += 20;
      this.#tape.sound(this.now, new Uint8Array(960).fill(1));
      this.fact({ kind: 'audio.reached', receivedMs: this.#receivedMs, decidedMs: this.#receivedMs - 32 });
    }
  }

  /** What the user says, with the silence that ends it. */
  utter(ms: number): void {
    const startMs = this.#receivedMs;
    this.hear(100);
    this.fact({ kind: 'speech.began', atMs: startMs });
    this.hear(ms - 100);
    const endMs = this.#receivedMs;
    this.hear(100);
    this.fact({ kind: 'speech.paused', atMs: endMs });
    this.hear(500);
  }

  /** The run that was started last answers: its sound is made as fast as may be, in pieces of 250 ms. */
  answer(text: string, ms: number): void {
    const run = this.effects.flatMap((effect) => (effect.kind === 'run.start' ? effect.order.run : [])).at(-1) ?? '';
    for (const delta of text.split(/(?<= )/)) this.fact({ kind: 'run.text', run, delta });
    for (let made = 0; made < ms; made += 250) {
      this.wait(5.01);
      const bytes = new Uint8Array(250 * 48).map((_, at) => (made + at) % 251);
      this.fact({ kind: 'run.audio', run, bytes, ms: 250, words: undefined });
    }
    this.fact({ kind: 'run.ended', run, reason: 'stop', usage: { inputTokens: 20, outputTokens: 10, cachedTokens: 0 } });
  }

  /** What stands on the tape in the end. */
  ended(): Promise<string> {
    return this.recording.ended(this.#tape);
  }
}
