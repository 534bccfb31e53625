// The sound of the conversation's items, for conversation.item.retrieve. Bounded: the oldest items lose theirs first.
import { VAD_RATE_HZ } from '../engines/engine.ts';
import { resample } from '../media/resample.ts';
import type { AudioFormat } from '../protocol/audio-format.ts';
import { sampleRateHz } from '../protocol/audio-format.ts';
import { encodeWire } from './wire-audio.ts';

const mostBytes = 16 * 1024 * 1024;

type Keepsake = { bytes: number; sound: { kind: 'samples'; samples: Int16Array } | { kind: 'wire'; pieces: Uint8Array[] } };

export class Keepsakes {
  readonly #items = new Map<string, Keepsake>();
  #total = 0;

  /** What a user said, at 16 kHz. */
  keep(item: string, samples: Int16Array): void {
    this.#put(item, { bytes: samples.byteLength, sound: { kind: 'samples', samples } });
  }

  /** A further piece of an answer, as it was sent. */
  add(item: string, bytes: Uint8Array): void {
    const kept = this.#items.get(item);
    if (kept?.sound.kind !== 'wire') {
      this.#put(item, { bytes: bytes.length, sound: { kind: 'wire', pieces: [bytes] } });
      return;
    }
    kept.sound.pieces.push(bytes);
    kept.bytes += bytes.length;
    this.#total += bytes.length;
    this.#shrink();
  }

  /** The item's sound in base64: a user's in the given format, an answer's in the format it was sent in. */
  read(item: string, format: AudioFormat): string | undefined {
    const kept = this.#items.get(item);
    if (!kept) return undefined;
    if (kept.sound.kind === 'wire') return Buffer.concat(kept.sound.pieces).toString('base64');
    const { samples } = resample({ samples: kept.sound.samples, rateHz: VAD_RATE_HZ }, sampleRateHz(format));
    return Buffer.from(encodeWire(format, samples)).toString('base64');
  }

  forget(item: string): void {
    this.#total -= this.#items.get(item)?.bytes ?? 0;
    this.#items.delete(item);
  }

  #put(item: string, keepsake: Keepsake): void {
    this.forget(item);
    this.#items.set(item, keepsake);
    this.#total += keepsake.bytes;
    this.#shrink();
  }

  #shrink(): void {
    for (const item of this.#items.keys()) {
      if (this.#total <= mostBytes) return;
      this.forget(item);
    }
  }
}
