// The account of what is used: in the journal at once, in the store once, whatever fails in between and however often it is tried.
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { Database } from '../../src/store/database.ts';
import { usualBounds } from '../../src/store/embedded.ts';
import { type StoredUsage, StoreError } from '../../src/store/store.ts';
import { type UsageEntry, UsageSums, written } from '../../src/usage/entry.ts';
import { Journal } from '../../src/usage/journal.ts';
import { Ledger } from '../../src/usage/ledger.ts';
import { Chance } from '../session/chance.ts';
import { readableLog } from '../store/rig.ts';

const day = '2023-11-14';
const days = { from: '2000-01-01', to: '2100-01-01' };
const page = { limit: 100_000, offset: 0, order: 'asc' } as const;

function entry(clock: ManualClock, more: Partial<UsageEntry> = {}): UsageEntry {
  const none = { requests: 1, inputTokens: 10, outputTokens: 5, cachedTokens: 2, seconds: 0, characters: 0 };
  return { atMs: clock.wallMs(), key: 'key_1', session: 'sess_1', stage: 'llm', model: 'openai/gpt', ...none, ...more };
}

/** The rows of a real file behind a plug that fails when it is told to: before the store has worked, or after, when nobody hears of it. */
function rig(epochMs?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-usage-'));
  const database = new Database(join(folder, 'parley.db'), usualBounds);
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const place = join(folder, 'usage');
  const clock = new ManualClock(epochMs);
  const { log, lines } = readableLog();
  let fails: (() => 'before' | 'after' | undefined) | undefined;
  const busy = () => new StoreError('busy', 'It is locked.');
  const store = {
    async addUsage(batch: string, rows: readonly StoredUsage[], nowMs: number) {
      const when = fails?.();
      if (when === 'before') throw busy();
      database.addUsage(batch, rows, nowMs);
      if (when === 'after') throw busy();
    },
    foldUsage: async (before: string, most: number, addedMs: number) => database.foldUsage(before, most, addedMs),
  };
  return {
    place,
    clock,
    lines,
    database,
    fail(how: typeof fails) {
      fails = how;
    },
    open: () => new Ledger({ store, journal: new Journal(place), clock, log, sessionDays: 90 }),
    files: () => (existsSync(place) ? readdirSync(place) : []),
    sums: (...by: ('day' | 'keyId' | 'session' | 'stage' | 'model')[]) => database.sumUsage(days, by, [], page),
  };
}

test('an entry is in the journal when note returns, and two seconds later in the store and in the journal no more', async () => {
  const { open, clock, files, place, sums } = rig();
  const ledger = open();
  ledger.note(entry(clock));
  ledger.note(entry(clock, { session: 'sess_2', inputTokens: 7 }));
  expect(files()).toHaveLength(1);
  expect(readFileSync(join(place, files()[0] as string), 'utf8').split('\n')).toHaveLength(3);
  expect(sums()[0]).toMatchObject({ requests: 0 });
  clock.advance(2000);
  await ledger.flush();
  expect(files()).toEqual([]);
  expect(sums('day', 'session')).toMatchObject([
    { by: { day, session: 'sess_1' }, requests: 1, inputTokens: 10, outputTokens: 5, cachedTokens: 2 },
    { by: { day, session: 'sess_2' }, requests: 1, inputTokens: 7 },
  ]);
});

test('what a process leaves behind is taken in at the next start, without the line that it did not finish', async () => {
  const { open, clock, files, place, sums, lines } = rig();
  const dead = open();
  dead.note(entry(clock));
  dead.note(entry(clock));
  appendFileSync(join(place, files()[0] as string), '[1700000000000,"key_1","se');
  await open().start();
  expect(sums()[0]).toMatchObject({ requests: 2, inputTokens: 20 });
  expect(files()).toEqual([]);
  expect(lines).toEqual(['usage that a server left behind was taken in']);
});

test('what another machine writes is left alone until it has been quiet for half a minute', async () => {
  const { open, clock, place, sums, files } = rig();
  mkdirSync(place);
  const theirs = join(place, 'elsewhere,1,abc,0.jsonl');
  writeFileSync(theirs, written(entry(clock)));
  const touched = (agoMs: number) => utimesSync(theirs, new Date(clock.wallMs() - agoMs), new Date(clock.wallMs() - agoMs));
  touched(29_000);
  const ledger = open();
  await ledger.start();
  expect(sums()[0]).toMatchObject({ requests: 0 });
  touched(31_000);
  await ledger.start();
  expect(sums()[0]).toMatchObject({ requests: 1 });
  expect(files()).toEqual([]);
});

for (let seed = 1; seed <= 20; seed++) {
  test(`each entry is counted once, however often the store fails before or after it has worked and processes die (seed ${seed})`, async () => {
    const { open, clock, fail, sums, files } = rig(Date.parse('2026-11-29T23:50:00Z'));
    const chance = new Chance(seed);
    fail(() => chance.pick([undefined, undefined, 'before', 'after']));
    let ledger = open();
    const expected = new UsageSums(100_000);
    for (let step = 0; step < 200; step++) {
      const what = chance.int(0, 9);
      if (what < 6) {
        const noted = entry(clock, {
          stage: 'stt',
          session: `sess_${chance.int(0, 3)}`,
          inputTokens: chance.int(0, 99),
          seconds: chance.int(0, 7) / 4,
        });
        ledger.note(noted);
        expected.add(noted);
      } else if (what < 8) await ledger.flush().catch(() => {});
      else if (what === 8) clock.advance(chance.int(0, 400_000));
      else {
        // It dies: what it had in memory is lost, and what it had in the store's queue may arrive all the same.
        const dying = ledger.flush().catch(() => {});
        ledger = open();
        if (chance.int(0, 1) === 0) await dying;
        await ledger.start();
        await dying;
      }
    }
    fail(undefined);
    await ledger.flush();
    await open().start();
    const told = expected.rows.map((row) => ({
      by: { day: row.day, session: row.session },
      requests: row.requests,
      inputTokens: row.inputTokens,
    }));
    const order = ({ by }: { by: object }) => JSON.stringify(by);
    expect(sums('day', 'session')).toMatchObject(told.sort((one, other) => (order(one) < order(other) ? -1 : 1)));
    expect(sums()[0]?.heardSeconds).toBe(expected.rows.reduce((sum, { seconds }) => sum + seconds, 0));
    expect(files()).toEqual([]);
  });
}

test('a store that is locked is told of once, keeps the journal, and takes everything in when it is free', async () => {
  const { open, clock, fail, sums, files, lines } = rig();
  const ledger = open();
  fail(() => 'before');
  for (let tries = 0; tries < 5; tries++) {
    ledger.note(entry(clock));
    await expect(ledger.flush()).rejects.toThrow(StoreError);
  }
  expect(lines).toEqual(['usage cannot be kept as it should; it is tried again']);
  expect(files()).toHaveLength(5);
  fail(undefined);
  await ledger.flush();
  expect(sums()[0]).toMatchObject({ requests: 5, inputTokens: 50 });
  expect(files()).toEqual([]);
});

test('where the journal cannot be written nothing fails but the journal: the store has the entries', async () => {
  const { open, clock, place, sums, lines } = rig();
  // A file is where the folder should be.
  writeFileSync(place, '');
  const ledger = open();
  ledger.note(entry(clock));
  ledger.note(entry(clock));
  await ledger.flush();
  expect(sums()[0]).toMatchObject({ requests: 2 });
  expect(lines[0]).toBe('usage cannot be kept as it should; it is tried again');
  expect(lines.length).toBeLessThanOrEqual(2);
});

test('sessions are told apart for as many days as the operator says, and then summed by day, key, stage and model', async () => {
  const { open, clock, sums } = rig();
  const ledger = open();
  for (const session of ['sess_1', 'sess_2', 'sess_3']) ledger.note(entry(clock, { session }));
  await ledger.flush();
  clock.advance(90 * 86_400_000);
  ledger.note(entry(clock));
  await ledger.flush();
  await ledger.start();
  expect(sums('day', 'session')).toHaveLength(4);
  clock.advance(86_400_000);
  await ledger.start();
  const folded = sums('day', 'session');
  expect(folded.map(({ by, requests }) => [by.day, by.session, requests])).toEqual([
    [day, '', 3],
    ['2024-02-12', 'sess_1', 1],
  ]);
});

test('with too many rows of sessions the oldest day is folded before its time', () => {
  const { database, clock, sums } = rig();
  const sumsOf = new UsageSums(100);
  for (let at = 0; at < 10; at++) sumsOf.add(entry(clock, { session: `sess_${at}`, atMs: clock.wallMs() + (at % 2) * 86_400_000 }));
  database.addUsage('batch', sumsOf.rows, clock.wallMs());
  expect(database.foldUsage('2000-01-01', 10, 0)).toBe(false);
  expect(database.foldUsage('2000-01-01', 9, 0)).toBe(true);
  expect(database.foldUsage('2000-01-01', 9, 0)).toBe(false);
  expect(sums('day').map(({ requests }) => requests)).toEqual([5, 5]);
  expect(sums('day', 'session')).toHaveLength(6);
});

test('sessions beyond what a batch may have are summed together, and no number is lost', () => {
  const clock = new ManualClock();
  const sums = new UsageSums(10);
  for (let at = 0; at < 1000; at++) sums.add(entry(clock, { session: `sess_${at}` }));
  expect(sums.size).toBe(11);
  expect(sums.rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(1000);
});
