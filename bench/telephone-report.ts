// The tables of what telephone calls cost and how late they are, as Markdown; first what is wanted of them, and what was measured of that.
import type { Machine } from './machine.ts';
import { machineLine } from './report.ts';
import type { Spread } from './statistics.ts';
import { table, title } from './table.ts';
import type { TransportName } from './telephone-line.ts';
import type { TalkStep } from './telephone-talk.ts';
import type { KeptAll, SetUp, Traffic } from './telephone-traffic.ts';

export interface TelephoneResults {
  machine: Machine;
  talk?: TalkStep[];
  setUp?: SetUp;
  traffic?: Traffic[];
}

const names: Readonly<Record<TransportName, string>> = {
  pcmu: 'SIP, G.711',
  srtp: 'SIP, G.711 in SRTP',
  opus: 'SIP, Opus',
  twilio: 'media stream (Twilio)',
};
/** How many calls of G.711 a core is to serve, and with how many of a transport the latencies are looked at that have a limit. */
export const WANTED_CALLS = 60;
const lookedAt = 40;

type Row = readonly [what: string, measured: string, limit: string, holds: string, of: string];

export function telephoneReport({ machine, talk = [], setUp, traffic = [] }: TelephoneResults): string {
  const rows = [...talkRows(talk), ...setUpRows(setUp), ...trafficRows(traffic)];
  const parts = [machineLine(machine), table(['', 'measured', 'limit', 'kept', 'of'], rows)];
  if (talk.length > 0) parts.push(title('Calls that talk: the whole server on one core, scripted engines; ms'), talkTable(talk));
  if (traffic.length > 0) parts.push(title('Calls that come and go: what the server keeps'), trafficTable(traffic));
  return parts.join('\n\n');
}

/** Of every figure that has a limit, whether it is kept. */
export function keepsAll(results: TelephoneResults): boolean {
  const { talk = [], setUp, traffic = [] } = results;
  return [...talkRows(talk), ...setUpRows(setUp), ...trafficRows(traffic)].every(([, , , holds]) => holds !== 'no');
}

function talkRows(talk: readonly TalkStep[]): Row[] {
  const byTransport = Map.groupBy(talk, ({ transport }) => transport);
  return [...byTransport].flatMap(([transport, steps]): Row[] => {
    const name = names[transport];
    const holding = steps.filter(({ holds }) => holds);
    const most = Math.max(0, ...holding.map(({ calls }) => calls));
    const looked = holding.findLast(({ calls }) => calls <= lookedAt) ?? steps[0];
    if (!looked) return [];
    const isWanted = transport === 'pcmu';
    const { calls, inMs, outMs, cutMs } = looked;
    const cutLimitMs = transport === 'twilio' ? 60 : 40;
    const cut = transport === 'twilio' ? 'decision to `clear`' : 'decision to last packet with sound';
    return [
      [
        `${name}: calls that talk on one core`,
        String(most),
        ...limited(isWanted, most >= WANTED_CALLS, `at least ${WANTED_CALLS}`),
        'steps below',
      ],
      [
        `${name}: one way, caller to ear, p50 / p95`,
        both(inMs),
        ...limited(true, inMs.p95 <= 30, 'p95 30 ms'),
        `${inMs.count} frames, ${calls} calls`,
      ],
      [
        `${name}: one way, voice to caller, p50 / p95`,
        both(outMs),
        ...limited(true, outMs.p95 <= 30, 'p95 30 ms'),
        `${outMs.count} answers, ${calls} calls`,
      ],
      [
        `${name}: barge-in, ${cut}, p50 / p95`,
        both(cutMs),
        ...limited(true, cutMs.p95 <= cutLimitMs, `p95 ${cutLimitMs} ms`),
        `${cutMs.count} interruptions, ${calls} calls`,
      ],
    ];
  });
}

function setUpRows(setUp: SetUp | undefined): Row[] {
  if (!setUp) return [];
  const { setUpMs, calls, perSecond, failed } = setUp;
  const what = `SIP: INVITE to 200, ${perSecond} calls a second, p50 / p95`;
  return [
    [what, both(setUpMs), ...limited(true, setUpMs.p95 <= 60 && failed === 0, 'p95 60 ms'), `${calls} calls, ${failed} of them failed`],
  ];
}

function trafficRows(traffic: readonly Traffic[]): Row[] {
  return traffic.flatMap(({ transport, calls, perSecond, failed, kept }): Row[] => {
    const [before] = kept;
    if (!before) return [];
    return kept.slice(1).map((after, index): Row => {
      const heapMb = megabytes(after.heapBytes - before.heapBytes);
      const residentMb = megabytes(after.residentBytes - before.residentBytes);
      const what = `${names[transport]}: memory kept of ${(index + 1) * calls} more calls, heap / resident`;
      const keeps = Math.max(heapMb, residentMb) <= 20 && failed === 0;
      return [
        what,
        `${heapMb.toFixed(1)} MB / ${residentMb.toFixed(1)} MB`,
        ...limited(true, keeps, '20 MB'),
        `${perSecond} a second, ${failed} failed`,
      ];
    });
  });
}

function limited(hasLimit: boolean, holds: boolean, limit: string): [string, string] {
  return hasLimit ? [limit, holds ? 'yes' : 'no'] : ['', ''];
}

function talkTable(talk: readonly TalkStep[]): string {
  const head = [
    'transport',
    'calls',
    'CPU of the core',
    '% a call',
    'added p50',
    'p95',
    'in p50',
    'p95',
    'out p50',
    'p95',
    'cut p50',
    'p95',
    'packets late p99',
    'missing',
    'starved',
    'unanswered',
    'load late p99',
    "others' cores",
  ];
  const rows = talk.map((step) => [
    names[step.transport],
    step.calls,
    `${(step.serverShare * 100).toFixed(0)} %`,
    ((step.serverShare * 100) / step.calls).toFixed(2),
    whole(step.added.p50),
    whole(step.added.p95),
    step.inMs.p50.toFixed(1),
    step.inMs.p95.toFixed(1),
    whole(step.outMs.p50),
    whole(step.outMs.p95),
    whole(step.cutMs.p50),
    whole(step.cutMs.p95),
    whole(step.packetLateMs.p99),
    step.packetLateMs.count === 0 ? '-' : step.packetsMissing,
    step.starved,
    step.unanswered,
    whole(step.lagP99Ms),
    step.othersCores.toFixed(2),
  ]);
  return table(head, rows);
}

function trafficTable(traffic: readonly Traffic[]): string {
  const kinds = Object.keys(traffic[0]?.kept[0]?.objects ?? {});
  const head = ['transport', 'after calls', 'heap', 'resident', 'sockets', ...kinds];
  const rows = traffic.flatMap(({ transport, calls, kept }) =>
    kept.map((each, index) => [names[transport], index === 0 ? `the first ${calls}` : `${index * calls} more`, ...keptCells(each, kinds)]),
  );
  return table(head, rows);
}

function keptCells({ heapBytes, residentBytes, sockets, objects }: KeptAll, kinds: readonly string[]): string[] {
  const sizes = [heapBytes, residentBytes].map((bytes) => `${megabytes(bytes).toFixed(1)} MB`);
  return [...sizes, String(sockets), ...kinds.map((kind) => String(objects[kind] ?? 0))];
}

function megabytes(bytes: number): number {
  return bytes / 2 ** 20;
}

function whole(value: number): string {
  if (Number.isNaN(value)) return '-';
  return value >= 1e6 ? 'never' : value.toFixed(0);
}

function both({ p50, p95 }: Spread): string {
  return [p50, p95].map((value) => (Number.isNaN(value) ? '-' : `${value.toFixed(value < 10 ? 1 : 0)} ms`)).join(' / ');
}
