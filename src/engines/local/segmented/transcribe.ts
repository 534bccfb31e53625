// One segment of sound to words: trimmed, decoded, tried again where the model said nothing, and refused where what it said is nothing.
// Numbers stay as the model writes them, which depends on what it hears: `555-1234`, `$25.99`, `the 21st of June`, but `twenty five dollars`, too.
// To rewrite them would take knowing which of them are quantities: whoever needs one form normalises the text.
import type { Decoded } from './greedy.ts';
import type { Hints } from './key-terms.ts';
import { FRAME, levelsOf, soundSpan, soundThresholdDb } from './levels.ts';
import type { Vocabulary } from './vocabulary.ts';
import { type TimedWord, timedWords } from './word-times.ts';

const SAMPLES_PER_MS = 16;
const FRAMES_MS = 10;
/**
 * Kept before the onset and after the end of sound: soft consonants begin and end words. Where there was nothing before it, silence is put
 * there: a model that hears a voice in the very first frame makes up a word before it.
 */
const LEAD_IN_MS = 200;
const LEAD_OUT_MS = 200;
/** Sound shorter than this is a click, not a word. */
const LEAST_SOUND_MS = 60;
/** When the model says nothing: once with this much silence around, then without the beginning. */
const RETRY_BEFORE_MS = 200;
const RETRY_AFTER_MS = 300;
const RETRY_SKIP_MS = 100;
/** Below this mean logarithm a transcript is a guess. It only counts together with other signs: people who mumble score low, too. */
const DOUBTFUL_LOGPROB = -0.9;

export interface SegmentTask {
  /** Mono 16 kHz. */
  readonly samples: Int16Array;
  readonly hints: Hints;
  /** A guess in between is not worth a second try. */
  readonly retry: boolean;
  /** The tokens of an earlier decode that began with the same sound. */
  readonly draft: readonly number[];
}

export interface SegmentText {
  readonly text: string;
  /** Timed from the start of the samples. */
  readonly words: readonly TimedWord[];
  readonly meanLogprob: number;
  readonly tokens: readonly number[];
  /** ISO 639-1: what was spoken, from a model that knows several languages. */
  readonly language?: string;
}

export interface DecodeSettings {
  readonly hints: Hints;
  readonly draft: readonly number[];
  readonly aborted: () => boolean;
}

/** What a segment is decoded with: everything of the model that a test may play. */
export interface SegmentModel {
  readonly tokens: Vocabulary;
  /** Milliseconds of one frame of the encoder. */
  readonly frameMs: number;
  /** The tokens of this sound (16 kHz, ±1); undefined when it was aborted. */
  decode(samples: Float32Array, settings: DecodeSettings): Promise<(Decoded & { readonly language?: string }) | undefined>;
}

const nothing: SegmentText = { text: '', words: [], meanLogprob: 0, tokens: [] };

/** Undefined when `aborted` says so. */
export async function transcribeSegment(model: SegmentModel, task: SegmentTask, aborted: () => boolean): Promise<SegmentText | undefined> {
  const levels = levelsOf(task.samples);
  const thresholdDb = soundThresholdDb(levels);
  const span = soundSpan(levels, thresholdDb);
  if (!span || (span.to - span.from) * FRAMES_MS < LEAST_SOUND_MS) return nothing;
  const from = span.from * FRAME - LEAD_IN_MS * SAMPLES_PER_MS;
  const to = Math.min(task.samples.length, span.to * FRAME + LEAD_OUT_MS * SAMPLES_PER_MS);
  const sound = stretch(task.samples, from, to);
  for (const { offsetMs, samples } of attempts(sound, task.retry)) {
    const draft = samples === sound ? task.draft : [];
    if (aborted()) return undefined;
    const decoded = await model.decode(samples, { hints: task.hints, draft, aborted });
    if (!decoded) return undefined;
    const { tokens, frameMs } = model;
    const ids = decoded.tokens.map(({ id }) => id);
    const text = tidied(tokens.text(ids));
    if (!/[\p{L}\p{N}]/u.test(text) || isMadeUp(text, decoded)) continue;
    // From here on in milliseconds of what was decoded.
    const originMs = from / SAMPLES_PER_MS + offsetMs;
    const words = timedWords(
      decoded.tokens,
      tokens,
      { fromMs: span.from * FRAMES_MS - originMs, toMs: span.to * FRAMES_MS - originMs },
      (ms) => (levels[Math.round((ms + originMs) / FRAMES_MS)] ?? Number.NEGATIVE_INFINITY) > thresholdDb,
      frameMs,
    );
    const shifted = words.map((word) => ({ ...word, startMs: word.startMs + originMs, endMs: word.endMs + originMs }));
    const { meanLogprob, language } = decoded;
    return { text, words: shifted, meanLogprob, tokens: ids, ...(language === undefined ? {} : { language }) };
  }
  return nothing;
}

/** The sound as it is, and what to try when it gave no words; `offsetMs` is where it begins relative to the sound. */
function* attempts(sound: Float32Array, retry: boolean): Generator<{ offsetMs: number; samples: Float32Array }> {
  yield { offsetMs: 0, samples: sound };
  if (!retry) return;
  const before = RETRY_BEFORE_MS * SAMPLES_PER_MS;
  const padded = new Float32Array(before + sound.length + RETRY_AFTER_MS * SAMPLES_PER_MS);
  padded.set(sound, before);
  yield { offsetMs: -RETRY_BEFORE_MS, samples: padded };
  yield { offsetMs: RETRY_SKIP_MS, samples: sound.subarray(RETRY_SKIP_MS * SAMPLES_PER_MS) };
}

/** Without marks that stand twice. */
function tidied(text: string): string {
  return text.replaceAll(/([,;:!?])\1+/g, '$1');
}

/** What a model writes when it hears no words: doubtful, and turning in circles or hardly a word. */
function isMadeUp(text: string, { meanLogprob, ended }: Decoded): boolean {
  if (meanLogprob >= DOUBTFUL_LOGPROB) return false;
  return ended !== 'end' || text.split(' ').length <= 2;
}

/** The samples from here to there, with silence where there are none. */
function stretch(samples: Int16Array, from: number, to: number): Float32Array {
  const sound = new Float32Array(to - from);
  for (let i = Math.max(0, from); i < Math.min(to, samples.length); i++) sound[i - from] = (samples[i] as number) / 32_768;
  return sound;
}
