// The callers of the WebRTC benchmark: a process of their own, so that what the server costs can be told from what they cost.
import { sleep, systemClock } from '../src/lib/clock.ts';
import type { AnsweredCall, CallMedia } from '../src/transports/webrtc/media.ts';
import { Caller, energy, tone, until } from '../test/transports/webrtc/caller.ts';
import type { Asked, Findings, Order } from './webrtc-orders.ts';

/** Half a minute: a machine that is full answers late, and that is to be seen, not to fail. */
const PATIENCE_MS = 30_000;
const loud = (samples: Int16Array) => energy(samples) > 500 ** 2;
/** Instants of this process on the clock that all processes share. */
const wall = (atMs: number) => systemClock.wallMs() - (systemClock.now() - atMs);

const waiting = new Map<number, PromiseWithResolvers<string>>();
const say = (asked: Asked) => process.send?.(asked);
let offers = 0;

/** The media plane as it looks from here: offers go over the channel of the process. */
const media: Pick<CallMedia, 'answer'> = {
  async answer(sdp): Promise<AnsweredCall> {
    const offer = ++offers;
    const answered = Promise.withResolvers<string>();
    waiting.set(offer, answered);
    say({ kind: 'offer', offer, sdp });
    return {
      sdp: await answered.promise,
      mostMessageBytes: 0,
      takenBytes: 0,
      waitingBytes: 0,
      send: () => false,
      play() {},
      clear() {},
      close() {},
    };
  },
};

async function connect(findings: Findings): Promise<Caller> {
  const startedMs = systemClock.now();
  const caller = await Caller.call(media as CallMedia);
  findings.answeredMs.push(systemClock.now() - startedMs);
  await until('the channel is open', () => caller.channel?.readyState === 'open', PATIENCE_MS);
  findings.openMs.push(systemClock.now() - startedMs);
  return caller;
}

function found(caller: Caller, findings: Findings): Findings {
  const { heard, said } = caller;
  const [first, last] = [heard[0], heard.at(-1)];
  const starts = heard.filter(({ samples }, i) => loud(samples) && !loud(heard[i - 1]?.samples ?? samples));
  const expected = first && last ? ((last.sequenceNumber - first.sequenceNumber) & 0xffff) + 1 : 0;
  return {
    ...findings,
    saidAt: said.map(wall),
    heardAt: starts.map(({ atMs }) => wall(atMs)),
    packets: findings.packets + heard.length,
    missing: findings.missing + ((expected - heard.length) & 0xffff),
    driftMs: [...findings.driftMs, ...drift(heard)],
  };
}

/** Over the earliest of the first and of the last packets, so that one late packet is no drift. */
function drift(heard: Caller['heard']): number[] {
  const lateness = heard.map(({ atMs, timestamp }) => atMs - ((timestamp - (heard[0]?.timestamp ?? 0)) >>> 0) / 48);
  if (lateness.length < 500) return [];
  return [Math.min(...lateness.slice(-250)) - Math.min(...lateness.slice(0, 250))];
}

async function obey(order: Exclude<Order, { kind: 'answered' | 'refused' | 'close' }>): Promise<Findings> {
  let findings: Findings = { answeredMs: [], openMs: [], saidAt: [], heardAt: [], packets: 0, missing: 0, driftMs: [] };
  const calls = order.kind === 'talk' ? order.calls : 1;
  if (order.kind === 'come-and-go') {
    for (let n = 0; n < order.calls; n++) {
      const caller = await connect(findings);
      await sleep(systemClock, order.talkMs);
      await caller.hangUp();
    }
    return findings;
  }
  const callers: Caller[] = [];
  for (let n = 0; n < calls; n++) callers.push(await connect(findings));
  say({ kind: 'connected' });
  if (order.kind === 'bursts') {
    for (let n = 0; n < order.count; n++) {
      // Not in step with the frames.
      await sleep(systemClock, 500 + ((n * 7) % 20));
      callers[0]?.speak(tone(800, 20));
    }
    await sleep(systemClock, 500);
  } else {
    if (order.kind === 'talk') for (const caller of callers) caller.speak(speech(order.ms));
    await sleep(systemClock, order.ms);
  }
  for (const caller of callers) findings = found(caller, findings);
  await Promise.all(callers.map((caller) => caller.hangUp()));
  return findings;
}

/** As costly to encode as a voice: many tones that come and go. */
function speech(ms: number): Int16Array {
  const voice = [180, 360, 720, 1500, 2600].map((hz) => tone(hz, 400, 2500));
  const word = Int16Array.from({ length: 9600 }, (_, i) => voice.reduce((sum, part) => sum + (part[i] ?? 0), 0));
  return Int16Array.from({ length: Math.ceil(ms * 24) }, (_, i) => word[i % word.length] as number);
}

process.on('message', (order: Order) => {
  if (order.kind === 'close') return process.exit();
  if (order.kind === 'answered') return waiting.get(order.offer)?.resolve(order.sdp);
  if (order.kind === 'refused') return waiting.get(order.offer)?.reject(new Error(order.why));
  void obey(order).then(
    (findings) => say({ kind: 'done', findings }),
    (error: unknown) => say({ kind: 'failed', why: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
