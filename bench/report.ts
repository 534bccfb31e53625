// The tables people read.
import type { CapacityResult } from './capacity.ts';
import type { EmbeddedResult } from './embedded.ts';
import type { CallResult } from './latency.ts';
import type { Machine } from './machine.ts';
import type { MemoryResult } from './memory.ts';
import type { NeighbourResult } from './neighbour-report.ts';
import { table, title } from './table.ts';

export interface Results {
  machine: Machine;
  calls?: CallResult[];
  capacity?: CapacityResult;
  idle?: MemoryResult;
  embedded?: EmbeddedResult[];
  neighbour?: NeighbourResult;
}

/** Of the scripted engines. */
export function report({ machine, calls, capacity, idle }: Omit<Results, 'embedded' | 'neighbour'>): string {
  const parts = [machineLine(machine)];
  if (calls) {
    parts.push(
      title('(a) Server-added latency, (c) barge-in: a server on one core, five turns and two barge-ins per session; ms'),
      table(
        [
          'sessions',
          'added p50',
          'p95',
          'p99',
          'barge-in p50',
          'p95',
          'missed',
          'output gap p99',
          'unanswered',
          'CPU s / session-min',
          'load late p99',
          "others' cores",
        ],
        calls.map((call) => [
          call.sessions,
          ms(call.added.p50),
          ms(call.added.p95),
          ms(call.added.p99),
          ms(call.bargeIns.p50),
          ms(call.bargeIns.p95),
          `${call.missedBargeIns} of ${call.missedBargeIns + call.bargeIns.count}`,
          ms(call.gaps.p99),
          call.unanswered,
          call.cpuSecondsPerSessionMinute.toFixed(2),
          ms(call.lagP99Ms),
          call.othersCores.toFixed(2),
        ]),
      ),
    );
  }
  if (capacity) {
    parts.push(
      title('(b) Sessions on one core'),
      table(
        [
          'sessions',
          'added p50',
          'p95',
          'p99',
          'output gap p99',
          'starved',
          'unanswered',
          'CPU s / session-min',
          'load late p99',
          "others' cores",
        ],
        capacity.steps.map((step) => [
          step.sessions,
          ms(step.added.p50),
          ms(step.added.p95),
          ms(step.added.p99),
          ms(step.gaps.p99),
          step.starved,
          step.unanswered,
          step.cpuSecondsPerSessionMinute.toFixed(2),
          ms(step.lagP99Ms),
          step.othersCores.toFixed(2),
        ]),
      ),
      `Within an added p95 of 80 ms: ${capacity.byAddedP95} sessions. Within an output gap p99 of 40 ms: ${capacity.byGapP99} sessions.`,
    );
  }
  if (idle || calls) {
    parts.push(
      title('(d) Memory'),
      table(
        ['', 'per session'],
        [
          ...(idle
            ? [
                [
                  `idle (${idle.idleSessions} sessions; server without any: ${megabytes(idle.serverBytes)})`,
                  `${Math.round(idle.perIdleSessionBytes / 1000)} kB`,
                ],
              ]
            : []),
          ...(calls ?? [])
            .filter(({ sessions }) => sessions > 1)
            .map((call) => [`talking (${call.sessions} sessions)`, megabytes(call.memoryPerSessionBytes)]),
        ],
      ),
    );
  }
  return parts.join('\n\n');
}

export function machineLine({ cores, memoryGb, processor, node, yardstickUs }: Machine): string {
  return `Machine: ${cores}-core virtual machine, ${memoryGb} GB, ${processor}, Node ${node.slice(1)}; yardstick ${yardstickUs} µs.`;
}

function ms(value: number): string {
  if (Number.isNaN(value)) return '-';
  return value >= 1e6 ? 'never' : value.toFixed(0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
