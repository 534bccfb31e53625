// What keys have called, on the clock: calls that end because the seconds of the day are used up, and counts that outlive the process.
import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { type KeyUse, type OutboundBook, OutboundLedger } from '../../src/telephony/outbound-ledger.ts';
import type { OutboundRules } from '../../src/telephony/outbound-policy.ts';
import { settle } from './phone-rig.ts';

const number = '+15552345678';
const hourMs = 3_600_000;

let clock: ManualClock;
/** What is kept, and whether anything can be written. */
let kept: KeyUse[];
let isBroken: boolean;

const book: OutboundBook = {
  outboundUse: (fromHour) => (isBroken ? Promise.reject(new Error('busy')) : Promise.resolve(kept.filter(({ hour }) => hour >= fromHour))),
  addOutboundUse(use) {
    if (isBroken) return Promise.reject(new Error('busy'));
    kept.push(use);
    return Promise.resolve();
  },
};

beforeEach(() => {
  clock = new ManualClock();
  kept = [];
  isBroken = false;
});

const rules = (limits: Partial<OutboundRules['limits']>): OutboundRules => ({
  prefixes: ['+1'],
  domains: [],
  limits: { callsAtOnce: 9, callsPerMinute: 99, callsPerDay: 99, secondsPerDay: 100, ...limits },
});

async function open(limits: Partial<OutboundRules['limits']> = {}): Promise<OutboundLedger> {
  const ledger = new OutboundLedger({ rules: rules(limits), clock, book, log: silentLog });
  await ledger.read();
  return ledger;
}

/** A call of that key, and when it was warned and ended, in seconds. */
function call(ledger: OutboundLedger, key = 'key-1') {
  const placed = ledger.place(key, number);
  if ('allowed' in placed) throw new Error(placed.reason);
  const seen = { warned: [] as number[], ended: [] as number[] };
  const hangUp = () => ledger.ended(placed.placement);
  ledger.watch(placed.placement, {
    warn: () => seen.warned.push(clock.now() / 1000),
    end() {
      seen.ended.push(clock.now() / 1000);
      hangUp();
    },
  });
  return { seen, hangUp };
}

const sum = (what: 'calls' | 'ms', key = 'key-1') => kept.filter(({ keyId }) => keyId === key).reduce((all, use) => all + use[what], 0);

test('a call is warned ten seconds before the seconds of its key are used up, and ended when they are', async () => {
  const { seen } = call(await open());
  clock.advance(89_999);
  expect(seen).toEqual({ warned: [], ended: [] });
  clock.advance(1);
  expect(seen).toEqual({ warned: [90], ended: [] });
  clock.advance(10_000);
  expect(seen).toEqual({ warned: [90], ended: [100] });
  clock.advance(200_000);
  expect(seen).toEqual({ warned: [90], ended: [100] });
});

test('calls of one key use its seconds together, and those of another have their own', async () => {
  const ledger = await open();
  const first = call(ledger);
  clock.advance(40_000);
  const second = call(ledger);
  const other = call(ledger, 'key-2');
  clock.advance(30_000);
  expect([first.seen, second.seen].map(({ ended }) => ended)).toEqual([[70], [70]]);
  expect(other.seen.ended).toEqual([]);
});

test('a call that hangs up leaves its seconds to the others', async () => {
  const ledger = await open();
  const first = call(ledger);
  const second = call(ledger);
  clock.advance(20_000);
  first.hangUp();
  clock.advance(59_999);
  expect(second.seen.ended).toEqual([]);
  clock.advance(1);
  expect(second.seen.ended).toEqual([80]);
});

test('limits that are set anew hold for calls that go on', async () => {
  const ledger = await open({ secondsPerDay: 1000 });
  const { seen } = call(ledger);
  clock.advance(60_000);
  ledger.configure(rules({ secondsPerDay: 90 }));
  clock.advance(30_000);
  expect(seen).toEqual({ warned: [80], ended: [90] });
});

test('what was called counts after a restart, for a day', async () => {
  const first = await open({ callsPerDay: 3 });
  const { hangUp } = call(first);
  clock.advance(70_000);
  hangUp();
  expect(first.transfer('key-1', number)).toMatchObject({ allowed: true });
  await first.close();
  const second = await open({ callsPerDay: 3 });
  const { seen } = call(second);
  clock.advance(30_000);
  expect(seen.ended).toEqual([100]);
  expect(second.place('key-1', number)).toMatchObject({ code: 'too_many', reason: expect.stringContaining('3 calls') as string });
  await second.close();
  clock.advance(24 * hourMs);
  expect((await open({ callsPerDay: 3 })).place('key-1', number)).toHaveProperty('placement');
});

test('a call that goes on is written down each minute, and when the server ends', async () => {
  const ledger = await open({ secondsPerDay: 36_000 });
  call(ledger);
  await settle();
  expect([sum('calls'), sum('ms')]).toEqual([1, 0]);
  clock.advance(120_000);
  await settle();
  expect(sum('ms')).toBe(120_000);
  clock.advance(30_000);
  await ledger.close();
  expect([sum('calls'), sum('ms')]).toEqual([1, 150_000]);
});

test('what cannot be written is written with what comes next, and once', async () => {
  const ledger = await open({ secondsPerDay: 36_000 });
  isBroken = true;
  const first = call(ledger);
  clock.advance(30_000);
  first.hangUp();
  await settle();
  expect(kept).toEqual([]);
  isBroken = false;
  expect(ledger.transfer('key-1', number)).toMatchObject({ allowed: true });
  await ledger.close();
  expect([sum('calls'), sum('ms')]).toEqual([2, 30_000]);
});

test('where nothing can be read the limits begin anew, and calls are placed', async () => {
  isBroken = true;
  expect((await open()).place('key-1', number)).toHaveProperty('placement');
});

test('what was written while the clock was ahead counts for nothing', async () => {
  const hour = Math.floor(clock.wallMs() / hourMs);
  kept = [{ keyId: 'key-1', hour: hour + 5, calls: 99, ms: 99 * hourMs }];
  expect((await open()).place('key-1', number)).toHaveProperty('placement');
});
