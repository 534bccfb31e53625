// Moonshine as a model of segments: English, from samples without a spectrogram.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Decoded, decodeGreedily, type Manner } from '../segmented/greedy.ts';
import { TermBook } from '../segmented/key-terms.ts';
import { OnnxRecogniser } from '../segmented/onnx-decoder.ts';
import type { DecodeSettings, SegmentModel } from '../segmented/transcribe.ts';
import { BEGIN, END, Tokens } from './tokens.ts';

const RATE_HZ = 16_000;
/** Sound shorter than this gives the encoder no frame. */
const LEAST_SAMPLES = RATE_HZ / 10;
/** Tokens a speaker can say in a second, generously. */
const TOKENS_PER_SECOND = 6.5;
const LEAST_TOKENS = 3;
/** In repetitions of people a token takes 5.5 to 7 frames, in circles up to 4.5: measured. */
const manner: Manner = { begin: [BEGIN], end: END, spokenFrames: 5 };

export class MoonshineModel implements SegmentModel {
  readonly tokens: Tokens;
  readonly frameMs = 24;
  readonly #graphs: OnnxRecogniser;
  readonly #terms: TermBook;

  private constructor(tokens: Tokens, graphs: OnnxRecogniser) {
    this.tokens = tokens;
    this.#graphs = graphs;
    this.#terms = new TermBook(tokens);
  }

  static async load(folder: string): Promise<MoonshineModel> {
    const tokens = new Tokens(await readFile(join(folder, 'tokens.bin')));
    return new MoonshineModel(tokens, await OnnxRecogniser.load(folder, { 5: 'all', 6: 'all', 7: 'all' }));
  }

  async decode(samples: Float32Array, { hints, draft, aborted }: DecodeSettings): Promise<Decoded | undefined> {
    const sound = samples.length >= LEAST_SAMPLES ? samples : new Float32Array(LEAST_SAMPLES);
    if (sound !== samples) sound.set(samples);
    const decoder = await this.#graphs.listen(sound, [1, sound.length]);
    const most = Math.max(LEAST_TOKENS, Math.ceil((samples.length / RATE_HZ) * TOKENS_PER_SECOND));
    return decodeGreedily(decoder, { manner, most, keyTerms: this.#terms.of(hints), draft, aborted });
  }
}
