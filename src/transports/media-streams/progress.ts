// What a provider tells of a call that goes on: that it rings over there, who has answered, and that it has ended. Twilio's from
// twilio.com/docs/voice/api/call-resource (Statuscallback) and docs/voice/answering-machine-detection, whose fields SignalWire and Telnyx' TeXML have as
// well; Telnyx' from developers.telnyx.com/api-reference/callbacks (call-hangup) and docs/voice/programmable-voice/answering-machine-detection; Plivo's from
// plivo.com/docs/voice/api/call (Make a call, Machine detection) and docs/account/api/application (Hangup URL); Vonage's from
// developer.vonage.com/en/voice/voice-api/webhook-reference (Event webhook).
import { isRecord } from '../../protocol/json.ts';
import type { AnsweredBy, PhoneFailure } from '../calls/phone-call.ts';
import type { ProviderName } from './providers.ts';

export type CallProgress =
  | { readonly kind: 'ringing' }
  | { readonly kind: 'answered_by'; readonly who: AnsweredBy }
  /** `failure` is why, of a call that nobody had answered. */
  | { readonly kind: 'ended'; readonly failure: PhoneFailure };

export interface ToldProgress {
  /** As the provider calls it, where its stream bears the same id. */
  readonly callId: string;
  readonly progress: CallProgress;
}

type Fields = Readonly<Record<string, unknown>>;

const readers: Record<ProviderName, (fields: Fields) => ToldProgress | undefined> = {
  twilio: twilioProgress,
  signalwire: twilioProgress,
  telnyx: telnyxProgress,
  plivo: plivoProgress,
  vonage: vonageProgress,
};

/**
 * @param fields of the form, the query or the JSON that came.
 * @returns undefined when it tells nothing that anything depends on.
 */
export function readProgress(carrier: ProviderName, fields: Fields): ToldProgress | undefined {
  const told = readers[carrier](fields);
  return told && told.callId !== '' ? told : undefined;
}

const ringing: CallProgress = { kind: 'ringing' };

/** SIP's final statuses, which stand for whatever a provider calls the same. */
const busy = ended(486, 'The line is busy.');
const notAnswered = ended(480, 'Nobody answered the call.');
const cancelled = ended(487, 'The call was cancelled at the provider.');
const declined = ended(603, 'The call was declined.');
const unknownNumber = ended(404, 'There is no such number.');
const failed = ended(500, 'The provider could not bring the call about.');
/** Of a call that was answered, it is no failure. */
const over = ended(480, 'The call ended before its sound came here.');

function ended(status: number, reason: string): CallProgress {
  return { kind: 'ended', failure: { status, reason } };
}

/** Where the provider knows the final status of SIP, that is what it was. */
function endedWith(status: unknown, otherwise: CallProgress): CallProgress {
  const code = Number(text(status));
  if (!Number.isInteger(code) || code < 300 || code > 699) return otherwise;
  return { kind: 'ended', failure: { status: code, reason: `The call failed with status ${code}.` } };
}

/** A call's states by the provider's names for them. */
function named(states: Readonly<Record<string, CallProgress>>): ReadonlyMap<string, CallProgress> {
  return new Map(Object.entries(states));
}

const twilioStates = named({ ringing, completed: over, busy, 'no-answer': notAnswered, canceled: cancelled, failed });

function twilioProgress(fields: Fields): ToldProgress | undefined {
  const state = text(fields['CallStatus']);
  const known = twilioStates.get(state);
  const progress = (state === 'failed' ? endedWith(fields['SipResponseCode'], failed) : known) ?? answeredBy(fields['AnsweredBy']);
  return progress && { callId: text(fields['CallSid']), progress };
}

/** `machine_start`, `machine_end_beep`, `machine_end_silence`, …; `unknown` says nothing. */
function answeredBy(value: unknown): CallProgress | undefined {
  const who = text(value);
  if (who === 'human' || who === 'fax') return { kind: 'answered_by', who };
  return who.startsWith('machine') ? { kind: 'answered_by', who: 'machine' } : undefined;
}

const telnyxCauses = named({
  user_busy: busy,
  call_rejected: declined,
  timeout: notAnswered,
  originator_cancel: cancelled,
  not_found: unknownNumber,
});

function telnyxProgress(fields: Fields): ToldProgress | undefined {
  const { data } = fields;
  if (!isRecord(data)) return twilioProgress(fields);
  const { event_type: type, payload } = data;
  if (!isRecord(payload)) return undefined;
  const progress =
    type === 'call.hangup'
      ? endedWith(payload['sip_hangup_cause'], telnyxCauses.get(text(payload['hangup_cause'])) ?? over)
      : /^call\.machine\.(?:premium\.)?detection\.ended$/.test(text(type))
        ? telnyxAnswer(text(payload['result']))
        : undefined;
  return progress && { callId: text(payload['call_control_id']), progress };
}

/** `human`, `human_residence`, `human_business`, `machine`, `fax_detected`; `not_sure` and `silence` say nothing. */
function telnyxAnswer(result: string): CallProgress | undefined {
  if (result.startsWith('human')) return { kind: 'answered_by', who: 'human' };
  return answeredBy(result === 'fax_detected' ? 'fax' : result);
}

const plivoStates = named({
  ringing,
  completed: over,
  busy,
  'no-answer': notAnswered,
  timeout: notAnswered,
  cancel: cancelled,
  failed,
});
const plivoCauses = named({
  USER_BUSY: busy,
  NO_ANSWER: notAnswered,
  ORIGINATOR_CANCEL: cancelled,
  CALL_REJECTED: declined,
  UNALLOCATED_NUMBER: unknownNumber,
});

function plivoProgress(fields: Fields): ToldProgress | undefined {
  const callId = text(fields['CallUUID']) || text(fields['RequestUUID']);
  if (text(fields['Event']) === 'MachineDetection')
    return { callId, progress: { kind: 'answered_by', who: text(fields['Machine']).toLowerCase() === 'true' ? 'machine' : 'human' } };
  const state = text(fields['CallStatus']);
  const progress = (state === 'failed' ? plivoCauses.get(text(fields['HangupCause'])) : undefined) ?? plivoStates.get(state);
  return progress && { callId, progress };
}

const vonageStates = named({
  ringing,
  human: { kind: 'answered_by', who: 'human' },
  machine: { kind: 'answered_by', who: 'machine' },
  completed: over,
  disconnected: over,
  busy,
  unanswered: notAnswered,
  timeout: notAnswered,
  cancelled,
  rejected: declined,
  failed,
});

function vonageProgress(fields: Fields): ToldProgress | undefined {
  // The leg of the stream is told of as well: what becomes of it, the stream itself says.
  if (/^wss?:/i.test(text(fields['to']))) return undefined;
  const progress = vonageStates.get(text(fields['status']));
  return progress && { callId: text(fields['uuid']) || text(fields['call_uuid']), progress };
}

function text(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.length <= 500 ? value : '';
}
