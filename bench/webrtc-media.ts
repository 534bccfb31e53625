// What the media plane alone costs and how late it is: setting calls up, sound on its way, processor, memory, and the two clocks of a long call.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { fromBytes, toBytes } from '../src/media/pcm.ts';
import { energy, tone } from '../test/transports/webrtc/caller.ts';
import { collectGarbage } from './garbage.ts';
import { type Spread, spread } from './statistics.ts';
import type { Plane } from './webrtc-plane.ts';

export interface SetupResult {
  /** Of the very first call, whose worker starts with it. */
  first: { answerMs: number; openMs: number };
  /** From the offer to the answer, and to the open data channel. */
  answerMs: Spread;
  openMs: Spread;
}

export interface LatencyResult {
  /** From the caller to the server; and back, the wait for the next frame included. */
  upMs: Spread;
  downMs: Spread;
}

export interface CpuResult {
  calls: number;
  /** Of a core, for each call. */
  share: number;
  packets: number;
  missing: number;
}

export interface MemoryResult {
  calls: number;
  /** Resident memory after these calls, beyond that before them. */
  moreMb: number;
  rssMb: number;
}

export interface DriftResult {
  seconds: number;
  upMs: number;
  downMs: number;
}

const loud = (samples: Int16Array) => energy(samples) > 500 ** 2;

export async function measureSetup(plane: Plane, quick: boolean): Promise<SetupResult> {
  const { answeredMs, openMs } = await plane.run({ kind: 'come-and-go', calls: quick ? 5 : 50, talkMs: 0 });
  return {
    first: { answerMs: answeredMs[0] ?? Number.NaN, openMs: openMs[0] ?? Number.NaN },
    answerMs: spread(answeredMs.slice(1)),
    openMs: spread(openMs.slice(1)),
  };
}

export async function measureLatency(plane: Plane, quick: boolean): Promise<LatencyResult> {
  const count = quick ? 5 : 100;
  const heardAt: number[] = [];
  const playedAt: number[] = [];
  let quiet = true;
  const onSound = (sound: Uint8Array) => {
    const samples = fromBytes(sound);
    if (quiet && loud(samples)) heardAt.push(systemClock.wallMs());
    quiet = !loud(samples);
  };
  const speak = async () => {
    for (let n = 0; n < count; n++) {
      await sleep(systemClock, 500 + ((n * 7) % 20));
      playedAt.push(systemClock.wallMs());
      plane.calls[0]?.play(toBytes(tone(800, 40)));
    }
  };
  const findings = await plane.run({ kind: 'bursts', count }, speak, { onSound });
  return { upMs: spread(delays(findings.saidAt, heardAt)), downMs: spread(delays(playedAt, findings.heardAt)) };
}

/** From each instant to the first of the others after it, within a quarter of a second. */
function delays(from: readonly number[], to: readonly number[]): number[] {
  return from.flatMap((start) => {
    const end = to.find((instant) => instant >= start - 2);
    return end !== undefined && end - start < 250 ? [end - start] : [];
  });
}

export async function measureCpu(plane: Plane, quick: boolean, calls = quick ? 2 : 10): Promise<CpuResult> {
  const ms = quick ? 4000 : 30_000;
  let cores = Number.NaN;
  const talk = async () => {
    for (const call of plane.calls) call.play(toBytes(tone(400, ms)));
    await sleep(systemClock, 500);
    const [before, startedMs] = [process.cpuUsage(), systemClock.now()];
    await sleep(systemClock, ms - 1500);
    const { user, system } = process.cpuUsage(before);
    cores = (user + system) / 1000 / (systemClock.now() - startedMs);
  };
  const { packets, missing } = await plane.run({ kind: 'talk', calls, ms }, talk);
  return { calls, share: cores / calls, packets, missing };
}

export async function measureMemory(plane: Plane, quick: boolean): Promise<MemoryResult> {
  const calls = quick ? 10 : 200;
  const settled = async () => {
    // What belongs to a call may go only when its last timers have rung.
    await sleep(systemClock, quick ? 1000 : 10_000);
    await collectGarbage();
    return process.memoryUsage.rss() / 2 ** 20;
  };
  // The first calls fill what is kept for the next.
  await plane.run({ kind: 'come-and-go', calls: quick ? 3 : 20, talkMs: 0 });
  const before = await settled();
  await plane.run({ kind: 'come-and-go', calls, talkMs: 0 });
  const rssMb = await settled();
  return { calls, moreMb: rssMb - before, rssMb };
}

export async function measureDrift(plane: Plane, quick: boolean): Promise<DriftResult> {
  const ms = quick ? 12_000 : 600_000;
  let samples = 0;
  const late: number[] = [];
  let startedMs = 0;
  const onSound = (sound: Uint8Array) => {
    if (startedMs === 0) startedMs = systemClock.now();
    late.push(systemClock.now() - startedMs - samples / 24);
    samples += sound.length / 2;
  };
  const { driftMs } = await plane.run({ kind: 'listen', ms }, undefined, { onSound });
  const upMs = Math.min(...late.slice(-250)) - Math.min(...late.slice(0, 250));
  return { seconds: ms / 1000, upMs, downMs: driftMs[0] ?? Number.NaN };
}
