// The last step of `npm test`: whatever the servers of the tests have sent is decoded with the SDKs of other languages. Exits with 1 when
// one of them cannot decode an event; a language that is not to be had on this machine is named, and is no failure.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decoders } from './decoders.ts';
import { judge, told } from './judge.ts';
import { unneeded } from './known-faults.ts';
import { readRecorded } from './recorded.ts';

const recorded = readRecorded();
const folder = mkdtempSync(join(tmpdir(), 'parley-decoders-'));
const tried: string[] = [];
const met = new Set<string>();
const leftOut: string[] = [];

console.log(`Decoding the ${recorded.length} different events that the tests have recorded ...`);
try {
  const verdicts = await Promise.all(decoders.map(async (decoder) => ({ decoder, verdict: await judge(decoder, recorded, folder) })));
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
