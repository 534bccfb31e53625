// What the server itself says when happened, from the tapes of its sessions (PARLEY_RECORD): when sound was in the ear, when the voice had made
// the first of an answer, and when an answer was cut.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tapeSuffix } from '../src/pipeline/tape/format.ts';
import { readTape } from '../src/pipeline/tape/reader.ts';
import { isRecord } from '../src/protocol/json.ts';

/** Instants are of the clock that all processes of the machine share. */
export interface Taped {
  /** The session's instructions, which are its caller's name. */
  readonly name: string;
  /** When so much of the caller's sound, in milliseconds from the first, was in the ear. */
  readonly heard: { readonly atMs: number; readonly receivedMs: number }[];
  /** When the first sound of each answer came from the voice. */
  readonly voiced: number[];
  /** When it was decided that our own speaker falls silent. */
  readonly cut: number[];
}

/** `clockOffsetMs`: what is to be added to an instant of the server's own clock to have one of the shared one. */
export function readTapes(folder: string, clockOffsetMs: number): Taped[] {
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(tapeSuffix))
    .map((name) => readTape(readFileSync(join(folder, name), 'utf8')));
  return texts.map((text) => {
    const { startUs, birth } = text.header;
    const shared = (us: number) => clockOffsetMs + (startUs + us) / 1000;
    const taped: Taped = { name: birth.config.instructions, heard: [], voiced: [], cut: [] };
    const runs = new Set<unknown>();
    for (const { line } of text.lines()) {
      if ('heard' in line) {
        for (let at = 0; at < line.heard.length; at += 3) {
          taped.heard.push({ atMs: shared(line.heard[at] ?? 0), receivedMs: line.heard[at + 1] ?? 0 });
        }
      } else if ('fact' in line && isRecord(line.fact)) {
        const { kind, run, receivedMs } = line.fact;
        const atMs = shared(line.us);
        if (kind === 'audio.reached') taped.heard.push({ atMs, receivedMs: Number(receivedMs) });
        if (kind === 'run.audio' && !runs.has(run)) {
          runs.add(run);
          taped.voiced.push(atMs);
        }
        if (line.effects?.some((effect) => isRecord(effect) && effect['kind'] === 'speaker.clear')) taped.cut.push(atMs);
      }
    }
    return taped;
  });
}
