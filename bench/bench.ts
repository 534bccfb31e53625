// `npm run bench`: starts servers, drives them, prints what was measured and keeps it in bench/results/. docs/performance.md explains.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { measureCapacity } from './capacity.ts';
import { type EmbeddedOptions, measureEmbedded } from './embedded.ts';
import { keepRaw, writeTables } from './keep.ts';
import { measureCalls } from './latency.ts';
import { machine } from './machine.ts';
import { measureIdle } from './memory.ts';
import { measureNeighbour } from './neighbour.ts';
import { neighbourReport } from './neighbour-report.ts';
import { type Options, readOptions } from './options.ts';
import { embeddedReport } from './embedded-report.ts';
import { machineLine, report, type Results } from './report.ts';
import { clips } from './speech.ts';

async function run({ only, quick, seconds, embedded, neighbour }: Options): Promise<Results> {
  const results: Results = { machine: await machine() };
  const speech = await clips();
  if (only.has('a') || only.has('c')) {
    results.calls = [];
    for (const sessions of quick ? [1, 50] : [1, 50, 100]) {
      say(`calls: ${sessions} at a time`);
      results.calls.push(await measureCalls(speech, sessions, sessions === 1 && !quick ? 2 : 1));
    }
  }
  if (only.has('b')) {
    say('sessions per core');
    results.capacity = await measureCapacity(speech, quick ? [50, 100] : [50, 100, 125, 150, 175, 200, 250, 300], seconds);
  }
  if (only.has('d')) {
    say('memory of idle sessions');
    results.idle = await measureIdle(quick ? 200 : 500);
  }
  if (only.has('e')) {
    say('embedded engines');
    results.embedded = await measureEmbedded(embedded, say);
  }
  if (only.has('neighbour')) results.neighbour = await measureNeighbour(speech, neighbour, say);
  if (only.has('turns')) {
    say('the judge of turns');
    await measureTurns(embedded);
  }
  return results;
}

/** A program of its own, which prints its own tables. */
async function measureTurns({ speech, quick }: EmbeddedOptions): Promise<void> {
  const root = resolve(import.meta.dirname, '..');
  const data = resolve(root, process.env['PARLEY_DATA_DIR'] ?? '.parley');
  const args = ['--speech', resolve(root, speech), '--data', data, ...(quick ? ['--only', 'speed'] : [])];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'turns.ts'), ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('bench/turns.ts failed.');
}

function say(line: string): void {
  process.stderr.write(`  ${line} ...\n`);
}

const options = readOptions(process.argv.slice(2));
if (options) {
  // The clock's timers keep no process alive.
  const alive = setInterval(() => {}, 60_000);
  try {
    const results = await run(options);
    const { embedded, neighbour, ...scripted } = results;
    const tables = [report(scripted), embeddedReport(embedded ?? []).join('\n\n'), neighbour ? neighbourReport(neighbour) : ''];
    process.stdout.write(`\n${tables.filter((part) => part !== '').join('\n\n')}\n`);
    await keepRaw('', results);
    if (options.write && Object.keys(scripted).length > 1) await writeTables('bench', report(scripted));
    if (options.write && embedded) await writeTables('bench-embedded', `${machineLine(results.machine)}\n\n${tables[1]}`);
    if (options.write && neighbour) {
      const mark = neighbour.engines === 'scripted' ? 'neighbour' : 'neighbour-embedded';
      await writeTables(mark, `${machineLine(results.machine)}\n\n${tables[2]}`);
    }
  } finally {
    clearInterval(alive);
  }
}
