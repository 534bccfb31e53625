// (e) how many people one core hears at once, and what a client who floods the server does to the others.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { concat } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { framesOf, Hearing } from './hearing.ts';
import { machineSeconds } from './machine.ts';
import { NOISE_RATE_HZ } from './noise.ts';
import type { ServerProcess } from './server.ts';
import type { Recording } from './speech.ts';
import { type Spread, spread } from './statistics.ts';

export interface CrowdStep {
  readonly speakers: number;
  /** End of turn to words. */
  readonly delayMs: Spread;
  readonly failures: number;
  /** Of the machine's cores, all programs. */
  readonly busyCores: number;
}

export interface CrowdResult {
  readonly steps: readonly CrowdStep[];
  /** The most speakers whose words came in time. */
  readonly inTime: number;
}

export interface FloodResult {
  readonly alone: Spread;
  readonly beside: Spread;
}

const limitMs = 600;
const firstStep = 8;
const mostSpeakers = 24;
const pauseSeconds = 1.5;
/** Who floods: sessions of one key that never pause for breath, sending faster than anybody speaks. */
const floodSessions = 12;
const floodPace = 4;

/** Until words come late, or down until they do not. */
export async function measureCrowd(server: ServerProcess, people: readonly Recording[], seconds: number): Promise<CrowdResult> {
  const steps: CrowdStep[] = [];
  const inTime = ({ delayMs, failures }: CrowdStep) => delayMs.p95 <= limitMs && failures === 0;
  let speakers = firstStep;
  for (;;) {
    const step = await measureStep(server, people, speakers, seconds);
    steps.push(step);
    const up = inTime(step);
    speakers += up ? 4 : -2;
    if (speakers < 1 || speakers > mostSpeakers || steps.some((other) => other.speakers === speakers)) break;
    // Whoever was in time once and came back from above is done.
    if (!up && steps.some((other) => inTime(other) && other.speakers >= speakers)) break;
    if (up && steps.some((other) => !inTime(other) && other.speakers <= speakers)) break;
  }
  return { steps, inTime: Math.max(0, ...steps.filter(inTime).map((step) => step.speakers)) };
}

async function measureStep(server: ServerProcess, people: readonly Recording[], speakers: number, seconds: number): Promise<CrowdStep> {
  const [startMs, { busy }] = [systemClock.now(), machineSeconds()];
  const heard = await Promise.all(Array.from({ length: speakers }, (_, number) => talk(server, server.key, people, { number, seconds })));
  const busyCores = (machineSeconds().busy - busy) / ((systemClock.now() - startMs) / 1000);
  return {
    speakers,
    delayMs: spread(heard.flatMap(({ delaysMs }) => delaysMs)),
    failures: heard.reduce((sum, { failures }) => sum + failures, 0),
    busyCores,
  };
}

export async function measureFlood(server: ServerProcess, people: readonly Recording[], seconds: number): Promise<FloodResult> {
  const alone = await talk(server, server.key, people, { number: 0, seconds });
  const flood = Array.from({ length: floodSessions }, (_, number) =>
    talk(server, server.otherKey, people, { number, seconds: seconds + 4, pace: floodPace }),
  );
  await sleep(systemClock, 2000);
  const beside = await talk(server, server.key, people, { number: 0, seconds });
  await Promise.all(flood);
  return { alone: spread(alone.delaysMs), beside: spread(beside.delaysMs) };
}

/** Somebody who says one recording after the other, for so long. */
async function talk(
  server: ServerProcess,
  key: string,
  people: readonly Recording[],
  { number, seconds, pace = 1 }: { number: number; seconds: number; pace?: number },
): Promise<{ delaysMs: number[]; failures: number }> {
  // Nobody begins when another does.
  await sleep(systemClock, (number * 370) % 3000);
  const hearing = await Hearing.open(server, { key });
  const untilMs = systemClock.now() + seconds * 1000;
  for (let turn = number; systemClock.now() < untilMs; turn++) {
    await hearing.send(framesFor(people[turn % people.length] as Recording), pace);
  }
  return hearing.finish();
}

const prepared = new WeakMap<Recording, Buffer[]>();

/** A recording with a pause behind it. Made once: the load generator has better things to do. */
function framesFor(recording: Recording): Buffer[] {
  const samples = () => resample(recording.pcm, NOISE_RATE_HZ).samples;
  const frames = prepared.get(recording) ?? framesOf(concat([samples(), new Int16Array(pauseSeconds * NOISE_RATE_HZ)]), 'pcm');
  prepared.set(recording, frames);
  return frames;
}
