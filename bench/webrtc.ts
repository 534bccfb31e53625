// `node bench/webrtc.ts`: what WebRTC calls cost and how late they are. The server's media plane runs here, without a session behind it; the
// callers are another process. `--help` says what can be measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { createLog } from '../src/lib/log.ts';
import type { Call, CallEvents } from '../src/transports/webrtc/media.ts';
import { openWeriftMedia } from '../src/transports/webrtc/werift-media.ts';
import { energy, tone } from '../test/transports/webrtc/caller.ts';
import { spread } from './statistics.ts';
import type { Asked, Findings, Order } from './webrtc-orders.ts';

const parts = ['setup', 'latency', 'cpu', 'memory', 'drift'] as const;
const help = `node bench/webrtc.ts [options]
  --only setup,cpu   only these: setup (offer to open channel), latency (one way, both ways), cpu (for each talking call), memory (after
                     200 calls that came and went), drift (over ten minutes)
  --quick            fewer and shorter runs: to see that it works, not to quote
  --calls 10         calls at once, for cpu
  --workers 1        worker threads
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: parts.join(',') },
    quick: { type: 'boolean', default: false },
    calls: { type: 'string' },
    workers: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const quick = values.quick;
const only = values.only.split(',').map((name) => name.trim());
const wrong = only.find((name) => !parts.some((part) => part === name));

const options = { mostCalls: 1000, portRange: undefined, publicAddress: undefined, interfaces: [], tcp: false, iceServers: [] };
const media = openWeriftMedia({ ...options, workers: Number(values.workers) }, { log: createLog('warn'), clock: systemClock });
const callers = fork(join(import.meta.dirname, 'webrtc-callers.ts'), { serialization: 'advanced' });
const order = (what: Order) => void callers.send(what);

/** What the server's side of every call is told, and what it does with a call it has answered. */
let events: Partial<CallEvents> = {};
let calls: Call[] = [];
let connected = () => {};
let done: PromiseWithResolvers<Findings> = Promise.withResolvers();

callers.on('message', (asked: Asked) => {
  if (asked.kind === 'connected') connected();
  else if (asked.kind === 'done') done.resolve(asked.findings);
  else if (asked.kind === 'failed') done.reject(new Error(asked.why));
  else void answer(asked.offer, asked.sdp);
});

async function answer(offer: number, sdp: string): Promise<void> {
  try {
    const call = await media.answer(sdp, { onSound() {}, onOpen() {}, onMessage() {}, onPlayed() {}, onDigit() {}, onEnd() {}, ...events });
    calls.push(call);
    order({ kind: 'answered', offer, sdp: call.sdp });
  } catch (error) {
    order({ kind: 'refused', offer, why: String(error) });
  }
}

/** Runs an order to its end; `meanwhile` begins when all callers are connected. */
async function run(what: Order, meanwhile: () => Promise<void> = async () => {}, told: Partial<CallEvents> = {}): Promise<Findings> {
  events = told;
  calls = [];
  done = Promise.withResolvers();
  const both = new Promise<void>((resolve, reject) => {
    connected = () => void meanwhile().then(resolve, reject);
  });
  order(what);
  const findings = await done.promise;
  if (what.kind !== 'come-and-go') await both;
  while (media.size > 0) await sleep(systemClock, 50);
  return findings;
}

function row(name: string, figures: Record<string, number | string>): void {
  const told = Object.entries(figures).map(
    ([figure, value]) => `${figure} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`,
  );
  process.stdout.write(`${name}: ${told.join(', ')}\n`);
}

const loud = (samples: Int16Array) => energy(samples) > 500 ** 2;

async function measureSetup(): Promise<void> {
  const { answeredMs, openMs } = await run({ kind: 'come-and-go', calls: quick ? 5 : 50, talkMs: 0 });
  row('set-up, first call of the server', { 'answer ms': answeredMs[0] ?? Number.NaN, 'open ms': openMs[0] ?? Number.NaN });
  const [answered, opened] = [spread(answeredMs.slice(1)), spread(openMs.slice(1))];
  row('set-up, offer to answer, ms', { calls: answered.count, p50: answered.p50, p95: answered.p95 });
  row('set-up, offer to open channel, ms', { calls: opened.count, p50: opened.p50, p95: opened.p95 });
}

async function measureLatency(): Promise<void> {
  const count = quick ? 5 : 100;
  const heardAt: number[] = [];
  const playedAt: number[] = [];
  let quiet = true;
  const listen = (samples: Int16Array) => {
    if (quiet && loud(samples)) heardAt.push(systemClock.wallMs());
    quiet = !loud(samples);
  };
  const speak = async () => {
    for (let n = 0; n < count; n++) {
      await sleep(systemClock, 500 + ((n * 7) % 20));
      playedAt.push(systemClock.wallMs());
      calls[0]?.play(tone(800, 40));
    }
  };
  const findings = await run({ kind: 'bursts', count }, speak, { onSound: listen });
  const down = spread(delays(playedAt, findings.heardAt));
  const up = spread(delays(findings.saidAt, heardAt));
  row('latency, caller to server, ms', { bursts: up.count, p50: up.p50, p95: up.p95 });
  row('latency, server to caller (the wait for the next frame included), ms', { bursts: down.count, p50: down.p50, p95: down.p95 });
}

/** From each instant to the first of the others after it, within a quarter of a second. */
function delays(from: readonly number[], to: readonly number[]): number[] {
  return from.flatMap((start) => {
    const end = to.find((instant) => instant >= start - 2);
    return end !== undefined && end - start < 250 ? [end - start] : [];
  });
}

async function measureCpu(): Promise<void> {
  const count = Number(values.calls ?? (quick ? 2 : 10));
  const ms = quick ? 4000 : 30_000;
  let share = Number.NaN;
  const talk = async () => {
    for (const call of calls) call.play(tone(400, ms));
    await sleep(systemClock, 500);
    const [before, startedMs] = [process.cpuUsage(), systemClock.now()];
    await sleep(systemClock, ms - 1500);
    const { user, system } = process.cpuUsage(before);
    share = (user + system) / 1000 / (systemClock.now() - startedMs);
  };
  const { packets, missing } = await run({ kind: 'talk', calls: count, ms }, talk);
  row('cpu, talking both ways', {
    calls: count,
    '% of a core for each': (share / count) * 100,
    'calls for each core': count / share,
    'packets not sent in time': missing,
    packets,
  });
}

async function measureMemory(): Promise<void> {
  const rss = () => process.memoryUsage.rss() / 2 ** 20;
  const settled = async () => {
    await sleep(systemClock, quick ? 1000 : 10_000);
    return rss();
  };
  // The first calls fill what is kept for the next.
  await run({ kind: 'come-and-go', calls: quick ? 3 : 20, talkMs: 0 });
  const before = await settled();
  await run({ kind: 'come-and-go', calls: quick ? 10 : 200, talkMs: 0 });
  row('memory, calls that came and went', { calls: quick ? 10 : 200, 'MB more': (await settled()) - before, 'MB in all': rss() });
}

async function measureDrift(): Promise<void> {
  const ms = quick ? 12_000 : 600_000;
  let samples = 0;
  const late: number[] = [];
  let startedMs = 0;
  const listen = (sound: Int16Array) => {
    if (startedMs === 0) startedMs = systemClock.now();
    late.push(systemClock.now() - startedMs - samples / 24);
    samples += sound.length;
  };
  const { driftMs } = await run({ kind: 'listen', ms }, undefined, { onSound: listen });
  const up = Math.min(...late.slice(-250)) - Math.min(...late.slice(0, 250));
  row('drift', { 'call s': ms / 1000, 'server to caller ms': driftMs[0] ?? Number.NaN, 'caller to server ms': up });
}

const measures = { setup: measureSetup, latency: measureLatency, cpu: measureCpu, memory: measureMemory, drift: measureDrift };

// The clock's timers keep no process alive.
const alive = setInterval(() => {}, 60_000);
try {
  if (values.help || wrong !== undefined) process.stdout.write(wrong === undefined ? help : `--only knows no '${wrong}'.\n${help}`);
  else for (const part of parts) if (only.includes(part)) await measures[part]();
} finally {
  clearInterval(alive);
  order({ kind: 'close' });
  if (callers.exitCode === null) await once(callers, 'exit');
  await media.close();
}
