// What the neighbour's benchmark found, as the table people read, and whether it is within the limits.
import type { CallResult } from './latency.ts';
import { table, title } from './table.ts';
import { percentile } from './statistics.ts';

/** Of the neighbour's p95 beside an attack against its quiet one. */
export const MOST_TIMES = 1.5;
/** Of the server with all its threads and children, by its engines. */
export const MOST_MEMORY_MB = { scripted: 1000, embedded: 1600 } as const;

/** Longer than any answer is waited for. */
const NEVER_MS = 1e5;

export interface Newcomers {
  /** From knocking to `session.created`. */
  readonly waitsMs: readonly number[];
  readonly refused: readonly string[];
}

export interface Beside extends Omit<CallResult, 'cpuSecondsPerSessionMinute' | 'memoryPerSessionBytes' | 'othersCores'> {
  readonly names: readonly string[];
  readonly newcomers: Newcomers;
  readonly mostBytes: number;
  /** The server is no more. */
  readonly died: boolean;
  readonly attacker: { readonly sent: number; readonly bytes: number; readonly refusals: Readonly<Record<string, number>> };
}

export interface NeighbourResult {
  readonly engines: 'scripted' | 'embedded';
  readonly conversations: number;
  readonly seconds: number;
  readonly quiet: Beside;
  readonly beside: readonly Beside[];
}

/** How often the quiet p95 goes into the one beside the attack. */
export function times(quiet: Beside, beside: Beside): number {
  return beside.added.p95 / quiet.added.p95;
}

/** What of the neighbour's went wrong; empty when nothing did. */
export function failures({ died, unanswered, faults, starved, newcomers }: Beside): string[] {
  return [
    ...(died ? ['the server ended'] : []),
    ...(unanswered > 0 ? [`${unanswered} unanswered`] : []),
    ...(starved > 0 ? [`${starved} starved`] : []),
    ...(newcomers.refused.length > 0 ? [`${newcomers.refused.length} newcomers: ${[...new Set(newcomers.refused)].join(', ')}`] : []),
    ...faults.map((fault) => fault.slice(0, 60).replaceAll('|', ' ')),
  ];
}

/** Which limits an attack passes; empty when it keeps within all of them. */
export function passed({ engines, quiet }: NeighbourResult, beside: Beside): string[] {
  return [
    // Not "greater": what was not measured is not within.
    ...(times(quiet, beside) <= MOST_TIMES && beside.added.p95 < NEVER_MS ? [] : ['latency']),
    ...(beside.mostBytes / 1e6 <= MOST_MEMORY_MB[engines] ? [] : ['memory']),
    ...(failures(beside).length > 0 ? ['failures'] : []),
  ];
}

export function neighbourReport(result: NeighbourResult): string {
  const { engines, conversations, quiet, beside } = result;
  const measure = engines === 'scripted' ? 'added' : 'response';
  const bad = beside.filter((each) => passed(result, each).length > 0);
  return [
    title(`(neighbour) ${conversations} conversations beside one hostile key, ${engines} engines; ms`),
    table(
      [
        'beside',
        `${measure} p50`,
        'p95',
        'times',
        'turns',
        'neighbour failed',
        'newcomer p95',
        'attacker sent',
        'refusals met',
        'most memory',
        'load late p99',
      ],
      [quiet, ...beside].map((each) => [
        nameOf(each),
        ms(each.added.p50),
        ms(each.added.p95),
        ms(each.added.p95) === 'never' ? '-' : times(quiet, each).toFixed(1),
        each.added.count,
        failures(each).join('; ') || '-',
        ms(percentile(each.newcomers.waitsMs, 0.95)),
        each.attacker.sent === 0 ? '-' : `${each.attacker.sent} (${(each.attacker.bytes / 1e6).toFixed(0)} MB)`,
        refusals(each),
        `${(each.mostBytes / 1e6).toFixed(0)} MB`,
        ms(each.lagP99Ms),
      ]),
    ),
    `Limits: p95 ${MOST_TIMES} times the quiet one, ${MOST_MEMORY_MB[engines]} MB of resident memory, nothing of the neighbour's fails. ` +
      (bad.length === 0
        ? 'All are kept.'
        : `Passed beside ${bad.map((each) => `${nameOf(each)} (${passed(result, each).join(', ')})`).join(', ')}.`),
  ].join('\n\n');
}

function nameOf({ names }: Beside): string {
  return names.length === 0 ? 'nobody' : names.length === 1 ? (names[0] ?? '') : 'all at once';
}

/** The most frequent ones. */
function refusals({ attacker }: Beside): string {
  const sorted = Object.entries(attacker.refusals).sort(([, a], [, b]) => b - a);
  const told = sorted.slice(0, 3).map(([why, count]) => `${count} × ${why}`);
  return [...told, ...(sorted.length > 3 ? ['…'] : [])].join(', ') || '-';
}

function ms(value: number): string {
  if (Number.isNaN(value)) return '-';
  return value >= NEVER_MS ? 'never' : value.toFixed(0);
}
