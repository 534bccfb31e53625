// (b) sessions per core: more and more of them, all streaming all the time, until the server falls behind.
import { type CallResult, meter, MOST_LAG_MS, summary } from './latency.ts';
import { Load } from './load.ts';
import { ServerProcess } from './server.ts';
import type { Clip } from './speech.ts';

export const MOST_ADDED_P95_MS = 80;
export const MOST_GAP_P99_MS = 40;
/** Sessions that have just come are not counted until they are in their stride. */
const settleMs = 3000;
const forever = 1000;
/** How often a disturbed step is measured again. */
const mostRepeats = 2;

type Step = Omit<CallResult, 'memoryPerSessionBytes'>;

export interface CapacityResult {
  steps: Step[];
  /** The most sessions of a step that kept within the limit, with every step before it. */
  byAddedP95: number;
  byGapP99: number;
}

/** Steps up until both limits are passed, or the steps are through. */
export async function measureCapacity(clips: readonly Clip[], steps: readonly number[], seconds: number): Promise<CapacityResult> {
  const server = await ServerProcess.start({ engines: 'scripted', core: 0 });
  const result: CapacityResult = { steps: [], byAddedP95: 0, byGapP99: 0 };
  try {
    const load = await Load.start(server, clips);
    try {
      let sessions = 0;
      let within = { added: true, gap: true };
      for (const step of steps) {
        await load.add(step - sessions, forever);
        sessions = step;
        await load.measure(settleMs);
        let measured = await measureStep(server, load, sessions, seconds);
        for (let again = 0; again < mostRepeats && measured.lagP99Ms > MOST_LAG_MS; again++) {
          const repeated = await measureStep(server, load, sessions, seconds);
          if (repeated.lagP99Ms < measured.lagP99Ms) measured = repeated;
        }
        result.steps.push(measured);
        within = {
          added: within.added && measured.added.p95 <= MOST_ADDED_P95_MS,
          gap: within.gap && measured.gaps.p99 <= MOST_GAP_P99_MS,
        };
        if (within.added) result.byAddedP95 = sessions;
        if (within.gap) result.byGapP99 = sessions;
        if (!within.added && !within.gap) break;
      }
    } finally {
      await load.stop();
    }
  } finally {
    await server.stop();
  }
  return result;
}

async function measureStep(server: ServerProcess, load: Load, sessions: number, seconds: number): Promise<Step> {
  const stop = meter(server, load);
  return { ...summary(sessions, await load.measure(seconds * 1000)), ...stop(sessions) };
}
