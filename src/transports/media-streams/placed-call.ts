// A call that a provider places for this server: it comes back as a stream with the token that the provider was given, or not at all.
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { CallEvents } from '../calls/call.ts';
import { type IncomingPhoneCall, type PhoneCall, PhoneError } from '../calls/phone-call.ts';
import type { StreamProvider } from './providers.ts';

export interface PlacedCallParts {
  readonly provider: Pick<StreamProvider, 'carrier' | 'rest' | 'placedFormat'>;
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A token for the stream of a call that may ring for so long; `arrived` is told of it, unless the token is revoked before. */
  readonly invite: (ringMs: number, arrived: (call: IncomingPhoneCall) => void) => { readonly token: string; readonly revoke: () => void };
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
  { provider: { carrier, rest, placedFormat }, publicUrl, clock, log, invite }: PlacedCallParts,
): Promise<PhoneCall> {
  const arrival = Promise.withResolvers<IncomingPhoneCall>();
  const { token, revoke } = invite(ringSeconds * 1000, arrival.resolve);
  /** A stream that has come all the same, or comes in this moment, is nobody's. */
  function abandon(failure: PhoneError['failure']): PhoneError {
    revoke();
    void arrival.promise.then((call) => call.reject(unavailableStatus));
    return new PhoneError(failure);
  }
  async function hangUp(callId: string): Promise<void> {
    const reason = await rest.hangUp?.(callId);
    if (reason !== undefined) log.warn({ carrier, call: callId, reason }, 'a call that was placed could not be hung up');
  }
  // Not given up with the call: the provider may have placed it already, and only its answer says which call is to be hung up.
  const placed = await rest.place({ to, from, invitation: { publicUrl, token }, ringSeconds }, new AbortController().signal);
  if (placed.outcome === 'refused') throw abandon(placed.failure);
  const settled = new AbortController();
  const late = sleep(clock, ringSeconds * 1000 + streamWaitMs, AbortSignal.any([givenUp, settled.signal]));
  const call = givenUp.aborted ? undefined : await Promise.race([arrival.promise, late]);
  settled.abort();
  if (!call) {
    void hangUp(placed.callId);
    throw abandon(
      givenUp.aborted ? { status: 487, reason: 'The call was given up.' } : { status: 408, reason: 'Nobody answered the call.' },
    );
  }
  if (JSON.stringify(call.speaker.format) !== JSON.stringify(placedFormat)) {
    void hangUp(placed.callId);
    throw abandon({ status: 488, reason: `The sound of the call is not in the format that was agreed upon with ${carrier}.` });
  }
  try {
    return await call.answer(events);
  } catch (error) {
    void hangUp(placed.callId);
    throw error;
  }
}
