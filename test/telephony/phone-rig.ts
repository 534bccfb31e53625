// Telephone calls that a test rings, answers and ends by hand, and what is told of them.
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { routesOf } from '../../src/telephony/routes-file.ts';
import type { RoutesFile } from '../../src/telephony/routes-schema.ts';
import { type BeginSession, type LegParts, PhoneLeg } from '../../src/telephony/phone-leg.ts';
import { PhoneCalls, type PhoneCallsParts, type PhoneSession } from '../../src/telephony/phone-calls.ts';
import type { WebhookEvent } from '../../src/telephony/webhook-events.ts';
import type { Asked } from '../../src/telephony/webhooks.ts';
import { matchRoute } from '../../src/telephony/route-match.ts';
import { CallError, type CallEvents } from '../../src/transports/calls/call.ts';
import type { IncomingPhoneCall, PhoneCall, PhoneParty, Replaceable, TransferOutcome } from '../../src/transports/calls/phone-call.ts';
import type { Ending } from '../../src/transports/transport.ts';

export const party: PhoneParty = { carrier: 'twilio', from: '+15550001', to: '+15550002', carrierId: 'CA1', fields: [] };

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

/** An answered call. */
export class FakeCall implements PhoneCall {
  readonly mostMessageBytes = 0;
  readonly takenBytes = 0;
  readonly waitingBytes = 0;
  readonly played: Uint8Array[] = [];
  readonly pressed: string[] = [];
  replaceable: Replaceable | undefined;
  readonly transfers: {
    readonly target: string;
    readonly replaces: string | undefined;
    readonly came: PromiseWithResolvers<TransferOutcome>;
  }[] = [];
  closed = 0;
  send(): boolean {
    return false;
  }
  play(sound: Uint8Array): void {
    this.played.push(sound);
  }
  clear(): void {}
  close(): void {
    this.closed += 1;
  }
  transfer(target: string, _signal: AbortSignal, replaces?: string): Promise<TransferOutcome> {
    const came = Promise.withResolvers<TransferOutcome>();
    this.transfers.push({ target, replaces, came });
    return came.promise;
  }
  sendDigits(digits: string): Promise<void> {
    this.pressed.push(digits);
    return Promise.resolve();
  }
}

/** A call that rings. */
export class Ringing implements IncomingPhoneCall {
  readonly carrier = party.carrier;
  readonly from: string = party.from;
  readonly to: string;
  readonly carrierId = party.carrierId;
  readonly fields = party.fields;
  readonly speaker = { format: { type: 'audio/pcmu' }, lagMs: 60 } as const;
  readonly #gone = new AbortController();
  readonly call = new FakeCall();
  readonly rejected: number[] = [];
  rung = 0;
  /** Where the answer waits for the test, which resolves or rejects it. */
  answering: PromiseWithResolvers<PhoneCall> | undefined;
  answers = 0;

  constructor(to: string = party.to) {
    this.to = to;
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  leave(): void {
    this.#gone.abort();
    this.answering?.reject(new CallError('unavailable', 'The caller has hung up.'));
  }

  ring(): void {
    this.rung += 1;
  }

  answer(_events: CallEvents): Promise<PhoneCall> {
    this.answers += 1;
    if (this.gone.aborted) return Promise.reject(new CallError('unavailable', 'The caller has hung up.'));
    return this.answering?.promise ?? Promise.resolve(this.call);
  }

  reject(status: number): void {
    this.rejected.push(status);
  }
}

const nobody: CallEvents = {
  onSound() {},
  onOpen() {},
  onMessage() {},
  onPlayed() {},
  onTaken() {},
  onDigit() {},
  onEnd() {},
};

export const byCaller: Ending = { by: 'client', code: 1000, reason: 'hung up' };
export const byUs: Ending = { by: 'server', code: 1000, reason: 'hung up' };
export const byFault: Ending = { by: 'server', code: 1011, reason: 'lost', lost: { silentMs: 0 } };

/** A session that begins as soon as its call is answered, and ends when the test says so. */
export function session() {
  let end: (ending: Ending | undefined) => void = () => {};
  const begin: BeginSession = async (connect, ended) => {
    end = ended;
    await connect(nobody);
  };
  return { begin, end: (ending: Ending | undefined) => end(ending) };
}

export function legRig(parts: Partial<LegParts> = {}) {
  const clock = new ManualClock();
  const told: WebhookEvent[] = [];
  const happened = { hungUp: 0, over: 0 };
  const leg = new PhoneLeg({
    id: 'rtc_1',
    owner: 'key-1',
    direction: 'inbound',
    party,
    clock,
    tell: (event) => told.push(event),
    recorded: false,
    hangUp: () => (happened.hungUp += 1),
    over: () => (happened.over += 1),
    ...parts,
  });
  return { clock, leg, told, happened, types: () => told.map(({ type }) => type.replace('realtime.call.', '')) };
}

export function callsRig(routes: readonly object[], parts: Partial<PhoneCallsParts> = {}) {
  const clock = new ManualClock();
  const told: WebhookEvent[] = [];
  const prepared: PhoneSession[] = [];
  const sessions = new Map<string, ReturnType<typeof session>>();
  const asked: { readonly event: WebhookEvent; readonly signal: AbortSignal; readonly came: PromiseWithResolvers<Asked> }[] = [];
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const file: RoutesFile = routesOf({ routes, webhooks: [{ url: 'https://hooks.example/', secret }] }, 'file', { environment: {} });
  let made = 0;
  const calls = new PhoneCalls({
    clock,
    ids: (prefix) => `${prefix}_${++made}`,
    log: silentLog,
    routeOf: (call) => Promise.resolve(matchRoute(file, call)),
    ownerOf: (route) => route.key ?? 'key-1',
    sessionOf: (route) => route.session,
    prepare(one) {
      prepared.push(one);
      const begun = session();
      sessions.set(one.id, begun);
      return begun.begin;
    },
    hangUp: (id) => sessions.get(id)?.end(byUs),
    tell: (event) => told.push(event),
    ask(event, signal) {
      const came = Promise.withResolvers<Asked>();
      asked.push({ event, signal, came });
      signal.addEventListener('abort', () => came.resolve('failed'));
      return came.promise;
    },
    ...parts,
  });
  return { clock, calls, told, prepared, sessions, asked, types: () => told.map(({ type }) => type.replace('realtime.call.', '')) };
}
