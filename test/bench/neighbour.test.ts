// What is said of the neighbour of a hostile key: what is too late, too large or failed is named, and nothing that was not measured passes.
import { describe, expect, test } from 'vitest';
import { type Beside, failures, type NeighbourResult, neighbourReport, passed, times } from '../../bench/neighbour-report.ts';
import { spread } from '../../bench/statistics.ts';

const beside = (names: string[], added: number[], more: Partial<Beside> = {}): Beside => ({
  names,
  sessions: 6,
  added: spread(added),
  gaps: spread([]),
  bargeIns: spread([]),
  unanswered: 0,
  missedBargeIns: 0,
  starved: 0,
  faults: [],
  lagP99Ms: 1,
  newcomers: { waitsMs: [3], refused: [] },
  mostBytes: 300e6,
  died: false,
  attacker: { sent: 1000, bytes: 2e6, refusals: {} },
  ...more,
});
const quiet = beside([], [10, 12, 20]);
const of = (...others: Beside[]): NeighbourResult => ({ engines: 'scripted', conversations: 6, seconds: 30, quiet, beside: others });

describe('beside an attack', () => {
  test('a p95 up to one and a half times the quiet one is within the limit, and not a millisecond more', () => {
    const [still, over] = [beside(['events'], [10, 30]), beside(['events'], [10, 31])];
    expect(times(quiet, still)).toBe(1.5);
    expect(passed(of(still), still)).toEqual([]);
    expect(passed(of(over), over)).toEqual(['latency']);
  });

  test('a neighbour of whom nothing was measured is not within the limit', () => {
    const nothing = beside(['items'], []);
    expect(passed(of(nothing), nothing)).toEqual(['latency']);
    const never = beside(['items'], [1e6]);
    expect(passed({ ...of(never), quiet: beside([], [1e6]) }, never)).toEqual(['latency']);
  });

  test('memory over the bound, turns without an answer and newcomers at a shut door are told', () => {
    const large = beside(['items'], [10], { mostBytes: 1001e6 });
    expect(passed(of(large), large)).toEqual(['memory']);
    const unlucky = beside(['sessions'], [10], { unanswered: 2, newcomers: { waitsMs: [], refused: ['503', '503'] } });
    expect(failures(unlucky)).toEqual(['2 unanswered', '2 newcomers: 503']);
    expect(passed(of(unlucky), unlucky)).toEqual(['failures']);
    expect(failures(beside(['items'], [], { died: true }))).toEqual(['the server ended']);
  });

  test('the table names each attack, what the attacker met, and who passed the limits', () => {
    const refusals = { '429': 7, rate_limit_exceeded: 90, '503': 1, 'closed 1013': 2 };
    const good = beside(['mints'], [10, 15], { attacker: { sent: 100, bytes: 5e6, refusals } });
    const bad = beside(['events', 'mints'], [10, 1e6]);
    const text = neighbourReport(of(good, bad));
    expect(text).toMatch(/\| nobody +\| 12 +\| 20 +\| 1\.0 /);
    expect(text).toMatch(/\| mints +\| 10 +\| 15 +\| 0\.8 .*90 × rate_limit_exceeded, 7 × 429, 2 × closed 1013, … .*300 MB/);
    expect(text).toMatch(/\| all at once +\| 10 +\| never /);
    expect(text).toContain('Passed beside all at once (latency).');
    expect(neighbourReport(of(good))).toContain('All are kept.');
  });
});
