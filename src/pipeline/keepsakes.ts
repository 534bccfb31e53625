// The sound of the conversation's items, for conversation.item.retrieve. Bounded: the oldest items lose theirs first, and what is too much
// for one event is neither given nor kept.
import { VAD_RATE_HZ } from '../engines/engine.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../protocol/audio-format.ts';
import { encoded } from './item-sound.ts';

const mostBytes = 16 * 1024 * 1024;
/** Sound of one item that goes into one event, in the bytes of its format: 87 s of PCM at 24 kHz, 5.6 MB in base64. */
export const mostGivenBytes = 4 * 1024 * 1024;

type Sound =
  /** What a user said, at 16 kHz. */
  | { kind: 'samples'; samples: Int16Array }
  /** An answer as it was sent: its beginning, as much as may ever be given, and how much there was in all. */
  | { kind: 'answer'; format: AudioFormat; pieces: Uint8Array[]; madeBytes: number }
  /** Too much in every format, and not kept. */
  | { kind: 'too_large' }
  /** It had to go. What is still made of it would be an answer without its beginning. */
  | { kind: 'gone' };

interface Keepsake {
  keptBytes: number;
  sound: Sound;
}

/** As a content part has it. */
export type GivenSound = { audio: string } | { audio_omitted: 'too_large' };

export class Keepsakes {
  readonly #items = new Map<string, Keepsake>();
  #total = 0;

  /** What a user said, at 16 kHz. */
  keep(item: string, samples: Int16Array): void {
    if (samples.byteLength > mostBytes) this.#put(item, { keptBytes: 0, sound: { kind: 'too_large' } });
    else this.#put(item, { keptBytes: samples.byteLength, sound: { kind: 'samples', samples } });
  }

  /** A further piece of an answer, as it was sent in this format. */
  add(item: string, bytes: Uint8Array, format: AudioFormat): void {
    const kept = this.#items.get(item) ?? { keptBytes: 0, sound: { kind: 'answer', format, pieces: [], madeBytes: 0 } };
    this.#items.set(item, kept);
    const { sound } = kept;
    if (sound.kind !== 'answer') return;
    sound.madeBytes += bytes.length;
    // Whatever is cut from an answer is cut from its end: only what stands at its beginning can be asked for.
    const piece = bytes.subarray(0, mostGivenBytes - kept.keptBytes);
    if (piece.length === 0) return;
    sound.pieces.push(piece);
    kept.keptBytes += piece.length;
    this.#total += piece.length;
    this.#shrink();
  }

  /**
   * The item's sound in base64: a user's in the given format, an answer's in the format it was sent in, up to where it was heard. Undefined
   * when there is none (any more).
   */
  async read(item: string, format: AudioFormat, heardMs?: number): Promise<GivenSound | undefined> {
    const sound = this.#items.get(item)?.sound;
    if (!sound) return undefined;
    switch (sound.kind) {
      case 'samples': {
        // What is too much is not even begun.
        const ms = (sound.samples.length * 1000) / VAD_RATE_HZ;
        if (bytesUntil(ms, format) > mostGivenBytes) return { audio_omitted: 'too_large' };
        return { audio: (await encoded(sound.samples, format)).toString('base64') };
      }
      case 'answer': {
        const bytes = Math.min(sound.madeBytes, heardMs === undefined ? Infinity : bytesUntil(heardMs, sound.format));
        if (bytes > mostGivenBytes) return { audio_omitted: 'too_large' };
        return { audio: Buffer.concat(sound.pieces, bytes).toString('base64') };
      }
      case 'too_large':
        return { audio_omitted: 'too_large' };
      case 'gone':
        return undefined;
    }
  }

  forget(item: string): void {
    this.#total -= this.#items.get(item)?.keptBytes ?? 0;
    this.#items.delete(item);
  }

  #put(item: string, keepsake: Keepsake): void {
    this.forget(item);
    this.#items.set(item, keepsake);
    this.#total += keepsake.keptBytes;
    this.#shrink();
  }

  #shrink(): void {
    for (const [item, { keptBytes }] of this.#items) {
      if (this.#total <= mostBytes) return;
      if (keptBytes === 0) continue;
      this.#total -= keptBytes;
      this.#items.set(item, { keptBytes: 0, sound: { kind: 'gone' } });
    }
  }
}

/** Whole samples only. */
function bytesUntil(ms: number, format: AudioFormat): number {
  return Math.floor((ms * sampleRateHz(format)) / 1000) * bytesPerSample(format);
}
