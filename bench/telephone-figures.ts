// What of a stretch of telephone talk is told: out of what the callers have said and heard, and out of the tapes of the server's sessions.
import { ENGINES_MS, LOST_MS, SILENCE_MS } from './caller.ts';
import { FRAME_MS } from './frames.ts';
import { percentile, type Spread, spread } from './statistics.ts';
import type { Heard } from './telephone-caller.ts';
import type { Taped } from './telephone-tapes.ts';

/** Of the clock that all processes of the machine share. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface HeardFigures {
  /** First sound of the answer, less end of speech, silence and engines' delays; 1e6 where no answer came. */
  readonly added: Spread;
  readonly unanswered: number;
  /** How late packets came by their timestamps, where there are timestamps. */
  readonly packetLateMs: Spread;
  readonly packetsMissing: number;
  /** How often an answer's sound had run out before it was all said. */
  readonly starved: number;
  readonly faults: readonly string[];
  readonly lagP99Ms: number;
}

export interface TapedFigures {
  /** From a frame's leaving the caller to its being in the ear. */
  readonly inMs: Spread;
  /** From the voice's first sound of an answer to the caller's first packet with sound. */
  readonly outMs: Spread;
  /** From the decision to interrupt to the last packet with sound of the answer, or to the order to throw away what waits. */
  readonly cutMs: Spread;
  /** Sound over an answer, from its onset to the decision. */
  readonly decisionMs: Spread;
}

/** So long after it was decided nothing of the cut answer comes any more, and it is another's sound. */
const mostCutMs = 1000;
const mostOutMs = 1000;
/** A tape has the instant at which a step was written down, and by then what the step sends may have been received. */
const tapeLateMs = 5;

export function heardFigures(callers: readonly Heard[], { fromMs, untilMs }: Stretch): HeardFigures {
  const lastMs = untilMs - SILENCE_MS - ENGINES_MS - LOST_MS;
  const isIn = (atMs: number) => atMs >= fromMs && atMs < untilMs;
  const added = callers.flatMap(({ said, runs }) =>
    said.flatMap(({ endMs }, index) => {
      if (endMs < fromMs || endMs > lastMs) return [];
      const nextMs = said[index + 1]?.endMs ?? Number.POSITIVE_INFINITY;
      const answer = runs.find(({ firstMs }) => firstMs > endMs && firstMs < Math.min(nextMs, endMs + SILENCE_MS + ENGINES_MS + LOST_MS));
      return [answer === undefined ? 1e6 : answer.firstMs - endMs - SILENCE_MS - ENGINES_MS];
    }),
  );
  const late = callers.flatMap(({ packets }) => {
    const leastMs = packets.transitMs.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
    return packets.atMs.flatMap((atMs, index) => (isIn(atMs) ? [(packets.transitMs[index] ?? 0) - leastMs] : []));
  });
  return {
    added: spread(added),
    unanswered: added.filter((ms) => ms >= 1e6).length,
    packetLateMs: spread(late),
    packetsMissing: callers.reduce((sum, { packets, packetsSent }) => sum + packetsSent - packets.atMs.length, 0),
    starved: callers.reduce((sum, { runs }) => sum + runs.reduce((all, run) => all + (isIn(run.firstMs) ? run.starved : 0), 0), 0),
    faults: [...new Set(callers.flatMap(({ faults }) => faults))].slice(0, 5),
    lagP99Ms: percentile(
      callers.flatMap(({ sentMs, lags }) => lags.filter((_, index) => isIn(sentMs[index] ?? 0))),
      0.99,
    ),
  };
}

export function tapedFigures(callers: readonly Heard[], tapes: readonly Taped[], { fromMs, untilMs }: Stretch): TapedFigures {
  const isIn = (atMs: number) => atMs >= fromMs && atMs < untilMs;
  const pairs = callers.flatMap((caller) => {
    const taped = tapes.find(({ name }) => name === caller.name);
    return taped ? [{ caller, taped }] : [];
  });
  const inMs = pairs.flatMap(({ caller, taped }) => {
    const first = firstReached(taped);
    const tookMs = caller.sentMs.flatMap((sentMs, frame) => {
      const atMs = first[frame];
      return isIn(sentMs) && atMs !== undefined ? [atMs - sentMs] : [];
    });
    // The callers stood still for so long that there is silence among the frames, which are others then than they are counted for.
    return tookMs.some((ms) => ms < 0) ? [] : tookMs;
  });
  const outMs = pairs.flatMap(({ caller, taped }) =>
    taped.voiced.filter(isIn).flatMap((voicedMs) => {
      const run = caller.runs.find(({ firstMs }) => firstMs > voicedMs - tapeLateMs);
      return run && run.firstMs < voicedMs + mostOutMs ? [Math.max(0, run.firstMs - voicedMs)] : [];
    }),
  );
  const cuts = pairs.flatMap(({ caller, taped }) => taped.cut.filter(isIn).map((cutMs) => ({ caller, cutMs })));
  const cutMs = cuts.flatMap(({ caller: { clears, runs }, cutMs }) => {
    const clear = clears.find((atMs) => atMs > cutMs - tapeLateMs && atMs < cutMs + mostCutMs);
    if (clear !== undefined) return [Math.max(0, clear - cutMs)];
    // Nothing of it was being said.
    const run = runs.findLast(({ firstMs }) => firstMs < cutMs);
    return run && run.lastMs > cutMs - FRAME_MS && run.lastMs < cutMs + mostCutMs ? [Math.max(0, run.lastMs - cutMs)] : [];
  });
  const decisionMs = cuts.flatMap(({ caller, cutMs }) => {
    const said = caller.said.findLast(({ onsetMs }) => onsetMs < cutMs);
    return said?.cutsIn ? [cutMs - said.onsetMs] : [];
  });
  return { inMs: spread(inMs), outMs: spread(outMs), cutMs: spread(cutMs), decisionMs: spread(decisionMs) };
}

/** For each frame of the caller's sound when all of it was in the ear. The ear's own resampling may leave a part of a millisecond to the next. */
function firstReached({ heard }: Taped): number[] {
  const first: number[] = [];
  for (const { atMs, receivedMs } of heard) {
    const frames = Math.floor((receivedMs + 1) / FRAME_MS);
    while (first.length < frames) first.push(atMs);
  }
  return first;
}
