// What was sent to a client, or is to be, in its order, as far back as there is room for: what is sent again to a client that comes back.
import type { AudioPlace, OutgoingEvent } from '../transports/transport.ts';
import type { TimestampInfo } from '../protocol/server-events.ts';
import { bytesPerSample } from '../protocol/audio-format.ts';
import { wireMs } from './wire-audio.ts';

/** Bytes that are kept: nearly three minutes of PCM at 24 kHz. The oldest go first. */
const mostBytes = 8 * 1024 * 1024;
/** What an event, a list, a field of an event weighs besides its text. */
const valueBytes = 16;
const soundBytes = 256;
/** Resumptions whose first event a client may name as the last it has seen. */
const mostAliases = 32;

export interface SentSound {
  readonly kind: 'sound';
  readonly id: string;
  readonly place: AudioPlace;
  /** As they were made: nobody writes to them. */
  readonly bytes: Uint8Array;
  readonly timestamps: TimestampInfo | undefined;
}

export type Sent = { readonly kind: 'event'; readonly id: string; readonly event: OutgoingEvent } | SentSound;

export class OutboxRing {
  #kept: Sent[] = [];
  /** Those before it are gone. */
  #first = 0;
  #bytes = 0;
  /** The last that had to go. */
  #lastGone: string | undefined;
  readonly #aliases = new Map<string, string>();

  get bytes(): number {
    return this.#bytes;
  }

  /** What it weighs. */
  push(sent: Sent): number {
    const weight = weightOf(sent);
    this.#kept.push(sent);
    this.#bytes += weight;
    this.#shrink();
    return weight;
  }

  /** Whoever has seen the event of this id has seen all up to the other, and nothing behind it. */
  alias(id: string, lastSeen: string): void {
    this.#aliases.set(id, this.#aliases.get(lastSeen) ?? lastSeen);
    for (const oldest of this.#aliases.keys()) {
      if (this.#aliases.size <= mostAliases) break;
      this.#aliases.delete(oldest);
    }
  }

  /** Everything after the event of that id; undefined when some of it may be gone, or the id was never sent. */
  after(id: string): readonly Sent[] | undefined {
    const at = this.#placeAfter(id);
    return at === undefined ? undefined : this.#kept.slice(at);
  }

  /** The last of the sound there was, so much of it; where that begins within a piece, from there on. */
  lastSound(ms: number): readonly SentSound[] {
    const pieces: SentSound[] = [];
    let leftMs = ms;
    for (let at = this.#kept.length - 1; at >= this.#first && leftMs > 0; at--) {
      const sent = this.#kept[at];
      if (sent?.kind !== 'sound') continue;
      const pieceMs = soundMs(sent);
      pieces.unshift(pieceMs <= leftMs ? sent : endOf(sent, leftMs));
      leftMs -= pieceMs;
    }
    return pieces;
  }

  /**
   * The far side has had its sound by another way until now, and has heard all but this much: what is left comes after the event of that id, and
   * nothing of the rest is sent again.
   */
  putSoundAfter(id: string, sounds: readonly SentSound[]): void {
    const at = this.#placeAfter(id);
    if (at === undefined) return;
    const ids = new Set(sounds.map((sound) => sound.id));
    const before = this.#kept.slice(this.#first, at).filter(({ kind }) => kind === 'event');
    const after = this.#kept.slice(at);
    const later = new Set(after.map((sent) => sent.id));
    const earlier = sounds.filter((sound) => !later.has(sound.id));
    const left = after.flatMap((sent): Sent | Sent[] => {
      if (sent.kind === 'event') return sent;
      return ids.has(sent.id) ? sounds.filter((sound) => sound.id === sent.id) : [];
    });
    this.#kept = [...before, ...earlier, ...left];
    this.#first = 0;
    this.#bytes = this.#kept.reduce((sum, sent) => sum + weightOf(sent), 0);
  }

  clear(): void {
    this.#kept = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#aliases.clear();
  }

  #placeAfter(id: string): number | undefined {
    const seen = this.#aliases.get(id) ?? id;
    for (let at = this.#kept.length - 1; at >= this.#first; at--) if (this.#kept[at]?.id === seen) return at + 1;
    return seen === this.#lastGone ? this.#first : undefined;
  }

  #shrink(): void {
    while (this.#bytes > mostBytes) {
      const oldest = this.#kept[this.#first];
      if (!oldest) break;
      this.#bytes -= weightOf(oldest);
      this.#lastGone = oldest.id;
      this.#first += 1;
    }
    if (this.#first < 1024 || this.#first * 2 < this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#first);
    this.#first = 0;
  }
}

export function soundMs({ place, bytes }: SentSound): number {
  return wireMs(place.format, bytes.length);
}

/** The last so many milliseconds of it. Its times are those of its beginning, which was heard. */
function endOf(sent: SentSound, ms: number): SentSound {
  const { place, bytes } = sent;
  const sample = bytesPerSample(place.format);
  const heardBytes = Math.floor((bytes.length * (1 - ms / soundMs(sent))) / sample) * sample;
  return { ...sent, bytes: bytes.subarray(heardBytes), timestamps: undefined };
}

function weightOf(sent: Sent): number {
  return sent.kind === 'sound' ? sent.bytes.length + soundBytes : valueWeight(sent.event);
}

/** Some bytes more or less than it takes: a string may be shared with others, and a character have two bytes. */
function valueWeight(value: unknown): number {
  if (typeof value === 'string') return valueBytes + value.length;
  if (typeof value !== 'object' || value === null) return valueBytes;
  let bytes = valueBytes;
  for (const held of Object.values(value)) bytes += valueBytes + valueWeight(held);
  return bytes;
}
