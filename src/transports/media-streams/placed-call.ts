// A call that a provider places for this server: it comes back as a stream with the token that the provider was given, or not at all.
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { CallEvents } from '../calls/call.ts';
import { type AnsweredBy, type PhoneCall, PhoneError, type PhoneFailure } from '../calls/phone-call.ts';
import type { CallProgress } from './progress.ts';
import type { StreamProvider } from './providers.ts';
import type { IncomingStreamCall } from './stream-door.ts';

/** What comes of a call that was placed. */
export interface Expected {
  /** Its stream. */
  arrived(call: IncomingStreamCall): void;
  /** What the provider tells of it. */
  told(progress: CallProgress): void;
}

export interface PlacedCallParts {
  readonly provider: Pick<StreamProvider, 'carrier' | 'rest' | 'placedFormat'>;
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Given where the provider is to find out who answers, and told of it. */
  readonly answeredBy: ((who: AnsweredBy) => void) | undefined;
  /**
   * Has what comes of a call told that may ring for so long: its stream, which brings the token unless that is revoked before, and the provider's own
   * webhooks, which come to the address.
   */
  readonly expect: (
    ringMs: number,
    expected: Expected,
  ) => { readonly token: string; readonly statusUrl: string; readonly revoke: () => void };
}

/** A call that is placed may ring for so long. */
const ringSeconds = 45;
/** The answer, and the stream's way here. */
const streamWaitMs = 15_000;
/** What a stream is refused with that nobody waits for any more. */
const unavailableStatus = 480;

/**
 * Resolves when it is answered.
 * @throws PhoneError when it is not, or `givenUp` fires; CallError when whoever answered has gone already.
 */
export async function placeStreamCall(
  { to, from }: { readonly to: string; readonly from: string },
  events: CallEvents,
  givenUp: AbortSignal,
  rings: () => void,
  { provider: { carrier, rest, placedFormat }, publicUrl, clock, log, answeredBy, expect }: PlacedCallParts,
): Promise<PhoneCall> {
  const arrival = Promise.withResolvers<IncomingStreamCall>();
  const end = Promise.withResolvers<PhoneFailure>();
  const { token, statusUrl, revoke } = expect(ringSeconds * 1000, {
    arrived: arrival.resolve,
    told(progress) {
      if (progress.kind === 'ringing') rings();
      else if (progress.kind === 'answered_by') answeredBy?.(progress.who);
      else end.resolve(progress.failure);
    },
  });
  /** A stream that has come all the same, or comes in this moment, is nobody's. */
  function abandon(failure: PhoneFailure): PhoneError {
    revoke();
    void arrival.promise.then((call) => call.reject(unavailableStatus));
    return new PhoneError(failure);
  }
  async function hangUp(callId: string): Promise<void> {
    const reason = await rest.hangUp?.(callId);
    if (reason !== undefined) log.warn({ carrier, call: callId, reason }, 'a call that was placed could not be hung up');
  }
  const placing = { to, from, invitation: { publicUrl, token }, ringSeconds, statusUrl, ...(answeredBy && { detectMachine: true }) };
  // Not given up with the call: the provider may have placed it already, and only its answer says which call is to be hung up.
  const placed = await rest.place(placing, new AbortController().signal);
  if (placed.outcome === 'refused') throw abandon(placed.failure);
  const settled = new AbortController();
  const late = sleep(clock, ringSeconds * 1000 + streamWaitMs, AbortSignal.any([givenUp, settled.signal]));
  const come = givenUp.aborted ? undefined : await Promise.race([arrival.promise, end.promise, late]);
  settled.abort();
  // The provider says that it is over: nothing is left there.
  if (come && 'status' in come) throw abandon(come);
  if (!come) {
    void hangUp(placed.callId);
    throw abandon(
      givenUp.aborted ? { status: 487, reason: 'The call was given up.' } : { status: 408, reason: 'Nobody answered the call.' },
    );
  }
  come.knowAs(placed.callId);
  if (JSON.stringify(come.speaker.format) !== JSON.stringify(placedFormat)) {
    void hangUp(placed.callId);
    throw abandon({ status: 488, reason: `The sound of the call is not in the format that was agreed upon with ${carrier}.` });
  }
  try {
    return await come.answer(events);
  } catch (error) {
    void hangUp(placed.callId);
    throw error;
  }
}
