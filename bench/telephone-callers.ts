// The process of the telephone benchmark's callers. Its orders and what it tells go over the channel to the process that started it.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { obeyOrders } from './commanded.ts';
import { FRAME_MS } from './frames.ts';
import { TelephoneCaller } from './telephone-caller.ts';
import type { Lines } from './telephone-line.ts';
import type { ComeAndGone, TelephoneOrder, TrafficHow } from './telephone-load.ts';
import { openSipLines } from './telephone-sip-lines.ts';
import { openStreamLines } from './telephone-stream-lines.ts';
import { CYCLE_MS } from './timeline.ts';

const goldenRatio = 0.618_033_988_75;
/** At most so many are called at a time. */
const opening = 10;

let lines: Lines | undefined;
const talking = new Set<TelephoneCaller>();
let called = 0;

/** Sends what is due, looking every millisecond. */
function beat(): void {
  const nowMs = systemClock.now();
  for (const caller of talking) caller.beat(nowMs);
  if (talking.size > 0) setTimeout(beat, 1);
}

/** Telephones send from the first moment on; what is said, and where in a frame, is spread evenly, however many there are. */
function begin(caller: TelephoneCaller): void {
  talking.add(caller);
  const place = (talking.size * goldenRatio) % 1;
  caller.begin(systemClock.now() + ((place * CYCLE_MS) % FRAME_MS), 500 + place * CYCLE_MS);
  if (talking.size === 1) beat();
}

async function add(to: Lines, count: number): Promise<void> {
  for (let left = count; left > 0; left -= opening) {
    const some = Array.from({ length: Math.min(left, opening) }, () => new TelephoneCaller(to, called++));
    await Promise.all(some.map((caller) => caller.call(to)));
    for (const caller of some) begin(caller);
  }
}

async function comeAndGo(to: Lines, { calls, perSecond, talkMs }: TrafficHow): Promise<ComeAndGone> {
  const told = { setUpMs: [] as number[], failed: 0, faults: [] as string[], lateMs: [] as number[] };
  const one = async () => {
    const caller = new TelephoneCaller(to, called++);
    try {
      told.setUpMs.push(await caller.call(to));
    } catch (error) {
      told.failed += 1;
      told.faults.push(String(error));
      return;
    }
    begin(caller);
    await sleep(systemClock, talkMs);
    talking.delete(caller);
    caller.hangUp();
    told.faults.push(...caller.heard().faults);
  };
  const startMs = systemClock.now();
  const all: Promise<void>[] = [];
  for (let n = 0; n < calls; n++) {
    const dueMs = startMs + (n * 1000) / perSecond;
    await sleep(systemClock, dueMs - systemClock.now());
    told.lateMs.push(systemClock.now() - dueMs);
    all.push(one());
  }
  await Promise.all(all);
  return told;
}

async function obey(order: TelephoneOrder): Promise<unknown> {
  if (order.kind === 'open') {
    const clips = order.clips.map((samples) => ({ samples }));
    lines =
      order.transport === 'twilio' ? await openStreamLines(order.http, clips) : await openSipLines(order.transport, order.sipAt, clips);
    return undefined;
  }
  if (!lines) throw new Error('There are no lines yet.');
  switch (order.kind) {
    case 'add':
      return add(lines, order.count);
    case 'tell':
      return [...talking].map((caller) => caller.heard());
    case 'come-and-go':
      return comeAndGo(lines, order);
    case 'hang-up':
      for (const caller of talking) caller.hangUp();
      talking.clear();
      return undefined;
    case 'close':
      await lines.close();
      process.disconnect();
      return undefined;
  }
}

obeyOrders(obey);
