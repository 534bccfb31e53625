// The arithmetic of the telephone benchmark: out of what callers noted and tapes tell, how late things were.
import { expect, test } from 'vitest';
import type { Heard } from '../../bench/telephone-caller.ts';
import { heardFigures, tapedFigures } from '../../bench/telephone-figures.ts';
import { keepsAll, telephoneReport } from '../../bench/telephone-report.ts';
import { spread } from '../../bench/statistics.ts';
import type { TalkStep } from '../../bench/telephone-talk.ts';
import type { Taped } from '../../bench/telephone-tapes.ts';

const whole = { fromMs: 0, untilMs: 100_000 };
/** Silence of 500 ms, and the engines' 300. */
const promptMs = 800;

function heard(more: Partial<Heard> = {}): Heard {
  const none = { said: [], sentMs: [], runs: [], clears: [], packets: { atMs: [], transitMs: [] }, packetsSent: 0, lags: [], faults: [] };
  return { name: 'caller-1', ...none, ...more };
}

function taped(more: Partial<Taped> = {}): Taped {
  return { name: 'caller-1', heard: [], voiced: [], cut: [], ...more };
}

const said = (endMs: number, cutsIn = false) => ({ onsetMs: endMs - 1000, endMs, cutsIn });
const run = (firstMs: number, lastMs: number) => ({ firstMs, lastMs, starved: 0 });

test('an answer is late by what is neither silence nor engine; none within two seconds is none, and the next answer is no answer to the one before', () => {
  const caller = heard({
    said: [said(2000), said(8000), said(14_000)],
    runs: [run(2000 + promptMs + 25, 4000), run(14_000 + promptMs + 40, 16_000)],
  });
  const { added, unanswered } = heardFigures([caller], whole);
  expect([added.count, added.p50, unanswered]).toEqual([3, 40, 1]);
});

test('what was said too late to be answered in time does not count', () => {
  const caller = heard({ said: [said(99_000)] });
  expect(heardFigures([caller], whole)).toMatchObject({ unanswered: 0, added: { count: 0 } });
});

test('packets are late against the earliest of their call, and missing by their numbers', () => {
  const packets = { atMs: [0, 20, 43, 60], transitMs: [7000, 7000, 7003, 7000] };
  const { packetLateMs, packetsMissing } = heardFigures([heard({ packets, packetsSent: 6 })], whole);
  expect([packetLateMs.p50, packetLateMs.p99, packetsMissing]).toEqual([0, 3, 2]);
});

test('a frame is in the ear when all of its sound is, give or take what the resampling leaves', () => {
  const caller = heard({ sentMs: [100, 120, 125] });
  const tape = taped({
    heard: [
      { atMs: 102, receivedMs: 19.9 },
      { atMs: 123, receivedMs: 30 },
      { atMs: 126, receivedMs: 60 },
    ],
  });
  const { inMs } = tapedFigures([caller], [taped({ name: 'somebody else' }), tape], whole);
  expect([inMs.count, inMs.p50, inMs.p99]).toEqual([3, 2, 6]);
});

test('a call some of whose frames would be in the ear before they were sent does not count: its frames are not those of the tape', () => {
  const tape = taped({ heard: [{ atMs: 126, receivedMs: 60 }] });
  expect(tapedFigures([heard({ sentMs: [100, 120, 140] })], [tape], whole).inMs.count).toBe(0);
});

test('from the voice to the caller, and from the decision to the last sound of what was cut', () => {
  const caller = heard({ said: [said(5000), { onsetMs: 6000, endMs: 7000, cutsIn: true }], runs: [run(5815, 6117), run(7815, 9000)] });
  const tape = taped({ voiced: [5800, 7803], cut: [6100] });
  const { outMs, cutMs, decisionMs } = tapedFigures([caller], [tape], whole);
  expect([outMs.p50, outMs.p99, cutMs.p50, decisionMs.p50]).toEqual([12, 15, 17, 100]);
});

test('where a provider is told to throw away what waits, that is the end of it', () => {
  const caller = heard({ runs: [run(5815, 6090)], clears: [6102] });
  expect(tapedFigures([caller], [taped({ cut: [6100] })], whole).cutMs.p50).toBe(2);
});

test('what is received before the tape has written down that it is sent took no time', () => {
  const caller = heard({ runs: [run(5798.5, 6090), run(7820, 9000)], clears: [6099] });
  const { outMs, cutMs } = tapedFigures([caller], [taped({ voiced: [5800, 7803], cut: [6100] })], whole);
  expect([outMs.count, outMs.p50, outMs.p99, cutMs.count, cutMs.p50]).toEqual([2, 0, 17, 1, 0]);
});

const step: TalkStep = {
  transport: 'pcmu',
  calls: 60,
  added: spread([20]),
  unanswered: 0,
  packetLateMs: spread([1]),
  packetsMissing: 0,
  starved: 0,
  faults: [],
  lagP99Ms: 1,
  inMs: spread([2]),
  outMs: spread([12]),
  cutMs: spread([17]),
  decisionMs: spread([100]),
  serverShare: 0.7,
  loadShare: 0.2,
  othersCores: 0,
  holds: true,
};
const machine = { cores: 2, memoryGb: 24, processor: 'a processor', node: 'v24.0.0', yardstickUs: 95 };

test('the report says which limits are kept, and nothing that was not measured is', () => {
  expect(keepsAll({ machine, talk: [step] })).toBe(true);
  expect(keepsAll({ machine, talk: [{ ...step, holds: false }] })).toBe(false);
  expect(keepsAll({ machine, talk: [{ ...step, cutMs: spread([41]) }] })).toBe(false);
  expect(keepsAll({ machine, talk: [{ ...step, inMs: spread([]) }] })).toBe(false);
  expect(telephoneReport({ machine, talk: [step] })).toContain('| SIP, G.711: calls that talk on one core');
});
