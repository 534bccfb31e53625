// The loop that writes a transcript: the likeliest token again and again, until the model ends it or it turns in circles.
import type { KeyTerms } from './key-terms.ts';

/** A stretch of up to this many tokens counts as a circle when it is said again at once. */
const LONGEST_CIRCLE = 30;

/** What one step of the decoder says of the token to come. */
export interface Step {
  /** One score for each token. They may be changed. */
  readonly scores: Float32Array;
  /** Where in the sound each of the attending heads looks: one row of frames for each. */
  readonly attention: readonly Float32Array[];
}

/** A model at work on one piece of sound. */
export interface TokenDecoder {
  /** Takes the next tokens; one step for each, which is about the token after it. Many at once cost little more than one. */
  feed(tokens: readonly number[]): Promise<readonly Step[]>;
  /** Forgets all but the first so many of the tokens it was fed. */
  keep(count: number): void;
}

export interface DecodedToken {
  readonly id: number;
  /** The natural logarithm of how likely the model found it. */
  readonly logprob: number;
  readonly attention: readonly Float32Array[];
}

export interface Decoded {
  readonly tokens: readonly DecodedToken[];
  /** Of all choices, the end among them. */
  readonly meanLogprob: number;
  /** `length`: it went on for longer than anybody can speak. */
  readonly ended: 'end' | 'length' | 'circle';
}

/** How a model writes. */
export interface Manner {
  /** The tokens that every transcript begins with. */
  readonly begin: readonly number[];
  /** The token that ends it. */
  readonly end: number;
  /** Frames that a token takes when it is spoken, at least: repetitions that take less were not said. */
  readonly spokenFrames: number;
  /** Lowers the scores of what is no word, before the token of this place is chosen. */
  readonly bar?: (scores: Float32Array, place: number) => void;
}

export interface GreedyOptions {
  readonly manner: Manner;
  /** More than anybody can say in the time. */
  readonly most: number;
  readonly keyTerms: KeyTerms;
  /** What an earlier decode made of the beginning of the same sound: as far as it stands, it is confirmed in one run. */
  readonly draft?: readonly number[];
  /** Asked between tokens. */
  readonly aborted: () => boolean;
}

/** Undefined when it was aborted. */
export async function decodeGreedily(
  decoder: TokenDecoder,
  { manner, most, keyTerms, draft = [], aborted }: GreedyOptions,
): Promise<Decoded | undefined> {
  const { begin, end } = manner;
  const tokens: DecodedToken[] = [];
  const decoded = (ended: Decoded['ended']): Decoded => ({ tokens, meanLogprob: choices === 0 ? 0 : sum / choices, ended });
  let sum = 0;
  let choices = 0;
  keyTerms.reset();
  // Of the tokens it begins with only the last is followed by a word.
  let skipped = begin.length - 1;
  for (let unread = [...begin, ...draft.slice(0, most - 1)]; ; skipped = 0) {
    if (aborted()) return undefined;
    for (const [at, step] of (await decoder.feed(unread)).entries()) {
      if (at < skipped) continue;
      manner.bar?.(step.scores, tokens.length);
      const { id, logprob } = choose(step.scores, keyTerms);
      sum += logprob;
      choices++;
      if (id === end) return decoded('end');
      keyTerms.take(id);
      tokens.push({ id, logprob, attention: step.attention });
      const repeated = circleOf(tokens, manner.spokenFrames);
      if (repeated > 0) {
        tokens.length -= repeated;
        return decoded('circle');
      }
      if (tokens.length >= most) return decoded('length');
      if (at + 1 < unread.length && id !== unread[at + 1]) {
        // The rest of the draft was about something else.
        decoder.keep(begin.length - 1 + tokens.length);
        break;
      }
    }
    unread = [(tokens.at(-1) as DecodedToken).id];
  }
}

function choose(scores: Float32Array, keyTerms: KeyTerms): { id: number; logprob: number } {
  const spread = logSumExp(scores);
  if (!Number.isFinite(spread)) throw new Error('the model answered with numbers that are none');
  const raised = keyTerms.raise(scores);
  const id = likeliest(scores);
  return { id, logprob: (scores[id] as number) - (raised.get(id) ?? 0) - spread };
}

/**
 * How many tokens at the end say again what was said before them though it was not: 0 when none do. People repeat themselves, too, but then the
 * model's attention moves on in the sound as fast as they speak, where a circle stays at the same place or skims what is left.
 */
export function circleOf(tokens: readonly DecodedToken[], spokenFrames: number): number {
  for (let length = 1; length <= LONGEST_CIRCLE && length * 2 <= tokens.length; length++) {
    const times = leastTimes(length);
    if (repeats(tokens, length) >= times && advance(tokens, length) < spokenFrames) return length * (times - 1);
  }
  return 0;
}

function leastTimes(length: number): number {
  if (length === 1) return 7;
  return length <= 3 ? 4 : 2;
}

function repeats(tokens: readonly DecodedToken[], length: number): number {
  let same = 0;
  for (let at = tokens.length - 1; at >= length && tokens[at]?.id === tokens[at - length]?.id; at--) same++;
  return Math.floor(same / length) + 1;
}

/** By how many frames for each token the last copy lies behind the one before, as the middle one of the heads sees it. */
function advance(tokens: readonly DecodedToken[], length: number): number {
  const last = tokens.slice(-length);
  const before = tokens.slice(-2 * length, -length);
  const frames = (last[0]?.attention ?? []).map((_, head) => meanCentre(last, head) - meanCentre(before, head)).sort((a, b) => a - b);
  return (frames[frames.length >> 1] ?? 0) / length;
}

function meanCentre(tokens: readonly DecodedToken[], head: number): number {
  return tokens.reduce((sum, { attention }) => sum + centreOf(attention[head]), 0) / tokens.length;
}

/** Where in the sound a head looks: the mean of its frames. */
export function centreOf(row: Float32Array | undefined): number {
  let sum = 0;
  let moment = 0;
  for (const [frame, weight] of (row ?? []).entries()) {
    sum += weight;
    moment += weight * frame;
  }
  return sum > 0 ? moment / sum : 0;
}

function likeliest(scores: Float32Array): number {
  let best = 0;
  for (let id = 1; id < scores.length; id++) if ((scores[id] as number) > (scores[best] as number)) best = id;
  return best;
}

function logSumExp(scores: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > most) most = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - most);
  return most + Math.log(sum);
}
