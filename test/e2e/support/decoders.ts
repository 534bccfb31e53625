// The recogniser processes of the server that runs in this process, found the way an operator would find them.
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the speech decoders this process has started, oldest first. Linux only, as the decoders are. */
export function decoders(): number[] {
  return readdirSync('/proc')
    .flatMap((name) => (/^\d+$/.test(name) ? (decoder(name) ?? []) : []))
    .sort((a, b) => a.startedAt - b.startedAt)
    .map(({ pid }) => pid);
}

function decoder(pid: string): { pid: number; startedAt: number } | undefined {
  try {
    // The name in brackets may hold anything; what follows is: state, parent, ... and as 20th the time of the start.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[1]) !== process.pid || fields[0] === 'Z') return undefined;
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pocketsphinx-child')) return undefined;
    return { pid: Number(pid), startedAt: Number(fields[19]) };
  } catch {
    // It ended while it was looked at.
    return undefined;
  }
}
