// The load generator: a process that is many callers. Its orders and its figures go over the channel to the process that started it.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { obeyOrders } from './commanded.ts';
import { Caller, ENGINES_MS, LOST_MS, SILENCE_MS, type Turn } from './caller.ts';
import { type Material, prepare } from './frames.ts';
import type { Figures, Order } from './load.ts';
import type { Clip } from './speech.ts';
import { percentile } from './statistics.ts';
import { CYCLE_MS } from './timeline.ts';

const goldenRatio = 0.618_033_988_75;
/** At most so many connections are opened at a time. */
const opening = 20;

let material: Material = { utterances: [], quiet: [] };
const callers: Caller[] = [];
let target = { port: 0, key: '' };
let running = false;

/** Sends what is due, looking every millisecond. */
function beat(): void {
  const nowMs = systemClock.now();
  let live = false;
  for (const caller of callers) {
    const { timeline } = caller;
    while (!timeline.over && timeline.dueMs <= nowMs) caller.sendFrame(systemClock.now());
    live ||= !timeline.over;
  }
  running = live;
  if (live) setTimeout(beat, 1);
}

async function add(count: number, rounds: number): Promise<void> {
  const added = Array.from({ length: count }, (_, index) => new Caller(material, callers.length + index, rounds));
  for (let at = 0; at < count; at += opening) {
    await Promise.all(added.slice(at, at + opening).map((caller) => caller.connect(target.port, target.key)));
  }
  const startMs = systemClock.now() + 100;
  for (const caller of added) {
    // Spread evenly over an utterance and its answer, and with it over a frame, however many there are.
    caller.timeline.begin(startMs + ((callers.length * goldenRatio) % 1) * CYCLE_MS);
    callers.push(caller);
  }
  if (!running) beat();
}

/** What came of the utterances that ended within the last `ms`, given time for their answers; everything when not told. */
function figures(sinceMs: number): Figures {
  const untilMs = systemClock.now() - SILENCE_MS - ENGINES_MS - LOST_MS;
  const turns = callers.flatMap((caller) =>
    caller.turns.map((turn, index) => ({ turn, next: caller.turns[index + 1], last: caller.turns[index - 1] })),
  );
  const inTime = ({ turn }: { turn: Turn }) => turn.endMs >= sinceMs && turn.endMs <= untilMs;
  const counted = turns.filter(inTime);
  const barges = counted.filter(({ turn }) => turn.cutsIn);
  const cut = barges.filter(({ turn, last }) => last?.status === 'cancelled' && (last.lastAudioMs ?? 0) > turn.onsetMs);
  return {
    added: counted.map(({ turn }) => (turn.firstAudioMs === undefined ? 1e6 : turn.firstAudioMs - turn.endMs - SILENCE_MS - ENGINES_MS)),
    unanswered: counted.filter(({ turn }) => turn.firstAudioMs === undefined).length,
    gaps: counted.filter(({ next }) => !next?.cutsIn).flatMap(({ turn }) => turn.gaps),
    starved: counted.reduce((sum, { turn }) => sum + turn.starved, 0),
    bargeIns: cut.map(({ turn, last }) => (last?.lastAudioMs ?? 0) - turn.onsetMs),
    missedBargeIns: barges.length - cut.length,
    faults: callers.flatMap((caller) => caller.faults),
    lagP99Ms: percentile(
      callers.flatMap(({ timeline }) => timeline.lags),
      0.99,
    ),
  };
}

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'prepare':
      material = prepare(order.clips.map((samples): Clip => ({ samples })));
      target = { port: order.port, key: order.key };
      return undefined;
    case 'add':
      return add(order.count, order.rounds);
    case 'finish':
      while (callers.some(({ timeline }) => !timeline.over)) await sleep(systemClock, 50);
      await sleep(systemClock, SILENCE_MS + ENGINES_MS + LOST_MS);
      return figures(Number.NEGATIVE_INFINITY);
    case 'measure': {
      const sinceMs = systemClock.now();
      for (const caller of callers) caller.timeline.lags.length = 0;
      await sleep(systemClock, order.ms);
      return figures(sinceMs);
    }
    case 'close':
      for (const caller of callers) caller.close();
      process.disconnect();
      return undefined;
  }
}

obeyOrders(obey);
