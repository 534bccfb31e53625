// When each word was said: the frames its tokens attend to, put in order by dynamic time warping.
import { centreOf, type DecodedToken } from './greedy.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Heads whose attention runs along with the words; the others look elsewhere. */
const HEADS = 8;

export interface TimedWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly logprob: number;
}

/** Tokens that make one word: as many as there are words, divided by space, in the transcript. */
export function wordGroups(tokens: readonly DecodedToken[], vocabulary: Vocabulary): DecodedToken[][] {
  const groups: DecodedToken[][] = [];
  for (const token of tokens) {
    const last = groups.at(-1);
    if (!last || (vocabulary.beginsWord(token.id) && vocabulary.text(last.map(({ id }) => id)) !== '')) groups.push([token]);
    else last.push(token);
  }
  return groups.filter((group) => vocabulary.text(group.map(({ id }) => id)) !== '');
}

/**
 * For each token the frame where it begins. `rows` holds for each token one row of attention for each head, all of the same length.
 * The heads that move on with the tokens decide; each frame is normalised over the tokens, so that frames all heads like count no more.
 */
export function alignTokens(rows: readonly (readonly Float32Array[])[]): number[] {
  const frames = rows[0]?.[0]?.length ?? 0;
  if (rows.length === 0 || frames === 0) return rows.map(() => 0);
  const weights = normalised(combined(rows, frames), frames);
  // cost[i][j]: the best way to give frames 0..j-1 to tokens 0..i-1, in order, each at least one frame if there are enough.
  const width = frames + 1;
  const cost = new Float32Array((rows.length + 1) * width).fill(Number.POSITIVE_INFINITY);
  const stays = new Uint8Array((rows.length + 1) * width);
  cost[0] = 0;
  for (let i = 1; i <= rows.length; i++) {
    for (let j = 1; j <= frames; j++) {
      const moved = cost[(i - 1) * width + j - 1] as number;
      const stayed = cost[i * width + j - 1] as number;
      const stay = stayed < moved;
      cost[i * width + j] = Math.min(stayed, moved) - ((weights[i - 1] as Float32Array)[j - 1] as number);
      stays[i * width + j] = stay ? 1 : 0;
    }
  }
  if (rows.length > frames) return rows.map((_, i) => Math.floor((i * frames) / rows.length));
  const starts = rows.map(() => 0);
  for (let i = rows.length, j = frames; i > 0 && j > 0; j--) {
    starts[i - 1] = j - 1;
    if (stays[i * width + j] === 0) i--;
  }
  return starts;
}

/** The mean of the heads whose centre of attention moves most steadily. */
function combined(rows: readonly (readonly Float32Array[])[], frames: number): Float32Array[] {
  const heads = rows[0]?.length ?? 0;
  const steadiness = Array.from({ length: heads }, (_, head) => ({ head, value: correlation(rows.map((row) => centreOf(row[head]))) }));
  const best = steadiness.sort((a, b) => b.value - a.value).slice(0, HEADS);
  return rows.map((row) => {
    const mean = new Float32Array(frames);
    for (const { head } of best) for (let j = 0; j < frames; j++) mean[j] = (mean[j] as number) + (row[head]?.[j] ?? 0) / best.length;
    return mean;
  });
}

function normalised(rows: readonly Float32Array[], frames: number): Float32Array[] {
  const result = rows.map((row) => row.slice());
  for (let j = 0; j < frames; j++) {
    let mean = 0;
    let square = 0;
    for (const row of rows) mean += (row[j] as number) / rows.length;
    for (const row of rows) square += ((row[j] as number) - mean) ** 2 / rows.length;
    for (const row of result) row[j] = ((row[j] as number) - mean) / (Math.sqrt(square) + 1e-6);
  }
  return result;
}

/** How well values grow with their index: 1 when on a line. */
function correlation(values: readonly number[]): number {
  const n = values.length;
  const meanIndex = (n - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  let both = 0;
  let own = 0;
  let index = 0;
  for (const [i, value] of values.entries()) {
    both += (i - meanIndex) * (value - mean);
    own += (value - mean) ** 2;
    index += (i - meanIndex) ** 2;
  }
  return own === 0 || index === 0 ? 0 : both / Math.sqrt(own * index);
}

/**
 * Words with their times from the start of the sound that was decoded, in which a frame takes `frameMs`. `span` is where sound begins and ends in it, `loud` tells whether
 * the 10 ms at a time are sound: the first word begins with the sound, and a word ends where sound ends before the next begins.
 */
export function timedWords(
  tokens: readonly DecodedToken[],
  vocabulary: Vocabulary,
  span: { fromMs: number; toMs: number },
  loud: (ms: number) => boolean,
  frameMs: number,
): TimedWord[] {
  const groups = wordGroups(tokens, vocabulary);
  const starts = alignTokens(tokens.map(({ attention }) => attention));
  const startOf = new Map(tokens.map((token, i) => [token, (starts[i] as number) * frameMs]));
  const words: TimedWord[] = [];
  for (const [i, group] of groups.entries()) {
    const least = words.at(-1)?.endMs ?? 0;
    const aligned = i === 0 ? span.fromMs : (startOf.get(group[0] as DecodedToken) ?? 0);
    const startMs = Math.max(least, Math.min(aligned, Math.max(0, span.toMs - frameMs)));
    const next = groups[i + 1]?.[0];
    const limit = Math.max(startMs + frameMs, Math.min(next ? (startOf.get(next) ?? span.toMs) : span.toMs, span.toMs));
    let endMs = limit;
    while (endMs - 10 >= startMs + frameMs && !loud(endMs - 10)) endMs -= 10;
    words.push({
      text: spoken(vocabulary.text(group.map(({ id }) => id))),
      startMs,
      endMs,
      logprob: group.reduce((sum, { logprob }) => sum + logprob, 0),
    });
  }
  return words;
}

/** A word without the marks around it; marks alone stay as they are. */
function spoken(text: string): string {
  const bare = text.replace(/^[\p{P}\p{S}]+(?=[\p{L}\p{N}$€£])|[.,;:!?…"”’)\]-]+$/gu, '');
  return bare === '' ? text : bare;
}
