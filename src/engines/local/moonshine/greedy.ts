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

export interface GreedyOptions {
  /** How long the sound is. */
  readonly seconds: number;
  readonly keyTerms: KeyTerms;
  /** What an earlier decode made of the beginning of the same sound: as far as it stands, it is confirmed in one run. */
  readonly draft?: readonly number[];
  /** Asked between tokens. */
  readonly aborted: () => boolean;
}

/** Undefined when it was aborted. */
export async function decodeGreedily(
  decoder: TokenDecoder,
  { seconds, keyTerms, draft = [], aborted }: GreedyOptions,
): Promise<Decoded | undefined> {
  const most = Math.max(LEAST_TOKENS, Math.ceil(seconds * TOKENS_PER_SECOND));
  const tokens: DecodedToken[] = [];
  const decoded = (ended: Decoded['ended']): Decoded => ({ tokens, meanLogprob: choices === 0 ? 0 : sum / choices, ended });
  let sum = 0;
  let choices = 0;
  keyTerms.reset();
  for (let unread = [BEGIN, ...draft.slice(0, most - 1)]; ; ) {
    if (aborted()) return undefined;
    for (const [at, step] of (await decoder.feed(unread)).entries()) {
      const { id, logprob } = choose(step.scores, keyTerms);
      sum += logprob;
      choices++;
      if (id === END) return decoded('end');
      keyTerms.take(id);
      tokens.push({ id, logprob, attention: step.attention });
      const repeated = circleOf(tokens);
      if (repeated > 0) {
        tokens.length -= repeated;
        return decoded('circle');
      }
      if (tokens.length >= most) return decoded('length');
      if (at + 1 < unread.length && id !== unread[at + 1]) {
        // The rest of the draft was about something else.
        decoder.keep(tokens.length);
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
 * How many tokens at the end say again what was said before them; 0 when none do. People do say things twice (`I'm sorry, I'm sorry`):
 * the shorter a stretch, the more often it must come before it counts.
 */
export function circleOf(tokens: readonly { id: number }[]): number {
  for (let length = 1; length <= LONGEST_CIRCLE && length * 2 <= tokens.length; length++) {
    const times = mostTimes(length);
    if (repeats(tokens, length) >= times) return length * (times - 1);
  }
  return 0;
}

function mostTimes(length: number): number {
  if (length === 1) return 7;
  if (length <= 3) return 4;
  return length <= LONGEST_SAID_TWICE ? 3 : 2;
}

function repeats(tokens: readonly { id: number }[], length: number): number {
  let same = 0;
  for (let at = tokens.length - 1; at >= length && tokens[at]?.id === tokens[at - length]?.id; at--) same++;
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
