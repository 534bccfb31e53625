// Speech up to a pause, which is all that a decoder can finish: sound in at the caller's pace, out to a decoder at the decoder's pace, and the latest
// guess for whoever asks.
import { concat } from '../../../media/pcm.ts';
import { EngineError, type Origin, type Word } from '../../engine.ts';
import type { Segment } from './pocketsphinx-native.ts';
import type { DecoderProcess, Listener } from './pocketsphinx-process.ts';
import { finalText, partialText, wordsOf } from './pocketsphinx-wording.ts';

/** Samples at 16 kHz that may wait: two minutes for a decoder to be free, five for one that is at work. A single piece may be longer. */
const MOST_WAITING = { decoder: 120 * 16_000, work: 300 * 16_000 };
/** 100 ms: the longest piece a decoder gets at once, so that a cancel never waits behind more. */
const PIECE_SAMPLES = 1600;
/** Pieces a decoder may owe an answer for. */
const WINDOW = 3;

/** One that hears, of a pool of them. */
export type Decoder = Pick<DecoderProcess, 'dead' | 'begin' | 'hear' | 'end' | 'cancel'>;

export interface Decoders {
  /** `takeBack` is called when the decoder is needed for a key that has fewer, with the failure that this is. */
  acquire(
    words: readonly string[],
    signal: AbortSignal,
    origin?: Origin,
    takeBack?: (error: EngineError) => void,
  ): Promise<Decoder | undefined>;
  release(decoder: Decoder): void;
}

interface StretchPorts {
  readonly onGuess: () => void;
  /** It is decoded now, or it is over. */
  readonly onPhase: () => void;
}

export class Stretch implements Listener {
  /** Resolves when the words are final. Rejects with EngineError; stays pending when it is called off. */
  readonly done: Promise<void>;
  readonly #settle: PromiseWithResolvers<void>;
  readonly #vocabulary: readonly string[];
  /** Who speaks. */
  readonly #origin: Origin | undefined;
  readonly #ports: StretchPorts;
  readonly #over = new AbortController();
  #process: Decoder | undefined;
  #release: (() => void) | undefined;
  #queue: Int16Array[] = [];
  #queued = 0;
  #unanswered = 0;
  #ended = false;
  #endSent = false;
  /** What was said, as far as it is known, timed from the stretch's beginning. */
  text = '';
  words: readonly Word[] = [];

  constructor(vocabulary: readonly string[], origin: Origin | undefined, ports: StretchPorts) {
    this.#vocabulary = vocabulary;
    this.#origin = origin;
    this.#ports = ports;
    this.#settle = Promise.withResolvers();
    this.done = this.#settle.promise;
    // Nobody may have asked for the words when they cannot be had any more.
    this.done.catch(() => {});
  }

  /** `waiting`: for a decoder. */
  get phase(): 'waiting' | 'decoded' | 'over' {
    if (this.#over.signal.aborted) return 'over';
    return this.#process ? 'decoded' : 'waiting';
  }

  /** Gets a decoder and begins; never rejects. */
  async lease(pool: Promise<Decoders>): Promise<void> {
    try {
      const decoders = await pool;
      const process = await decoders.acquire(this.#vocabulary, this.#over.signal, this.#origin, (error) => this.fail(error));
      if (!process) return;
      if (this.#over.signal.aborted) return decoders.release(process);
      this.#process = process;
      this.#release = () => decoders.release(process);
      // It may have died between being granted and being taken.
      if (process.dead) return this.fail(new EngineError('pocketsphinx', 'crashed', 'a speech decoder died before it began'));
      process.begin(this.#vocabulary, this);
      this.#ports.onPhase();
      this.#pump();
    } catch (error) {
      this.fail(error instanceof EngineError ? error : new EngineError('pocketsphinx', 'crashed', String(error), { cause: error }));
    }
  }

  hear(samples: Int16Array): void {
    if (this.#over.signal.aborted || this.#ended) return;
    const most = this.#process ? MOST_WAITING.work : MOST_WAITING.decoder;
    if (this.#queued > 0 && this.#queued + samples.length > most) {
      const message = this.#process
        ? 'the speech decoder fell five minutes behind the speaker'
        : 'no speech decoder was free for two minutes of audio; raise PARLEY_STT_PROCESSES or add cores';
      return this.fail(new EngineError('pocketsphinx', 'timeout', message));
    }
    // The caller may use its buffer again.
    for (let at = 0; at < samples.length; at += PIECE_SAMPLES) this.#queue.push(samples.slice(at, at + PIECE_SAMPLES));
    this.#queued += samples.length;
    this.#pump();
  }

  /** That was all of the sound. */
  end(): void {
    this.#ended = true;
    this.#pump();
  }

  /** Ends it whatever its state and gives the decoder back. */
  finish(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#queue = [];
    this.#queued = 0;
    this.#process?.cancel();
    this.#release?.();
    this.#ports.onPhase();
  }

  fail(error: EngineError): void {
    this.#settle.reject(error);
    this.finish();
  }

  heard(segments: readonly Segment[] | undefined): void {
    this.#unanswered--;
    if (segments) this.#guess(wordsOf(segments));
    this.#pump();
  }

  final(segments: readonly Segment[]): void {
    this.words = wordsOf(segments);
    this.text = finalText(this.words);
    this.#settle.resolve();
    this.finish();
  }

  died(error: EngineError): void {
    this.fail(error);
  }

  #pump(): void {
    const process = this.#process;
    if (!process || this.#endSent || this.#over.signal.aborted) return;
    while (this.#unanswered < WINDOW && this.#queue.length > 0) {
      const piece = this.#nextPiece();
      this.#unanswered++;
      process.hear(piece);
    }
    if (this.#ended && this.#queue.length === 0) {
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

  #guess(words: readonly Word[]): void {
    const text = partialText(words);
    if (text === this.text) return;
    this.text = text;
    this.words = words;
    this.#ports.onGuess();
  }
}
