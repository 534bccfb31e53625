// What went wrong with a telephone call, as those concerned are told: the caller by a SIP status, webhooks by the cause of its end, and whoever wanted it
// handed over by an outcome.
import { RealtimeError } from '../protocol/errors.ts';
import { CallError } from '../transports/calls/call.ts';
import { PhoneError, type TransferOutcome } from '../transports/calls/phone-call.ts';
import type { CallEnding, EndCause } from './webhook-events.ts';

/** Something is broken here, or there is no place (RFC 3261, 21.5.1 and 21.5.4). */
const brokenStatus = 500;
const unavailableStatus = 503;

/** What a caller hears who could not be answered because of this. */
export function refusalOf(error: unknown): number {
  if (!(error instanceof CallError)) return unavailableStatus;
  return error.status ?? (error.reason === 'full' ? unavailableStatus : brokenStatus);
}

/** How a call ended that did not come about. */
export function endingOf(error: unknown): CallEnding {
  // The only limit that a session meets before it begins.
  if (error instanceof RealtimeError && error.code === 'rate_limit_exceeded') return { cause: 'limit_reached', limit: 'sessions' };
  if (!(error instanceof PhoneError)) return { cause: 'failed' };
  const { status, reason } = error.failure;
  return { cause: causes[status] ?? 'failed', status, reason };
}

/** RFC 3261, 21.4 to 21.6. */
const causes: Readonly<Record<number, EndCause>> = {
  408: 'not_answered',
  480: 'not_answered',
  486: 'busy',
  487: 'cancelled',
  600: 'busy',
  603: 'rejected',
};

/** A carrier that breaks has not taken the caller over. */
export function refusedBy(error: unknown): TransferOutcome {
  return { outcome: 'refused', reason: error instanceof CallError ? error.message : 'The carrier could not hand the call over.' };
}
