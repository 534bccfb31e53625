// The last step of `npm test`: whatever the servers of the tests have sent is decoded with the SDKs of other languages. Exits with 1 when
// one of them cannot decode an event; a language that is not to be had on this machine is named, and is no failure. With --when-told it makes
// the decoders ready beside the tests, and decodes once it reads a line; it does not when its input ends without one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Decoder } from './decoder.ts';
import { decoders } from './decoders.ts';
import { judge, told } from './judge.ts';
import { unneeded } from './known-faults.ts';
import { readRecorded } from './recorded.ts';

const ready = decoders.map(startPreparing);
if (process.argv.includes('--when-told') && !(await isTold())) {
  // What is being installed and built is of use to the next run, and goes on in nobody's charge otherwise.
  await Promise.allSettled(ready.map((decoder) => decoder.prepare()));
  process.exit();
}

const recorded = readRecorded();
const folder = mkdtempSync(join(tmpdir(), 'parley-decoders-'));
const tried: string[] = [];
const met = new Set<string>();
const leftOut: string[] = [];

console.log(`Decoding the ${recorded.length} different events that the tests have recorded ...`);
try {
  const verdicts = await Promise.all(ready.map(async (decoder) => ({ decoder, verdict: await judge(decoder, recorded, folder) })));
  for (const { decoder, verdict } of verdicts) {
    if (typeof verdict === 'string') {
      leftOut.push(`${decoder.language} (${decoder.sdk}) is left out: ${verdict}`);
      continue;
    }
    tried.push(decoder.language);
    for (const why of verdict.excused.keys()) met.add(why);
    for (const line of told(decoder, verdict)) console.log(line);
    if (verdict.faults.length > 0) process.exitCode = 1;
  }
  for (const why of unneeded(tried, met)) console.log(`Nothing needed this entry of known-faults.ts: ${why}`);
  for (const line of leftOut) console.log(line);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The same decoder, with its preparation under way. */
function startPreparing(decoder: Decoder): Decoder {
  const prepared = decoder.prepare();
  // Whoever judges hears of its failure.
  prepared.catch(() => {});
  return { ...decoder, prepare: () => prepared };
}

/** Resolves with whether there was a line before the end of the input. */
function isTold(): Promise<boolean> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', () => {
      resolve(true);
      lines.close();
    });
    lines.once('close', () => resolve(false));
  });
}
