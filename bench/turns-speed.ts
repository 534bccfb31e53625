// What judging costs: processor time for one judgement, whether ten a second are answered in time, and memory.
import type { TurnDetector } from '../src/engines/engine.ts';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { percentile } from './statistics.ts';

const rateHz = 16_000;
const { signal } = new AbortController();

/** `make` gives a judge that has not been warmed up yet, on the machine's own clock. */
export async function measureSpeed(make: () => TurnDetector, print: (line: string) => void): Promise<void> {
  const before = process.memoryUsage().rss;
  const judge = make();
  const startMs = systemClock.now();
  await judge.warmUp(signal);
  print(`\nready in ${Math.round(systemClock.now() - startMs)} ms`);
  const sound = Int16Array.from({ length: 8 * rateHz }, (_, n) => 4000 * Math.sin(n / (20 + (n % 4000) / 400)));
  for (const seconds of [1, 2, 8]) {
    const audio = sound.slice(0, seconds * rateHz);
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const used = process.cpuUsage();
      await judge.score({ transcript: 'call me a taxi', silenceMs: 200, audio }, signal);
      const { user, system } = process.cpuUsage(used);
      times.push((user + system) / 1000);
    }
    print(`${seconds} s of sound: ${Math.round(percentile(times, 0.5))} ms of CPU a judgement, p95 ${Math.round(percentile(times, 0.95))}`);
  }
  const answers: Promise<{ ms: number; heard: boolean }>[] = [];
  const perSecond = 10;
  for (let asked = 0; asked < 20 * perSecond; asked++) {
    const askedMs = systemClock.now();
    const answer = judge.score({ transcript: 'call me a taxi', silenceMs: 200, audio: sound }, signal);
    answers.push(answer.then(({ basis }) => ({ ms: systemClock.now() - askedMs, heard: basis === 'sound' })));
    await sleep(systemClock, 1000 / perSecond);
  }
  const answered = await Promise.all(answers);
  const ms = answered.map((answer) => answer.ms);
  const late = answered.filter(({ heard }) => !heard).length;
  print(
    `${perSecond} a second for 20 s: p50 ${Math.round(percentile(ms, 0.5))} ms, p95 ${Math.round(percentile(ms, 0.95))}; ${late} of ${answers.length} by words alone`,
  );
  print(`memory: ${Math.round((process.memoryUsage().rss - before) / 1e6)} MB`);
  await judge.close();
}
