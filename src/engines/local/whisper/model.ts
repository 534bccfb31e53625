// Whisper as a model of segments: a spectrogram, the language where it is not known, then words unless nobody speaks.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Decoded, decodeGreedily, type Manner, type TokenDecoder } from '../segmented/greedy.ts';
import { type Hints, TermBook } from '../segmented/key-terms.ts';
import { OnnxRecogniser } from '../segmented/onnx-decoder.ts';
import type { DecodeSettings, SegmentModel } from '../segmented/transcribe.ts';
import { BANDS, RATE_HZ } from '../mel/log-mel.ts';
import { languageIndex, languages } from './languages.ts';
import { spectrogramOf } from './mel.ts';
import { BEGIN, END, FIRST_LANGUAGE, likeliestLanguage, noSpeechProbability, NO_TIMES, TRANSCRIBE, WhisperTokens } from './tokens.ts';

/**
 * Sound is no speech when the model says so before it writes (a probability from here on), and then writes as one who guesses (a mean
 * logarithm below). Measured: noises lie at 0.23 to 0.9 and at -0.66 to -4, sentences at 0 to 0.45 and at -0.02 to -0.4.
 */
const noSpeech: readonly { readonly from: number; readonly below: number }[] = [
  { from: 0.45, below: -0.5 },
  { from: 0.2, below: -1 },
];
/** Scripts of which a letter takes several tokens need most. */
const TOKENS_PER_SECOND = 20;
const LEAST_TOKENS = 10;
/** The decoder has 448 places, and four are taken. */
const MOST_TOKENS = 440;
/** The heads that follow the words in time. */
const HEADS = { 3: [1], 4: [2, 3, 7], 5: [1, 2, 4, 6] };

export type Heard = Decoded & { readonly language?: string };

const nobody: Heard = { tokens: [], meanLogprob: 0, ended: 'end' };

export class WhisperModel implements SegmentModel {
  readonly tokens: WhisperTokens;
  readonly frameMs = 20;
  readonly #graphs: OnnxRecogniser;
  readonly #terms: TermBook;

  private constructor(tokens: WhisperTokens, graphs: OnnxRecogniser) {
    this.tokens = tokens;
    this.#graphs = graphs;
    this.#terms = new TermBook(tokens);
  }

  static async load(folder: string): Promise<WhisperModel> {
    const tokens = new WhisperTokens(await readFile(join(folder, 'tokens.bin')));
    return new WhisperModel(tokens, await OnnxRecogniser.load(folder, HEADS));
  }

  async decode(samples: Float32Array, { hints, draft, aborted }: DecodeSettings): Promise<Heard | undefined> {
    const { features, frames } = spectrogramOf(samples);
    const decoder = await this.#graphs.listen(features, [1, BANDS, frames]);
    const most = Math.min(MOST_TOKENS, LEAST_TOKENS + Math.ceil((samples.length / RATE_HZ) * TOKENS_PER_SECOND));
    return decodeSpeech(decoder, { hints, draft, aborted, tokens: this.tokens, most, keyTerms: this.#terms.of(hints) });
  }
}

interface SpeechOptions extends DecodeSettings {
  readonly tokens: Pick<WhisperTokens, 'bar'>;
  readonly most: number;
  readonly keyTerms: ReturnType<TermBook['of']>;
}

/** The tokens of what a decoder hears: none when it is no speech. Undefined when it was aborted. */
export async function decodeSpeech(
  decoder: TokenDecoder,
  { hints, draft, aborted, tokens, most, keyTerms }: SpeechOptions,
): Promise<Heard | undefined> {
  const [first] = await decoder.feed([BEGIN]);
  if (!first) return nobody;
  const silent = noSpeechProbability(first.scores);
  const index = spokenIn(hints) ?? likeliestLanguage(first.scores, indicesOf(hints.languages ?? []));
  const manner: Manner = {
    begin: [FIRST_LANGUAGE + index, TRANSCRIBE, NO_TIMES],
    end: END,
    // Languages whose letters take several tokens are written faster than others are spoken; circles stay where they are.
    spokenFrames: 2.5,
    bar: (scores, place) => tokens.bar(scores, place),
  };
  // The begin token is before all that the loop knows of.
  const rest: TokenDecoder = { feed: (ids) => decoder.feed(ids), keep: (count) => decoder.keep(count + 1) };
  const decoded = await decodeGreedily(rest, { manner, most, keyTerms, draft, aborted });
  if (decoded && noSpeech.some(({ from, below }) => silent > from && decoded.meanLogprob < below)) return nobody;
  return decoded && { ...decoded, language: languages[index] as string };
}

function spokenIn({ language }: Hints): number | undefined {
  return language === undefined ? undefined : languageIndex(language);
}

function indicesOf(tags: readonly string[]): number[] {
  return tags.flatMap((tag) => languageIndex(tag) ?? []);
}
