// Telephone calls that talk: more and more of them, through a whole server on one core, until it falls behind.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { MOST_ADDED_P95_MS, MOST_GAP_P99_MS } from './capacity.ts';
import { machineSeconds } from './machine.ts';
import type { Clip } from './speech.ts';
import type { Heard } from './telephone-caller.ts';
import { type HeardFigures, heardFigures, type Stretch, type TapedFigures, tapedFigures } from './telephone-figures.ts';
import type { TransportName } from './telephone-line.ts';
import { TelephoneLoad } from './telephone-load.ts';
import { startTelephoneServer } from './telephone-server.ts';
import { readTapes } from './telephone-tapes.ts';

/** Calls that have just come are not counted until they are in their stride. */
const settleMs = 3000;

export interface TalkStep extends HeardFigures, TapedFigures {
  readonly transport: TransportName;
  readonly calls: number;
  /** Of a core, of all threads of the server; and of the process of the callers. */
  readonly serverShare: number;
  readonly loadShare: number;
  /** Of the cores, neither server nor callers. */
  readonly othersCores: number;
  /** It keeps up. */
  readonly holds: boolean;
}

/** By the clock that all processes of the machine share. */
const sharedMs = () => Number(process.hrtime.bigint()) / 1e6;

type Measured = Pick<TalkStep, 'calls' | 'serverShare' | 'loadShare' | 'othersCores' | 'holds'> &
  HeardFigures & { readonly stretch: Stretch };

/** Steps up until one does not hold. */
export async function measureTalk(
  transport: TransportName,
  clips: readonly Clip[],
  steps: readonly number[],
  seconds: number,
): Promise<TalkStep[]> {
  const telephones = await startTelephoneServer({ secure: transport === 'srtp', recorded: true });
  const { server } = telephones;
  try {
    const load = await TelephoneLoad.start(transport, telephones, clips);
    const measured: Measured[] = [];
    let heard: readonly Heard[] = [];
    try {
      let calls = 0;
      for (const step of steps) {
        await load.add(step - calls);
        calls = step;
        await sleep(systemClock, settleMs);
        const before = { atMs: systemClock.now(), server: server.cpuSeconds, load: load.cpuSeconds, machine: machineSeconds().busy };
        const fromMs = sharedMs();
        await sleep(systemClock, seconds * 1000);
        const passed = (systemClock.now() - before.atMs) / 1000;
        const serverSeconds = server.cpuSeconds - before.server;
        const loadSeconds = load.cpuSeconds - before.load;
        const others = machineSeconds().busy - before.machine - serverSeconds - loadSeconds;
        const stretch = { fromMs, untilMs: sharedMs() };
        heard = await load.tell();
        const figures = heardFigures(heard, stretch);
        const holds = figures.added.p95 <= MOST_ADDED_P95_MS && !(figures.packetLateMs.p99 > MOST_GAP_P99_MS);
        measured.push({
          ...figures,
          calls,
          stretch,
          serverShare: serverSeconds / passed,
          loadShare: loadSeconds / passed,
          othersCores: Math.max(0, others / passed),
          holds,
        });
        if (!holds) break;
      }
      await load.hangUp();
      await sleep(systemClock, 1000);
    } finally {
      await load.stop();
    }
    const clockOffsetMs = await telephones.clockOffsetMs();
    await telephones.stop();
    const tapes = readTapes(telephones.tapes, clockOffsetMs);
    return measured.map(({ stretch, ...figures }) => ({ transport, ...figures, ...tapedFigures(heard, tapes, stretch) }));
  } finally {
    await telephones.stop();
    telephones.tidy();
  }
}
