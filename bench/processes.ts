// What a process and all its children take, as the system tells it; NaN where it does not.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cpuSecondsOf } from './server.ts';

export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  try {
    for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name));
  } catch {
    return [pid];
  }
  const family = new Set([pid]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const [child, parent] of parents) if (family.has(parent)) family.add(child);
  }
  return [...family];
}

export function residentBytes(pid: number): number {
  const sizes = familyOf(pid).map((each) => /^VmRSS:\s+(\d+) kB/m.exec(read(String(each), 'status'))?.[1]);
  return sizes.reduce((sum, size) => sum + (size === undefined ? 0 : Number(size) * 1024), 0) || Number.NaN;
}

export function familyCpuSeconds(pid: number): number {
  return familyOf(pid).reduce((sum, each) => sum + (cpuSecondsOf(each) || 0), 0);
}

/** Sockets that a process has open. */
export function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).filter((name) => isSocket(`${folder}/${name}`)).length;
  } catch {
    return Number.NaN;
  }
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // It was closed meanwhile.
    return false;
  }
}

function parentOf(pid: string): number {
  const stat = read(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/** Empty when the process has gone. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
