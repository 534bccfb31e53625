// The loop that writes a transcript: the likeliest token again and again, until the model ends it or it turns in circles.
import type { KeyTerms } from './key-terms.ts';
import { BEGIN, END } from './tokens.ts';

/** Tokens a speaker can say in a second, generously. */
const TOKENS_PER_SECOND = 6.5;
const LEAST_TOKENS = 3;
/** A stretch of up to this many tokens counts as a circle when it is said again at once. */
const LONGEST_CIRCLE = 30;
/** So many tokens people may say twice running; more only a model does. */
const LONGEST_SAID_TWICE = 10;

/** What one step of the decoder says of the token to come. */
export interface Step {
  /** One score for each token. They may be changed. */
  readonly scores: Float32Array;
  /** Where in the sound each of the attending heads looks: one row of frames for each. */
  readonly attention: readonly Float32Array[];
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

/** `step` takes the token before. Undefined when `aborted` says so, which is asked between tokens. */
export async function decodeGreedily(
  step: (token: number) => Promise<Step>,
  { seconds, keyTerms, aborted }: { seconds: number; keyTerms: KeyTerms; aborted: () => boolean },
): Promise<Decoded | undefined> {
  const most = Math.max(LEAST_TOKENS, Math.ceil(seconds * TOKENS_PER_SECOND));
  const tokens: DecodedToken[] = [];
  const ids: number[] = [];
  let sum = 0;
  let choices = 0;
  let ended: Decoded['ended'] = 'length';
  keyTerms.reset();
  for (let id = BEGIN; tokens.length < most; ) {
    if (aborted()) return undefined;
    const { scores, attention } = await step(id);
    const spread = logSumExp(scores);
    if (!Number.isFinite(spread)) throw new Error('the model answered with numbers that are none');
    const raised = keyTerms.raise(scores);
    id = likeliest(scores);
    const logprob = (scores[id] as number) - (raised.get(id) ?? 0) - spread;
    sum += logprob;
    choices++;
    if (id === END) {
      ended = 'end';
      break;
    }
    keyTerms.take(id);
    tokens.push({ id, logprob, attention });
    ids.push(id);
    const repeated = circleOf(ids);
    if (repeated > 0) {
      tokens.length -= repeated;
      ended = 'circle';
      break;
    }
  }
  return { tokens, meanLogprob: choices === 0 ? 0 : sum / choices, ended };
}

/**
 * How many tokens at the end say again what was said before them; 0 when none do. People do say things twice (`I'm sorry, I'm sorry`):
 * the shorter a stretch, the more often it must come before it counts.
 */
export function circleOf(ids: readonly number[]): number {
  for (let length = 1; length <= LONGEST_CIRCLE && length * 2 <= ids.length; length++) {
    const times = mostTimes(length);
    if (repeats(ids, length) >= times) return length * (times - 1);
  }
  return 0;
}

function mostTimes(length: number): number {
  if (length === 1) return 7;
  if (length <= 3) return 4;
  return length <= LONGEST_SAID_TWICE ? 3 : 2;
}

function repeats(ids: readonly number[], length: number): number {
  let same = 0;
  for (let at = ids.length - 1; at >= length && ids[at] === ids[at - length]; at--) same++;
  return Math.floor(same / length) + 1;
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
