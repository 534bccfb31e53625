// What is known of a key's calls, whoever carries them: those that are there, those that have ended of late, and what has happened in them. It is kept
// in memory only, and not for long.
import type { Clock } from './lib/clock.ts';
import { EndedCalls, type ListedCall } from './telephony/listed-calls.ts';
import type { WebhookEvent } from './telephony/webhook-events.ts';
import type { CallHistory, HistoryPool } from './transports/calls/call-history.ts';
import type { CallMonitor, Speaking } from './transports/calls/call-monitor.ts';
import type { AnsweredCall, CallCarrier, Calls } from './transports/calls/calls.ts';

/** For so long a call that has ended is shown to a page, and what has happened in it is kept. */
const keepMs = 60 * 60_000;
/** Ended calls of one key that a page is shown. */
const mostEnded = 100;
/** Calls that have ended of which it is kept what has happened in them. */
const mostHistories = 1000;
/** Characters of that: of all calls, and of those that have ended. */
const mostCharacters = 64 * 1024 * 1024;
const mostEndedCharacters = 8 * 1024 * 1024;

/** A call of any carrier, as whoever may ask for it is shown it. */
export interface ShownCall extends Omit<ListedCall, 'carrier'> {
  readonly carrier: CallCarrier;
}

interface Kept {
  readonly owner: string;
  readonly history: CallHistory;
  readonly untilMs: number;
}

export interface CallBoardParts {
  readonly clock: Clock;
  /** Whether what happens in calls is kept: not where nobody can look at it. */
  readonly keepsHistories: boolean;
  readonly calls: () => Calls;
  /** Telephone calls, once there can be some: those that go on, and those that have ended. */
  readonly phones: () => { of(owner: string): ListedCall[]; endedOf(owner: string): ListedCall[] };
}

export class CallBoard {
  /** Of all calls. */
  readonly histories: HistoryPool;
  readonly #parts: CallBoardParts;
  /** WebRTC calls that have ended. */
  readonly #ended = new EndedCalls<ShownCall>();
  /** What has happened in calls that have ended, the oldest first. */
  readonly #histories = new Map<string, Kept>();
  /** Whether the time of the oldest of these is waited for. */
  #isSweeping = false;

  constructor(parts: CallBoardParts) {
    this.#parts = parts;
    this.histories = { characters: 0, mostCharacters: parts.keepsHistories ? mostCharacters : 0 };
  }

  /** The WebRTC calls of a key that go on. */
  webrtc(owner: string): ShownCall[] {
    const answered = this.#parts.calls().of(owner);
    return answered.filter(({ carrier }) => carrier === 'webrtc').map((call) => this.#shown(call, 'talking'));
  }

  /** All calls of a key that ring, talk or are being dialled, with who speaks now in those that have been answered. */
  live(owner: string): (ShownCall & { readonly speaking?: Speaking })[] {
    return [...this.#parts.phones().of(owner), ...this.webrtc(owner)].map((call) => {
      const monitor = this.monitor(call.id, owner);
      return monitor ? { ...call, speaking: monitor.speaking } : call;
    });
  }

  /** Those that have ended within the last hour, the latest last, with when that was: in seconds since the Unix epoch. */
  ended(owner: string): (ShownCall & { readonly ended_at: number })[] {
    const since = (this.#parts.clock.wallMs() - keepMs) / 1000;
    return [...this.#parts.phones().endedOf(owner), ...this.#ended.of(owner)]
      .map((call) => ({ ...call, ended_at: call.began_at + call.seconds }))
      .filter((call) => call.ended_at > since)
      .sort((a, b) => a.ended_at - b.ended_at)
      .slice(-mostEnded);
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
    const { id, owner, carrier, transport } = call;
    const { clock } = this.#parts;
    this.#histories.set(id, { owner, history: transport.monitor.history, untilMs: clock.now() + keepMs });
    this.#makeRoom();
    if (!this.#isSweeping) this.#sweepIn(keepMs);
    // What becomes of a telephone call its leg tells.
    if (carrier !== 'webrtc') return;
    const { ending } = transport;
    const cause = ending?.lost ? 'lost' : ending?.by === 'client' ? 'far_side_hung_up' : 'hung_up';
    const shown = this.#shown(call, 'ended');
    this.#ended.keep(owner, { ...shown, cause, duration_seconds: shown.seconds });
  }

  /** Webhooks are told of a telephone call. */
  told({ type, data }: WebhookEvent, owner: string): void {
    this.history(data.call_id, owner)?.note({ type, ...data }, this.#parts.clock.now());
  }

  #shown({ id, carrier, beganAt }: AnsweredCall, state: ShownCall['state']): ShownCall {
    const seconds = Math.floor(this.#parts.clock.wallMs() / 1000) - beganAt;
    return { id, direction: 'inbound', from: '', to: '', carrier, state, seconds, began_at: beganAt, answered_at: beganAt };
  }

  #forgetHistory(id: string): void {
    this.#histories.get(id)?.history.forget();
    this.#histories.delete(id);
  }

  #sweepIn(ms: number): void {
    this.#isSweeping = true;
    this.#parts.clock.after(ms, () => this.#sweep());
  }

  #sweep(): void {
    this.#isSweeping = false;
    const now = this.#parts.clock.now();
    for (const [id, { untilMs }] of this.#histories) {
      if (untilMs > now) return this.#sweepIn(untilMs - now);
      this.#forgetHistory(id);
    }
  }

  #makeRoom(): void {
    let characters = 0;
    for (const { history } of this.#histories.values()) characters += history.characters;
    for (const [id, { history }] of this.#histories) {
      if (characters <= mostEndedCharacters && this.#histories.size <= mostHistories) return;
      characters -= history.characters;
      this.#forgetHistory(id);
    }
  }
}
