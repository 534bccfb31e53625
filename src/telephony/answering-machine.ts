// Who has answered a call that was placed: a person, a machine, a fax, or nobody who says anything; and when a machine is done, so that a message can be
// left. Told from sound and its time alone.
import { Resampler } from '../media/resample.ts';
import { SteadyTone, type ToneState, toneHop, toneRateHz } from './steady-tone.ts';

/** Milliseconds, unless their names say otherwise. */
export const machineDefaults = {
  /** A greeting is a person's up to this. Twilio's MachineDetectionSpeechThreshold is 2400; Asterisk's AMD `greeting` 1500 takes "Ann speaking, how may I help?" for a machine. */
  personMs: 2500,
  /** Somebody who has said so much without a pause does not wait for an answer. Between Twilio's 2400 and the 5000 of Asterisk's `maximumWordLength`. */
  machineMs: 3500,
  /** The pause of somebody who waits for an answer. Asterisk `afterGreetingSilence` 800; Twilio's MachineDetectionSpeechEndThreshold is 1200, which a person notices. */
  pauseMs: 800,
  /** Nothing is said. Twilio's MachineDetectionSilenceTimeout 5000, Asterisk `initialSilence` 2500. */
  silenceMs: 5000,
  /** What is shorter is a click. Asterisk `minimumWordLength` 100. */
  wordMs: 100,
  /** A beep: ITU-T gives none; the machines and mailboxes of the field beep for 0.2 to 1 s between 440 and 1400 Hz. */
  beepLeastMs: 150,
  beepMostMs: 1500,
  beepLeastHz: 400,
  beepMostHz: 2000,
  /** A machine's after all when a beep follows so soon: short greetings have 1 to 2 s of speech, as much silence, and more speech before the beep. */
  revisionMs: 10_000,
  /** A machine that beeps not at all is done when it has been silent for so long, or has spoken for so long. */
  greetingPauseMs: 2500,
  greetingMostMs: 60_000,
  /** Fax, ITU-T T.30: the answering terminal's tone of 2100 Hz ± 15 (CED) for 2.6 to 4 s, a calling one's of 1100 Hz ± 38 for 0.5 s (CNG). */
  faxLeastMs: 400,
  cedHz: 2100,
  cngHz: 1100,
} as const;

export type MachineSettings = { readonly [Name in keyof typeof machineDefaults]: number };

/** `atMs` is when it was known, in milliseconds of the sound. */
export type MachineEvent =
  | { readonly kind: 'human' | 'machine' | 'fax' | 'silence'; readonly atMs: number; readonly reason: string }
  /** It has ended: a message may be left. */
  | { readonly kind: 'beep'; readonly atMs: number; readonly fromMs: number; readonly hz: number }
  /** The machine is done without a beep: a message may be left. */
  | { readonly kind: 'greeting_ended'; readonly atMs: number; readonly reason: string };

/** Speech is so far above the noise of the line, and not below this. */
const speechAboveNoiseDb = 10;
const quietestSpeechDb = -45;
/** Noise is the least that was heard in the last three seconds, by tenths of a second; louder than this it is no noise of a line. */
const loudestNoiseDb = -38;
const noiseFrames = 150;
const noiseMeanFrames = 5;
const frameMs = (1000 * toneHop) / toneRateHz;
/** Sound within a word may be missing for so long. */
const gapMs = 60;
/** By how much the length of a tone is uncertain: what is looked at is 40 ms long. */
const toneSlackMs = 30;
const cedToleranceHz = 20;
const cngToleranceHz = 38;

/** `greeting`: nobody is known to have answered yet · `person`: one has, unless a beep follows · `machine`: its greeting goes on · `done`. */
type Phase = 'greeting' | 'person' | 'machine' | 'done';

export class MachineDetector {
  readonly #settings: MachineSettings;
  readonly #resampler: Resampler;
  readonly #tone = new SteadyTone();
  readonly #levels: number[] = [];
  #rest = new Int16Array(0);
  #nowMs = 0;
  #phase: Phase = 'greeting';
  /** A word that may become one: since when, how much of it was speech, and when it was last heard. */
  #word: { fromMs: number; speechMs: number; lastMs: number } | undefined;
  #speech: { readonly fromMs: number; lastMs: number } | undefined;
  #personAtMs = 0;
  /** When a tone was heard last: it is nobody's pause. */
  #toneAtMs = 0;

  constructor({ rateHz, settings = {} }: { rateHz: number; settings?: Partial<MachineSettings> }) {
    this.#settings = { ...machineDefaults, ...settings };
    this.#resampler = new Resampler(rateHz, toneRateHz);
  }

  /** Nothing more will be told. */
  get done(): boolean {
    return this.#phase === 'done';
  }

  /** Somebody else has found out that it is a machine: what is left to be told is when it is done. */
  knowMachine(): void {
    if (!this.done) this.#phase = 'machine';
  }

  /** The next sound of the other end, in any pieces; positions are time from the answer on. */
  feed(samples: Int16Array): MachineEvent[] {
    if (this.done) return [];
    const fresh = this.#resampler.process(samples);
    const whole = new Int16Array(this.#rest.length + fresh.length);
    whole.set(this.#rest);
    whole.set(fresh, this.#rest.length);
    const events: MachineEvent[] = [];
    let at = 0;
    for (; at + toneHop <= whole.length && !this.done; at += toneHop) events.push(...this.#frame(whole.slice(at, at + toneHop)));
    this.#rest = whole.slice(at);
    return events;
  }

  #frame(hop: Int16Array): MachineEvent[] {
    this.#nowMs += frameMs;
    const level = levelDb(hop);
    const tone = this.#tone.next(hop, level, this.#nowMs);
    if (this.#tone.tonal) this.#toneAtMs = this.#nowMs;
    this.#hear(!this.#tone.tonal && level > this.#threshold(level));
    if (this.#phase === 'greeting') {
      const fax = this.#fax(tone);
      if (fax !== undefined) return this.#end({ kind: 'fax', atMs: this.#nowMs, reason: fax });
    }
    const beep = this.#beep(tone);
    if (beep) return beep;
    if (this.#phase === 'greeting') return this.#judge();
    if (this.#phase === 'machine') return this.#greetingEnd();
    if (this.#phase === 'person' && this.#nowMs - this.#personAtMs > this.#settings.revisionMs) this.#phase = 'done';
    return [];
  }

  #hear(isSpeech: boolean): void {
    const now = this.#nowMs;
    if (!isSpeech) {
      if (this.#word && now - this.#word.lastMs > gapMs) this.#word = undefined;
      return;
    }
    this.#word ??= { fromMs: now - frameMs, speechMs: 0, lastMs: now };
    this.#word.speechMs += frameMs;
    this.#word.lastMs = now;
    if (this.#word.speechMs < this.#settings.wordMs) return;
    this.#speech ??= { fromMs: this.#word.fromMs, lastMs: now };
    this.#speech.lastMs = now;
  }

  #judge(): MachineEvent[] {
    const { personMs, machineMs, pauseMs, silenceMs } = this.#settings;
    const now = this.#nowMs;
    const speech = this.#speech;
    if (!speech) {
      const isOver = now >= silenceMs && !this.#word && !this.#tone.tonal;
      return isOver ? this.#end({ kind: 'silence', atMs: now, reason: `nothing was said for ${now} ms` }) : [];
    }
    const saidMs = speech.lastMs - speech.fromMs;
    if (saidMs > machineMs) return this.#machine(`it spoke for ${saidMs} ms without waiting for an answer`);
    if (now - speech.lastMs < pauseMs || this.#tone.tonal) return [];
    if (saidMs > personMs) return this.#machine(`it spoke for ${saidMs} ms`);
    this.#phase = 'person';
    this.#personAtMs = now;
    return [{ kind: 'human', atMs: now, reason: `somebody spoke for ${saidMs} ms and waited for an answer` }];
  }

  #machine(reason: string): MachineEvent[] {
    this.#phase = 'machine';
    return [{ kind: 'machine', atMs: this.#nowMs, reason }];
  }

  #beep({ state, ...rest }: ToneState): MachineEvent[] | undefined {
    const { beepLeastMs, beepMostMs, beepLeastHz, beepMostHz } = this.#settings;
    if (state !== 'ended' || !('tone' in rest) || !this.#speech) return undefined;
    const { hz, lastsMs, fromMs } = rest.tone;
    if (lastsMs + toneSlackMs < beepLeastMs || lastsMs - toneSlackMs > beepMostMs || hz < beepLeastHz || hz > beepMostHz) return undefined;
    const isKnown = this.#phase === 'machine';
    const known = isKnown ? [] : this.#machine(`a beep of ${hz} Hz followed its greeting`);
    return [...known, ...this.#end({ kind: 'beep', atMs: this.#nowMs, fromMs, hz })];
  }

  #greetingEnd(): MachineEvent[] {
    const { greetingPauseMs, greetingMostMs } = this.#settings;
    const now = this.#nowMs;
    const quietMs = now - Math.max(this.#speech?.lastMs ?? 0, this.#toneAtMs);
    if (quietMs >= greetingPauseMs) return this.#end({ kind: 'greeting_ended', atMs: now, reason: `nothing was said for ${quietMs} ms` });
    return now < greetingMostMs ? [] : this.#end({ kind: 'greeting_ended', atMs: now, reason: `the greeting has lasted for ${now} ms` });
  }

  #fax(tone: ToneState): string | undefined {
    const { faxLeastMs, cedHz, cngHz } = this.#settings;
    if (tone.state === 'none' || tone.tone.lastsMs < faxLeastMs) return undefined;
    const { hz } = tone.tone;
    if (Math.abs(hz - cedHz) <= cedToleranceHz) return `it answered with the tone of a fax or modem (${hz} Hz)`;
    // After words it is a beep.
    return !this.#speech && Math.abs(hz - cngHz) <= cngToleranceHz ? `it called with the tone of a fax (${hz} Hz)` : undefined;
  }

  #end(event: MachineEvent): MachineEvent[] {
    this.#phase = 'done';
    return [event];
  }

  #threshold(level: number): number {
    this.#levels.push(level);
    if (this.#levels.length > noiseFrames) this.#levels.shift();
    let noise = 0;
    for (let at = 0; at + noiseMeanFrames <= this.#levels.length; at += noiseMeanFrames) {
      let sum = 0;
      for (let frame = at; frame < at + noiseMeanFrames; frame++) sum += this.#levels[frame] as number;
      noise = Math.min(noise, sum / noiseMeanFrames);
    }
    return Math.max(quietestSpeechDb, Math.min(loudestNoiseDb, noise) + speechAboveNoiseDb);
  }
}

/** Root mean square of full scale. */
function levelDb(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum === 0 ? -100 : 10 * Math.log10(sum / samples.length / 32_768 ** 2);
}
