// What the player has before it: the sound of several items in order, at most ten minutes, counted as it is taken out. No audio API in here.
import { type PlayerReport, wireRateHz } from './messages.ts';

const mostSamples = 10 * 60 * wireRateHz;

interface Piece {
  readonly item: string;
  readonly samples: Int16Array;
}

export class Playlist {
  #pieces: Piece[] = [];
  #at = 0;
  #waiting = 0;
  /** The item that is being played, with how much of it is out. */
  #playing: { readonly item: string; taken: number } | undefined;
  readonly #ended = new Set<string>();
  readonly #report: (report: PlayerReport) => void;

  constructor(report: (report: PlayerReport) => void) {
    this.#report = report;
  }

  /** Sound beyond ten minutes is dropped. */
  add(item: string, samples: Int16Array): void {
    if (this.#waiting + samples.length > mostSamples) return;
    this.#pieces.push({ item, samples });
    this.#waiting += samples.length;
  }

  /** No more of this item comes: when its sound is out it has ended. */
  end(item: string): void {
    this.#ended.add(item);
    this.#conclude();
  }

  /** Forgets everything; says how much of the item under way was out. Items that never began were heard not at all. */
  flush(): void {
    const silent = new Set(this.#pieces.map(({ item }) => item));
    if (this.#playing) {
      silent.delete(this.#playing.item);
      this.#report({ kind: 'flushed', item: this.#playing.item, playedMs: (this.#playing.taken * 1000) / wireRateHz });
    }
    for (const item of silent) this.#report({ kind: 'flushed', item, playedMs: 0 });
    this.#pieces = [];
    this.#at = 0;
    this.#waiting = 0;
    this.#playing = undefined;
    this.#ended.clear();
  }

  /** At most `count` samples of one item; undefined when there is nothing to play. */
  take(count: number): Int16Array | undefined {
    const [piece] = this.#pieces;
    if (!piece) return undefined;
    if (this.#playing?.item !== piece.item) {
      if (this.#playing) this.#report({ kind: 'ended', item: this.#playing.item });
      this.#playing = { item: piece.item, taken: 0 };
      this.#report({ kind: 'began', item: piece.item });
    }
    const samples = piece.samples.subarray(this.#at, this.#at + count);
    this.#at += samples.length;
    this.#waiting -= samples.length;
    this.#playing.taken += samples.length;
    if (this.#at >= piece.samples.length) {
      this.#pieces.shift();
      this.#at = 0;
      this.#conclude();
    }
    return samples;
  }

  #conclude(): void {
    if (!this.#playing || this.#pieces.length > 0 || !this.#ended.has(this.#playing.item)) return;
    this.#report({ kind: 'ended', item: this.#playing.item });
    this.#ended.delete(this.#playing.item);
    this.#playing = undefined;
  }
}
