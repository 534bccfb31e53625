// A conversation as it could have been overheard: what the person said, and what the listener heard of the answers, in time. Where nobody but the
// client knows what was heard, it is reckoned as the session reckons it, and the client's own word is believed over that.
import { concat } from '../../media/pcm.ts';
import { resample } from '../../media/resample.ts';
import type { AudioFormat } from '../../protocol/audio-format.ts';
import type { ServerEvent } from '../../protocol/server-events.ts';
import type { SessionConfig } from '../../protocol/session-config.ts';
import type { Effect } from '../../session/effects.ts';
import { WireDecoder, wireMs } from '../wire-audio.ts';
import type { Heard, Step } from './replay.ts';

export const sidesRateHz = 24_000;

/** Sound that comes later than this after the sound before it follows a silence; less is the network's doing. */
const mostJitterMs = 250;

/** Sound without a gap, from when it was heard. */
interface Stretch {
  readonly format: AudioFormat;
  readonly fromMs: number;
  readonly pieces: Uint8Array[];
  /** How long all of it is, and how much of that was heard. */
  madeMs: number;
  heardMs: number;
  /** Of an answer: its item, and how much of the item comes before. */
  readonly item?: string;
  readonly itemMs?: number;
}

export class BothSides {
  readonly #said: Stretch[] = [];
  readonly #answers: Stretch[] = [];
  readonly #asides: Stretch[] = [];
  #config: SessionConfig | undefined;
  /** Until when answers play that were made so far. */
  #playingUntilMs = 0;

  take(step: Step | Heard): void {
    if ('heard' in step) this.#hear(step);
    else for (const effect of step.effects) this.#see(effect, step.atMs);
  }

  /** The person's side and the listener's, of the same length, at `sidesRateHz`. */
  read(): { said: Int16Array; heard: Int16Array } {
    const all = [...this.#said, ...this.#answers, ...this.#asides];
    const samples = Math.ceil((Math.max(0, ...all.map(({ fromMs, heardMs }) => fromMs + heardMs)) * sidesRateHz) / 1000);
    return { said: mixed(this.#said, samples), heard: mixed([...this.#answers, ...this.#asides], samples) };
  }

  #hear({ atMs, heard }: Heard): void {
    const format = this.#config?.audio.input.format;
    if (!format) return;
    const ms = wireMs(format, heard.length);
    const last = this.#said.at(-1);
    const fromMs = Math.max(0, atMs - ms);
    if (last && sameFormat(last.format, format) && fromMs - (last.fromMs + last.madeMs) < mostJitterMs) lengthen(last, heard, ms);
    else
      this.#said.push({ format, fromMs: Math.max(fromMs, last ? last.fromMs + last.madeMs : 0), pieces: [heard], madeMs: ms, heardMs: ms });
  }

  #see(effect: Effect, atMs: number): void {
    if (effect.kind === 'listen.configure') this.#config = effect.config;
    else if (effect.kind === 'send.audio') this.#answer(effect, atMs);
    else if (effect.kind === 'send.backchannel') this.#acknowledge(effect.bytes, atMs);
    else if (effect.kind === 'speaker.clear') this.#interrupt(atMs);
    else if (effect.kind === 'send') this.#told(effect.event, atMs);
  }

  #told(event: ServerEvent, atMs: number): void {
    // Clients that play by themselves empty their speakers at this.
    const stops = this.#config?.audio.input.turn_detection?.interrupt_response === true;
    if (event.type === 'input_audio_buffer.speech_started' && stops) this.#interrupt(atMs);
    else if (event.type === 'conversation.item.truncated') this.#truncate(event.item_id, event.audio_end_ms);
  }

  #acknowledge(bytes: Uint8Array, atMs: number): void {
    const format = this.#config?.audio.output.format;
    if (!format) return;
    const ms = wireMs(format, bytes.length);
    this.#asides.push({ format, fromMs: atMs, pieces: [bytes], madeMs: ms, heardMs: ms });
  }

  #answer({ item, bytes, format }: Extract<Effect, { kind: 'send.audio' }>, atMs: number): void {
    const ms = wireMs(format, bytes.length);
    const last = this.#answers.at(-1);
    const goesOn = last?.item === item && last.heardMs === last.madeMs && this.#playingUntilMs >= atMs;
    if (goesOn && sameFormat(last.format, format)) lengthen(last, bytes, ms);
    else {
      const before = this.#answers.reduce((sum, stretch) => sum + (stretch.item === item ? stretch.madeMs : 0), 0);
      const fromMs = Math.max(atMs, this.#playingUntilMs);
      this.#answers.push({ format, fromMs, pieces: [bytes], madeMs: ms, heardMs: ms, item, itemMs: before });
    }
    const now = this.#answers.at(-1);
    if (now) this.#playingUntilMs = now.fromMs + now.madeMs;
  }

  /** What has not been heard by then is not heard at all. */
  #interrupt(atMs: number): void {
    for (const stretch of this.#answers) stretch.heardMs = Math.max(0, Math.min(stretch.heardMs, atMs - stretch.fromMs));
    this.#playingUntilMs = Math.min(this.#playingUntilMs, atMs);
  }

  #truncate(item: string, endMs: number): void {
    for (const stretch of this.#answers) {
      if (stretch.item === item) stretch.heardMs = Math.max(0, Math.min(stretch.madeMs, endMs - (stretch.itemMs ?? 0)));
    }
  }
}

function lengthen(stretch: Stretch, bytes: Uint8Array, ms: number): void {
  stretch.pieces.push(bytes);
  stretch.madeMs += ms;
  stretch.heardMs += ms;
}

function sameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function mixed(stretches: readonly Stretch[], count: number): Int16Array {
  const track = new Int16Array(count);
  for (const { format, pieces, fromMs, heardMs } of stretches) {
    const decoder = new WireDecoder(format);
    const samples = concat(pieces.map((piece) => decoder.decode(piece)));
    const { samples: ours } = resample({ samples, rateHz: decoder.rateHz }, sidesRateHz);
    const start = Math.round((fromMs * sidesRateHz) / 1000);
    const end = Math.min(ours.length, Math.round((heardMs * sidesRateHz) / 1000), count - start);
    for (let at = 0; at < end; at += 1) {
      const sum = (track[start + at] ?? 0) + (ours[at] ?? 0);
      track[start + at] = Math.max(-32_768, Math.min(32_767, sum));
    }
  }
  return track;
}
