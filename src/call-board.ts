// What is known of a key's calls, whoever carries them: those that are there, those that have ended of late, and what has happened in them. It is kept
// in memory only, and not for long.
import type { Clock } from './lib/clock.ts';
import type { ListedCall } from './telephony/listed-calls.ts';
import type { EndCause, WebhookEvent } from './telephony/webhook-events.ts';
import type { CallHistory, HistoryPool } from './transports/calls/call-history.ts';
import type { CallMonitor, Speaking } from './transports/calls/call-monitor.ts';
import type { AnsweredCall, CallCarrier, Calls } from './transports/calls/calls.ts';

/** For so long a call that has ended is shown. */
const keepMs = 60 * 60_000;
/** Ended calls of one key. */
const mostEnded = 100;
/** Characters of what has happened in calls: in all of them, and in those that have ended. */
const mostCharacters = 64 * 1024 * 1024;
const mostEndedCharacters = 8 * 1024 * 1024;

export interface LiveCall extends Omit<ListedCall, 'carrier'> {
  readonly carrier: CallCarrier;
}

export interface EndedCall extends Omit<LiveCall, 'state' | 'seconds'> {
  readonly state: 'ended';
  /** Seconds since the Unix epoch. */
  readonly ended_at: number;
  readonly cause: EndCause;
  /** From the answer on. */
  readonly duration_seconds: number;
  /** The name of its file, where it was recorded. */
  readonly recording?: string;
}

interface Kept {
  readonly owner: string;
  readonly history: CallHistory;
}

export interface CallBoardParts {
  readonly clock: Clock;
  /** Whether what happens in calls is kept: not where nobody can look at it. */
  readonly keepsHistories: boolean;
  readonly calls: () => Calls;
  /** Telephone calls, once there can be some. */
  readonly phones: () => { of(owner: string): ListedCall[] };
}

export class CallBoard {
  /** Of all calls. */
  readonly histories: HistoryPool;
  readonly #parts: CallBoardParts;
  /** By the key, the latest last. */
  readonly #ended = new Map<string, EndedCall[]>();
  /** What has happened in calls that have ended, the oldest first. */
  readonly #histories = new Map<string, Kept>();

  constructor(parts: CallBoardParts) {
    this.#parts = parts;
    this.histories = { characters: 0, mostCharacters: parts.keepsHistories ? mostCharacters : 0 };
  }

  /** The WebRTC calls of a key. */
  webrtc(owner: string): LiveCall[] {
    const { clock, calls } = this.#parts;
    const now = Math.floor(clock.wallMs() / 1000);
    return calls()
      .of(owner)
      .filter(({ carrier }) => carrier === 'webrtc')
      .map((call) => ({ ...shownOf(call), state: 'talking', seconds: now - call.beganAt }));
  }

  /** All calls of a key that ring, talk or are being dialled, with who speaks now in those that have been answered. */
  live(owner: string): (LiveCall & { readonly speaking?: Speaking })[] {
    return [...this.#parts.phones().of(owner), ...this.webrtc(owner)].map((call) => {
      const monitor = this.monitor(call.id, owner);
      return monitor ? { ...call, speaking: monitor.speaking } : call;
    });
  }

  /** Those that have ended within the last hour, the latest last. */
  ended(owner: string): readonly EndedCall[] {
    return this.#ended.get(owner) ?? [];
  }

  /** A call of the key's that has been answered and goes on. */
  monitor(id: string, owner: string): CallMonitor | undefined {
    return this.#parts.calls().find(id, owner)?.monitor;
  }

  /** What has happened in a call that has been answered. */
  history(id: string, owner: string): CallHistory | undefined {
    const kept = this.#histories.get(id);
    return this.monitor(id, owner)?.history ?? (kept?.owner === owner ? kept.history : undefined);
  }

  /** A call that had been answered is over. */
  over(call: AnsweredCall): void {
    const { id, owner, carrier, beganAt, transport } = call;
    this.#histories.set(id, { owner, history: transport.monitor.history });
    this.#makeRoom();
    // What becomes of a telephone call its leg tells.
    if (carrier !== 'webrtc') return;
    const endedAt = Math.floor(this.#parts.clock.wallMs() / 1000);
    const { ending } = transport;
    const cause = ending?.lost ? 'lost' : ending?.by === 'client' ? 'far_side_hung_up' : 'hung_up';
    this.#add(owner, { ...shownOf(call), state: 'ended', ended_at: endedAt, cause, duration_seconds: endedAt - beganAt });
  }

  /** Webhooks are told of a telephone call. */
  told(event: WebhookEvent, owner: string, call: ListedCall): void {
    const { clock } = this.#parts;
    if (event.type === 'realtime.call.ended') {
      const { state: _, seconds: __, ...shown } = call;
      const { cause, duration_seconds, recording } = event.data;
      const endedAt = Math.floor(clock.wallMs() / 1000);
      this.#add(owner, {
        ...shown,
        state: 'ended',
        ended_at: endedAt,
        cause,
        duration_seconds,
        ...(recording !== undefined && { recording }),
      });
    } else {
      const { type, data } = event;
      this.history(call.id, owner)?.note({ type, ...data } as { type: string }, clock.now());
    }
  }

  #add(owner: string, call: EndedCall): void {
    const ended = [...(this.#ended.get(owner) ?? []), call];
    this.#ended.set(owner, ended);
    if (ended.length > mostEnded) this.#forget(owner);
    this.#parts.clock.after(keepMs, () => {
      if (this.#ended.get(owner)?.includes(call)) this.#forget(owner);
    });
  }

  /** Forgets the call of the key that ended first. */
  #forget(owner: string): void {
    const [oldest, ...others] = this.#ended.get(owner) ?? [];
    if (others.length > 0) this.#ended.set(owner, others);
    else this.#ended.delete(owner);
    if (oldest) this.#forgetHistory(oldest.id);
  }

  #forgetHistory(id: string): void {
    this.#histories.get(id)?.history.forget();
    this.#histories.delete(id);
  }

  #makeRoom(): void {
    let characters = 0;
    for (const { history } of this.#histories.values()) characters += history.characters;
    for (const [id, { history }] of this.#histories) {
      if (characters <= mostEndedCharacters) return;
      characters -= history.characters;
      this.#forgetHistory(id);
    }
  }
}

function shownOf({ id, carrier, beganAt }: AnsweredCall): Omit<LiveCall, 'state' | 'seconds'> {
  return { id, direction: 'inbound', from: '', to: '', carrier, began_at: beganAt, answered_at: beganAt };
}
