// The table of what the adapters add, as Markdown.
import type { SessionsResult } from './adapters-sessions.ts';
import type { Adapter } from './adapters-turns.ts';
import type { Machine } from './machine.ts';
import { machineLine } from './report.ts';
import { table } from './table.ts';

/** Added to a turn, p95, with the most sessions at once. */
const LIMIT_MS = 5;

export interface AdapterResult {
  readonly kind: Adapter['kind'];
  readonly name: string;
  readonly isLocal: boolean;
  readonly runs: readonly SessionsResult[];
}

export interface AdaptersResults {
  machine: Machine;
  adapters: AdapterResult[];
}

const kinds = { ears: 'recognition', voices: 'voice', chat: 'language', nothing: '' } as const;

export function adaptersReport({ machine, adapters }: AdaptersResults): string {
  const counts = adapters[0]?.runs.map(({ sessions }) => sessions) ?? [];
  const head = [
    '',
    'adapter',
    ...counts.flatMap((count) => [`${count} at once, p50 / p95`, 'turns', 'with a handshake', 'begun late, p95']),
  ];
  const rows = adapters.map(({ kind, name, isLocal, runs }) => [
    kinds[kind],
    isLocal ? `${name} (of this machine)` : name,
    ...runs.flatMap(({ addedMs, handshakes, lateMs }) => [
      `${ms(addedMs.p50)} / ${ms(addedMs.p95)}`,
      addedMs.count,
      handshakes,
      ms(lateMs.p95),
    ]),
  ]);
  return [
    machineLine(machine),
    table(head, rows),
    `Limit: ${LIMIT_MS} ms at p95, and no turn with a handshake but with servers of this machine.`,
  ].join('\n\n');
}

/** Whether no adapter adds more, nor waits for a handshake that takes time. */
export function keepsAll({ adapters }: AdaptersResults): boolean {
  return adapters
    .filter(({ kind }) => kind !== 'nothing')
    .every(({ isLocal, runs }) => runs.every(({ addedMs, handshakes }) => addedMs.p95 <= LIMIT_MS && (isLocal || handshakes === 0)));
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
