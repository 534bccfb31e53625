// Gives a decoder the recorded events and judges what it says of them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Decoder } from './decoder.ts';
import { excuse } from './known-faults.ts';
import type { Recorded, Spoken } from './recorded.ts';

export interface Verdict {
  /** How many events it decodes of those that it must. */
  decoded: number;
  wanted: number;
  /** How many it need not, by the reason. */
  readonly excused: Map<string, number>;
  /** A sentence for each that it should have decoded. */
  readonly faults: string[];
}

/** An event that nobody can decode: a decoder that can has not looked. */
const broken = { type: 'response.done', event_id: 'event_0', response: 5 };

/** Its verdict on all events, or why the decoder is left out. Files are made in `folder`. */
export async function judge(decoder: Decoder, recorded: readonly Recorded[], folder: string): Promise<Verdict | string> {
  const verdict: Verdict = { decoded: 0, wanted: 0, excused: new Map(), faults: [] };
  try {
    const why = await decoder.prepare();
    if (why !== undefined) return why;
    for (const dialect of decoder.dialects) {
      const events = recorded.filter((each) => each.dialect === dialect);
      if (events.length === 0) verdict.faults.push(`there is no event of ${dialect} to decode`);
      else await judgeDialect(decoder, dialect, events, verdict, folder);
    }
  } catch (error) {
    verdict.faults.push(String(error));
  }
  return verdict;
}

async function judgeDialect(
  decoder: Decoder,
  dialect: Spoken['dialect'],
  events: readonly Recorded[],
  verdict: Verdict,
  folder: string,
): Promise<void> {
  const file = join(folder, `${decoder.language}-${dialect}.jsonl`);
  writeFileSync(file, [...events.map(({ event }) => event), broken].map((event) => `${JSON.stringify(event)}\n`).join(''));
  const refused = new Map<number, string>();
  for (const { line, reason } of await decoder.decode(dialect, file)) refused.set(line, reason);
  if (!refused.delete(events.length + 1)) verdict.faults.push(`${JSON.stringify(broken)} is decoded, which is no event (${dialect})`);
  verdict.decoded += events.length - refused.size;
  verdict.wanted += events.length;
  for (const [line, reason] of refused) {
    const recorded = events[line - 1];
    if (!recorded) throw new Error(`the decoder speaks of line ${line}, which there is not: ${reason}`);
    const why = excuse(decoder.language, recorded, reason);
    if (why !== undefined) {
      verdict.wanted -= 1;
      verdict.excused.set(why, (verdict.excused.get(why) ?? 0) + 1);
    } else verdict.faults.push(`${recorded.event.type} (${dialect}, ${recorded.api}): ${reason}\n    ${JSON.stringify(recorded.event)}`);
  }
}

/** The verdict in lines. */
export function told({ language, sdk }: Decoder, { decoded, wanted, excused, faults }: Verdict): string[] {
  return [
    `${language} (${sdk}): ${decoded} of ${wanted} events decode`,
    ...[...excused].map(([why, count]) => `  ${count} more need not: ${why}`),
    ...faults.map((fault) => `  FAULT: ${fault}`),
  ];
}
