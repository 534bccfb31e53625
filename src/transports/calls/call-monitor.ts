// What an operator can see and hear of one call: what has happened in it, who speaks, and its sound. It only looks on.
import type { Clock } from '../../lib/clock.ts';
import { TalkSpurt } from '../../media/talk-spurt.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../../protocol/audio-format.ts';
import type { OutgoingEvent } from '../transport.ts';
import { CallHistory, type HistoryPool } from './call-history.ts';
import { CallSound } from './call-sound.ts';
import { lineSamples } from './line-samples.ts';

export type Speaking = 'caller' | 'agent' | 'both' | 'nobody';

/** Of so many samples one is looked at for how loud the caller is. */
const stride = 8;
/** Answers whose length is remembered. */
const mostItems = 16;

export interface CallMonitorParts {
  readonly clock: Clock;
  readonly format: AudioFormat;
  /** What the histories of all calls may take; nothing where nobody can look at them. */
  readonly pool: HistoryPool;
}

export class CallMonitor {
  readonly sound: CallSound;
  readonly history: CallHistory;
  readonly #clock: Clock;
  readonly #format: AudioFormat;
  readonly #bytesPerMs: number;
  readonly #isLookedAt: boolean;
  readonly #spurt = new TalkSpurt();
  /** How much sound was made of the last answers. */
  readonly #madeMs = new Map<string, number>();
  #callerSpeaks = false;
  #agentSpeaks = false;

  constructor({ clock, format, pool }: CallMonitorParts) {
    this.#clock = clock;
    this.#format = format;
    this.#bytesPerMs = (bytesPerSample(format) * sampleRateHz(format)) / 1000;
    this.#isLookedAt = pool.mostCharacters > 0;
    this.sound = new CallSound(format, clock);
    this.history = new CallHistory(pool);
  }

  get speaking(): Speaking {
    if (this.#callerSpeaks) return this.#agentSpeaks ? 'both' : 'caller';
    return this.#agentSpeaks ? 'agent' : 'nobody';
  }

  /** An event goes to the client. */
  told(event: OutgoingEvent): void {
    if (event.type === 'input_audio_buffer.speech_started') this.#callerSpeaks = true;
    else if (event.type === 'input_audio_buffer.speech_stopped' || event.type === 'input_audio_buffer.cleared') this.#callerSpeaks = false;
    else if (event.type === 'output_audio_buffer.started') this.#agentSpeaks = true;
    else if (event.type === 'output_audio_buffer.stopped' || event.type === 'output_audio_buffer.cleared') this.#agentSpeaks = false;
    if (this.#isLookedAt) this.#note(event);
  }

  /** The caller was heard. */
  heard(sound: Uint8Array): void {
    this.sound.heard(sound);
    if (this.#isLookedAt) this.#spurt.hear(this.#rmsOf(sound), this.#clock.now());
  }

  /** Sound of an answer was made. */
  made(item: string, sound: Uint8Array): void {
    const madeMs = (this.#madeMs.get(item) ?? 0) + sound.length / this.#bytesPerMs;
    this.#madeMs.set(item, madeMs);
    for (const oldest of this.#madeMs.keys()) if (this.#madeMs.size > mostItems) this.#madeMs.delete(oldest);
  }

  /** The call is over. */
  end(): void {
    this.#callerSpeaks = false;
    this.#agentSpeaks = false;
    this.sound.end();
  }

  #note(event: OutgoingEvent): void {
    const now = this.#clock.now();
    if (event.type === 'input_audio_buffer.speech_started' || event.type === 'input_audio_buffer.speech_stopped')
      this.history.note(event, now, this.#spurt.voice);
    // How much of the answer's words that is, can be reckoned only by who knows how long all of them are.
    else if (event.type === 'conversation.item.truncated')
      this.history.note({ ...event, made_ms: Math.round(this.#madeMs.get(event.item_id) ?? event.audio_end_ms) } as OutgoingEvent, now);
    else this.history.note(event, now);
  }

  #rmsOf(sound: Uint8Array): number {
    const samples = lineSamples(this.#format, sound);
    let squares = 0;
    for (let at = 0; at < samples.length; at += stride) squares += (samples[at] as number) ** 2;
    return Math.sqrt(squares / Math.max(1, Math.ceil(samples.length / stride))) / 32_768;
  }
}
