// One who listens to a call over a WebSocket: sound as binary frames, and in text what sound it is and what of it was left out. Whoever reads too slowly
// loses sound and hears what is said now; nothing is kept for him.
import type { Clock } from '../../lib/clock.ts';
import { toBytes } from '../../media/pcm.ts';
import type { CallSound, SoundListener } from './call-sound.ts';

/** So late after it was sent a piece may be read. What comes while an older one is unread is left out. */
const mostBehindMs = 500;
/** How often it is asked what was read. */
const askEveryMs = 100;
/** For so long nothing may come of him, not even the answer to a ping. */
const mostSilentMs = 30_000;

/** Where the sound goes. */
export interface ListenerSocket {
  /** For how long nothing has come, not even the answer to a ping. */
  readonly silentMs: number;
  send(frame: { readonly text: string } | { readonly bytes: Uint8Array }): void;
  ping(mark: string): void;
}

export interface ListenerParts {
  readonly socket: ListenerSocket;
  readonly clock: Clock;
  readonly callId: string;
  readonly sound: CallSound;
  /** He hears no more: the call is over, or he is not there any more. */
  readonly onEnd: (why: 'over' | 'silent') => void;
}

export class CallListener implements SoundListener {
  readonly #parts: ListenerParts;
  readonly #leave: () => void;
  /** Questions that are not answered yet, the oldest first, with when they were asked. */
  readonly #asked = new Map<string, number>();
  #questions = 0;
  #lastAskedMs = Number.NEGATIVE_INFINITY;
  #skippedPairs = 0;

  /** The sound must have room for him. */
  constructor(parts: ListenerParts) {
    this.#parts = parts;
    const { callId, sound, socket } = parts;
    const format = { type: 'audio/pcm', rate: sound.rateHz, channels: 2 };
    socket.send({ text: JSON.stringify({ type: 'call.listening', call_id: callId, format }) });
    this.#leave = sound.listen(this);
  }

  hear(pairs: Int16Array): void {
    const { socket, clock, sound } = this.#parts;
    if (socket.silentMs > mostSilentMs) {
      this.close();
      return this.#parts.onEnd('silent');
    }
    const now = clock.now();
    const [oldest = now] = this.#asked.values();
    if (now - oldest > mostBehindMs) {
      this.#skippedPairs += pairs.length / 2;
      return;
    }
    if (this.#skippedPairs > 0) {
      const ms = Math.round((this.#skippedPairs * 1000) / sound.rateHz);
      socket.send({ text: JSON.stringify({ type: 'call.sound_skipped', call_id: this.#parts.callId, ms }) });
      this.#skippedPairs = 0;
    }
    socket.send({ bytes: toBytes(pairs) });
    if (now - this.#lastAskedMs < askEveryMs) return;
    this.#lastAskedMs = now;
    const mark = `listen-${++this.#questions}`;
    this.#asked.set(mark, now);
    socket.ping(mark);
  }

  /** A ping was answered. */
  read(mark: string): void {
    if (!this.#asked.has(mark)) return;
    for (const each of this.#asked.keys()) {
      this.#asked.delete(each);
      if (each === mark) return;
    }
  }

  /** The call is over. */
  end(): void {
    this.#parts.onEnd('over');
  }

  /** He does not listen any more. */
  close(): void {
    this.#leave();
  }
}
