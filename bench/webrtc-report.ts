// The table of what WebRTC calls cost and how late they are, as Markdown; a row names its limit where there is one.
import type { Machine } from './machine.ts';
import { machineLine } from './report.ts';
import { table } from './table.ts';
import type { Spread } from './statistics.ts';
import type { BargeInResult } from './webrtc-bargein.ts';
import type { CpuResult, DriftResult, LatencyResult, MemoryResult, SetupResult } from './webrtc-media.ts';

export interface WebrtcResults {
  machine: Machine;
  bargein?: BargeInResult;
  setup?: SetupResult;
  latency?: LatencyResult;
  cpu?: CpuResult;
  memory?: MemoryResult;
  drift?: DriftResult;
}

type Row = readonly [what: string, measured: string, limit: string, of: string];

export function webrtcReport({ machine, setup, latency, bargein, cpu, memory, drift }: WebrtcResults): string {
  const rows: Row[] = [];
  if (setup) {
    const { first, answerMs, openMs } = setup;
    rows.push(
      ['set-up of the first call: answer / open channel', `${ms(first.answerMs)} / ${ms(first.openMs)}`, '', '1 call'],
      ['set-up: offer to answer, p50 / p95', both(answerMs), '', `${answerMs.count} calls`],
      ['set-up: offer to open channel, p50 / p95', both(openMs), '', `${openMs.count} calls`],
    );
  }
  if (latency) {
    rows.push(
      ['one way, caller to server, p50 / p95', both(latency.upMs), '', `${latency.upMs.count} bursts`],
      ['one way, server to caller, p50 / p95', both(latency.downMs), '', `${latency.downMs.count} bursts`],
    );
  }
  if (bargein) {
    const { decisionMs, toldMs, chromiumMs } = bargein;
    rows.push(
      [
        'barge-in: decision to last loud sample in Chromium, p50 / p95',
        both(decisionMs),
        'p95 120 ms',
        `${decisionMs.count} interruptions`,
      ],
      ['barge-in: `speech_started` there to last loud sample, p50 / p95', both(toldMs), '', `${toldMs.count} interruptions`],
      [
        "of that Chromium's own: jitter buffer / output",
        `${ms(chromiumMs.jitterBuffer)} / ${ms(chromiumMs.output)}`,
        '',
        'mean of the call',
      ],
    );
  }
  if (cpu) {
    rows.push(
      ['processor for each talking call', `${(cpu.share * 100).toFixed(1)} % of a core`, '', `${cpu.calls} calls at once`],
      ['calls for each core', (1 / cpu.share).toFixed(0), '', 'reckoned from the above'],
      ['packets not sent in time', `${cpu.missing}`, '', `${cpu.packets} packets`],
    );
  }
  if (memory) rows.push(['memory kept after calls that came and went', `${memory.moreMb.toFixed(1)} MB`, '20 MB', `${memory.calls} calls`]);
  if (drift) {
    const { seconds, upMs, downMs } = drift;
    const of = `a call of ${seconds < 60 ? `${seconds} s` : `${seconds / 60} min`}`;
    rows.push(['drift, caller to server', ms(upMs), '40 ms', of], ['drift, server to caller', ms(downMs), '40 ms', of]);
  }
  return [machineLine(machine), table(['', 'measured', 'limit', 'of'], rows)].join('\n\n');
}

function ms(value: number): string {
  return `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} ms`;
}

function both({ p50, p95 }: Spread): string {
  return `${ms(p50)} / ${ms(p95)}`;
}
