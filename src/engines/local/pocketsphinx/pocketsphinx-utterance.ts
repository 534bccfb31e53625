// One transcription: audio in at the caller's pace, out to a decoder at the decoder's pace, and the latest guess for whoever asks.
import { concat } from '../../../media/pcm.ts';
import { EngineError, type Transcript } from '../../engine.ts';
import type { Segment } from './pocketsphinx-native.ts';
import { closedError, type DecoderPool } from './pocketsphinx-pool.ts';
import type { DecoderProcess, Listener } from './pocketsphinx-process.ts';
import { finalText, partialText, wordsOf } from './pocketsphinx-wording.ts';

/** Two minutes of 16 kHz audio may wait for a decoder. */
const QUEUE_SAMPLES = 120 * 16_000;
/** 100 ms: the longest piece a decoder gets at once, so that a cancel never waits behind more. */
const PIECE_SAMPLES = 1600;
/** Pieces a decoder may owe an answer for. */
const WINDOW = 3;

export class Utterance implements Listener {
  readonly #words: readonly string[];
  readonly #over = new AbortController();
  #process: DecoderProcess | undefined;
  #release: (() => void) | undefined;
  #queue: Int16Array[] = [];
  #queued = 0;
  #unanswered = 0;
  #audioEnded = false;
  #endSent = false;
  #shown = '';
  #latest: Transcript | undefined;
  #failure: EngineError | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /** Gets a decoder and begins; never rejects. */
  async lease(pool: Promise<DecoderPool>): Promise<void> {
    try {
      const decoders = await pool;
      const process = await decoders.acquire(this.#words, this.#over.signal);
      if (!process) return;
      if (this.#over.signal.aborted) return decoders.release(process);
      this.#process = process;
      this.#release = () => decoders.release(process);
      // It may have died between being granted and being taken.
      if (process.dead) return this.fail(new EngineError('pocketsphinx', 'crashed', 'a speech decoder died before it began'));
      process.begin(this.#words, this);
      this.#pump();
    } catch (error) {
      this.fail(error instanceof EngineError ? error : new EngineError('pocketsphinx', 'crashed', String(error), { cause: error }));
    }
  }

  /** Takes in the audio until it ends or the utterance is over; never rejects. */
  async feed(audio: AsyncIterable<Int16Array>): Promise<void> {
    const iterator = audio[Symbol.asyncIterator]();
    const over = new Promise<undefined>((resolve) => {
      this.#over.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    try {
      while (!this.#over.signal.aborted) {
        const next = await Promise.race([iterator.next(), over]);
        if (!next) break;
        if (next.done) {
          this.#audioEnded = true;
          this.#pump();
          return;
        }
        await this.#take(next.value);
      }
    } catch (error) {
      this.fail(new EngineError('pocketsphinx', 'broken', 'the audio to transcribe broke off', { cause: error }));
    }
    // The source may be in the middle of waiting for sound that never comes: it is told, not waited for.
    iterator.return?.().then(undefined, () => {});
  }

  /** Guesses, the latest first come; the final one ends it. Rejects with EngineError; ends without one when `finish` was called. */
  async *transcripts(): AsyncIterable<Transcript> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const transcript = this.#latest;
      this.#latest = undefined;
      if (transcript) {
        yield transcript;
        if (transcript.final) return;
      } else if (this.#over.signal.aborted) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    }
  }

  /** Ends it whatever its state and gives the decoder back. */
  finish(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#queue = [];
    this.#queued = 0;
    this.#process?.cancel();
    this.#release?.();
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }

  fail(error: EngineError): void {
    if (this.#over.signal.aborted) return;
    this.#failure = error;
    this.finish();
  }

  heard(segments: readonly Segment[] | undefined): void {
    this.#unanswered--;
    if (segments) this.#show(segments);
    this.#pump();
  }

  final(segments: readonly Segment[]): void {
    const words = wordsOf(segments);
    this.#latest = { text: finalText(words), words, final: true, ...(words.length > 0 ? { languages: ['en'] } : {}) };
    this.finish();
  }

  died(error: EngineError): void {
    this.fail(error);
  }

  /** The engine is shut down. */
  close(): void {
    this.fail(closedError());
  }

  async #take(samples: Int16Array): Promise<void> {
    if (this.#queued + samples.length > QUEUE_SAMPLES && !this.#process) {
      const message = 'no speech decoder was free for two minutes of audio; raise PARLEY_STT_PROCESSES or add cores';
      return this.fail(new EngineError('pocketsphinx', 'timeout', message));
    }
    // The caller may use its buffer again.
    for (let at = 0; at < samples.length; at += PIECE_SAMPLES) this.#queue.push(samples.slice(at, at + PIECE_SAMPLES));
    this.#queued += samples.length;
    this.#pump();
    // With a decoder at work the queue only ever shrinks: the source waits instead of failing.
    while (this.#queued > QUEUE_SAMPLES && !this.#over.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  #pump(): void {
    const process = this.#process;
    if (!process || this.#endSent || this.#over.signal.aborted) return;
    while (this.#unanswered < WINDOW && this.#queue.length > 0) {
      const piece = this.#nextPiece();
      this.#unanswered++;
      process.hear(piece);
    }
    if (this.#queued <= QUEUE_SAMPLES) this.#wakeWriter?.();
    if (this.#audioEnded && this.#queue.length === 0) {
      this.#endSent = true;
      process.end();
    }
  }

  /** What waits, up to 100 ms of it: small chunks that piled up are cheaper together. */
  #nextPiece(): Int16Array {
    let count = 0;
    let length = 0;
    for (const chunk of this.#queue) {
      if (count > 0 && length + chunk.length > PIECE_SAMPLES) break;
      length += chunk.length;
      count++;
    }
    const chunks = this.#queue.splice(0, count);
    this.#queued -= length;
    return concat(chunks);
  }

  #show(segments: readonly Segment[]): void {
    const words = wordsOf(segments);
    const text = partialText(words);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#latest = { text, words, final: false };
    this.#wakeReader?.();
  }
}
