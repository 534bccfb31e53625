// What went wrong with a telephone call, as those concerned are told: the caller by a SIP status, webhooks by the cause of its end, and whoever wanted it
// handed over by an outcome.
import { CallError } from '../transports/calls/call.ts';
import { PhoneError, type TransferOutcome } from '../transports/calls/phone-call.ts';
import type { EndCause } from './webhook-events.ts';

/** Something is broken here, or there is no place (RFC 3261, 21.5.1 and 21.5.4). */
const brokenStatus = 500;
const unavailableStatus = 503;

/** What a caller hears who could not be answered because of this. */
export function refusalOf(error: unknown): number {
  if (!(error instanceof CallError)) return unavailableStatus;
  return error.status ?? (error.reason === 'full' ? unavailableStatus : brokenStatus);
}

/** Why a call that was placed did not come about. */
export function causeOf(error: unknown): EndCause {
  if (!(error instanceof PhoneError)) return 'failed';
  const { status } = error.failure;
  if (status === 408 || status === 480) return 'not_answered';
  return status === 486 || status === 600 || status === 603 ? 'rejected' : 'failed';
}

/** A carrier that breaks has not taken the caller over. */
export function refusedBy(error: unknown): TransferOutcome {
  return { outcome: 'refused', reason: error instanceof CallError ? error.message : 'The carrier could not hand the call over.' };
}
