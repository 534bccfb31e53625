// What of a server is looked up when its metrics are asked for, and how its refusals are called there.
import type { AttemptCounts } from './access/reception.ts';
import type { Usage } from './access/usage.ts';
import type { Engine } from './engines/engine.ts';
import type { Traffic } from './http/traffic.ts';
import { type Reading, reading } from './metrics/meters.ts';
import type { SipState } from './phone-sip.ts';

interface ServerState {
  readonly version: string;
  readonly ready: boolean;
  readonly sessions: number;
  readonly calls: number;
  readonly connections: Readonly<Record<'known' | 'stranger', number>>;
  /** How often nobody was let in, by why. */
  readonly keysRefused: Readonly<AttemptCounts>;
  /** With whether each works; where nobody knows, it does unless it says otherwise. */
  readonly engines: readonly { readonly engine: Engine; readonly works: boolean | undefined }[];
  readonly traffic: Traffic;
  /** Losses of threads that are no engine's, by what they do. */
  readonly threadLosses: Readonly<Record<'media' | 'store', number>>;
  readonly usage: Pick<Usage, 'size' | 'shares'>;
  /** Where SIP is spoken. */
  readonly sip: SipState | undefined;
}

export function readServer(state: ServerState): Reading[] {
  const { version, ready, sessions, calls, engines, traffic, threadLosses, usage, sip, ...doors } = state;
  return [
    reading('parley_info', 1, { version }),
    reading('parley_ready', ready ? 1 : 0),
    reading('parley_sessions', sessions),
    reading('parley_calls', calls),
    ...Object.entries(doors.connections).map(([who, count]) => reading('parley_connections', count, { who })),
    ...Object.entries(doors.keysRefused).map(([reason, count]) => reading('parley_keys_refused_total', count, { reason })),
    reading('parley_received_bytes_total', traffic.receivedBytes),
    reading('parley_sent_bytes_total', traffic.sentBytes),
    ...Object.entries(threadLosses).map(([thread, losses]) => reading('parley_thread_losses_total', losses, { thread })),
    reading('parley_limit_keys', usage.size),
    ...usage.shares().map(({ limit, used }) => reading('parley_limit_used', used, { limit })),
    ...engines.flatMap(readEngine),
    ...(sip ? readSip(sip) : []),
  ];
}

function readEngine({ engine, works }: ServerState['engines'][number]): Reading[] {
  const { info } = engine;
  const labels = { engine: info.id, kind: info.kind };
  const { state, waiting = 0, losses = 0 } = engine.health?.() ?? { state: 'ready' };
  // One that starts when it is first needed is not missing before.
  const isUp = works ?? (state === 'ready' || state === 'starting');
  return [
    reading('parley_engine_up', isUp ? 1 : 0, labels),
    reading('parley_engine_waiting', waiting, labels),
    reading('parley_engine_losses_total', losses, labels),
  ];
}

function readSip({ calls, registrations, failures, strangers }: SipState): Reading[] {
  return [
    reading('parley_sip_calls', calls),
    ...registrations.flatMap((each) => {
      const labels = { trunk: each.trunk };
      const seconds = each.state === 'registered' ? each.expires_in_seconds : 0;
      return [
        reading('parley_sip_registered', each.state === 'registered' ? 1 : 0, labels),
        reading('parley_sip_registration_left_seconds', seconds, labels),
      ];
    }),
    ...failures.map(({ trunk, failures: count }) => reading('parley_sip_registration_failures_total', count, { trunk })),
    ...Object.entries(strangers).map(([outcome, count]) => reading('parley_sip_strangers_total', count, { outcome })),
  ];
}

const reasons: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  413: 'too_large',
  429: 'rate_limited',
  431: 'too_large',
};

/** Why somebody was turned away, by the status of the answer. */
export function refusalReason(status: number, server: { readonly isDraining: boolean; readonly isFull: boolean }): string {
  if (status === 503) return server.isDraining ? 'draining' : server.isFull ? 'full' : 'unavailable';
  return reasons[status] ?? (status >= 500 ? 'fault' : 'invalid');
}
