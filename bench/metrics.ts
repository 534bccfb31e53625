// What metrics cost: `node bench/metrics.ts`. An observation, a count, what a session tells of a frame of sound, and a scrape.
import { type MetricName, type Reading, reading, table } from '../src/metrics/meters.ts';
import { prometheusMeters } from '../src/metrics/prometheus.ts';
import { Timeline } from '../src/pipeline/timeline.ts';

const rounds = 300_000;

function perCall(work: (round: number) => void): string {
  for (let round = 0; round < rounds / 10; round++) work(round);
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round++) work(round);
  return `${(((performance.now() - startedAt) / rounds) * 1000).toFixed(2)} µs`;
}

const meters = prometheusMeters();
const timeline = new Timeline(meters);
const labels = { engine: 'moonshine', reason: 'timeout' };
console.log(`a count without labels   ${perCall(() => meters.add('parley_turns_total', 1))}`);
console.log(`a count with two labels  ${perCall(() => meters.add('parley_engine_errors_total', 1, labels))}`);
console.log(`an observation           ${perCall((round) => meters.observe('parley_answer_seconds', (round % 100) / 50))}`);
const frame = (round: number) => timeline.hear({ kind: 'audio.reached', receivedMs: round * 20, decidedMs: 0 }, round * 20);
let frames = 0;
console.log(`a frame of sound         ${perCall(() => frame(++frames))}`);

// As many series as a server with a dozen engines has.
for (const name of Object.keys(table) as MetricName[]) {
  if (name === 'parley_engine_wait_seconds')
    for (let engine = 0; engine < 12; engine++) meters.observe(name, 0.1, { engine: `engine-${engine}` });
}
const engines = Array.from({ length: 12 }, (_, index) => ({ engine: `engine-${index}`, kind: 'stt' }));
const readings: Reading[] = engines.flatMap((engine) => [
  reading('parley_engine_up', 1, engine),
  reading('parley_engine_waiting', 0, engine),
  reading('parley_engine_losses_total', 0, engine),
]);
const scrapes: number[] = [];
let bytes = 0;
for (let round = 0; round < 200; round++) {
  const startedAt = performance.now();
  bytes = (await meters.text(readings)).length;
  scrapes.push(performance.now() - startedAt);
}
scrapes.sort((a, b) => a - b);
console.log(`a scrape                 ${scrapes[100]?.toFixed(2)} ms (p95 ${scrapes[190]?.toFixed(2)} ms), ${Math.round(bytes / 1000)} kB`);
