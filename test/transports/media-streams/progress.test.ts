// What providers tell of calls that go on, as their documentation shows it.
import { expect, test } from 'vitest';
import type { ProviderName } from '../../../src/transports/media-streams/providers.ts';
import { readProgress } from '../../../src/transports/media-streams/progress.ts';

/** A status callback of Twilio, with all that it sends. */
const twilio = (CallStatus: string, more: object = {}) => ({
  Called: '+15552345678',
  ToState: 'CA',
  CallerCountry: 'US',
  Direction: 'outbound-api',
  CallerState: 'CA',
  ToZip: '94105',
  CallSid: 'CA0123456789abcdef0123456789abcdef',
  To: '+15552345678',
  CallerZip: '94105',
  ToCountry: 'US',
  ApiVersion: '2010-04-01',
  CalledZip: '94105',
  CallStatus,
  CalledCity: 'SAN FRANCISCO',
  From: '+15550001111',
  AccountSid: 'AC0123456789abcdef0123456789abcdef',
  CalledCountry: 'US',
  Timestamp: 'Wed, 02 Oct 2026 15:03:12 +0000',
  CallbackSource: 'call-progress-events',
  SequenceNumber: '2',
  ...more,
});

/** An event of Telnyx' Call Control. */
const telnyx = (type: string, payload: object) => ({
  data: {
    record_type: 'event',
    event_type: type,
    id: '0ccc7b54-4df3-4bca-a65a-3da1ecc777f0',
    occurred_at: '2026-10-02T22:25:27.521992Z',
    payload: {
      call_control_id: 'v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg',
      connection_id: '7267000000000',
      call_leg_id: '428c31b6-7af4-4bcb-b7f5-5013ef9657c1',
      call_session_id: '428c31b6-7af4-4bcb-b7f5-5013ef9657c1',
      client_state: null,
      from: '+15550001111',
      to: '+15552345678',
      ...payload,
    },
  },
  meta: { attempt: 1, delivered_to: 'https://voice.example.com/v1/realtime/telnyx/events?call=1' },
});
const telnyxHangUp = (cause: string, sip: string) =>
  telnyx('call.hangup', {
    start_time: '2026-10-02T22:20:27.521992Z',
    state: 'hangup',
    hangup_cause: cause,
    hangup_source: 'callee',
    sip_hangup_cause: sip,
  });

const plivo = (CallStatus: string, more: object = {}) => ({
  ALegRequestUUID: '1b7f6d1c-5ea3-11ee-b4d8-0242ac110002',
  ALegUUID: 'b18ff69c-5ea3-11ee-8cc2-0242ac110003',
  CallUUID: 'b18ff69c-5ea3-11ee-8cc2-0242ac110003',
  RequestUUID: '1b7f6d1c-5ea3-11ee-b4d8-0242ac110002',
  Direction: 'outbound',
  From: '15550001111',
  To: '15552345678',
  CallStatus,
  ...more,
});
const plivoHangUp = (CallStatus: string, HangupCause: string, HangupCauseCode: string) =>
  plivo(CallStatus, { Event: 'Hangup', HangupCause, HangupCauseCode, HangupSource: 'Callee', Duration: '0', BillDuration: '0' });

const vonage = (status: string, more: object = {}) => ({
  from: '15550001111',
  to: '15552345678',
  uuid: 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab',
  conversation_uuid: 'CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab',
  status,
  direction: 'outbound',
  timestamp: '2026-10-02T15:03:12.000Z',
  ...more,
});

const ids: Record<ProviderName, string> = {
  twilio: 'CA0123456789abcdef0123456789abcdef',
  signalwire: 'CA0123456789abcdef0123456789abcdef',
  telnyx: 'v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg',
  plivo: 'b18ff69c-5ea3-11ee-8cc2-0242ac110003',
  vonage: 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab',
};

/** The kind, and the status or who it is. */
function told(carrier: ProviderName, fields: object): string | undefined {
  const read = readProgress(carrier, fields as Readonly<Record<string, unknown>>);
  if (!read) return undefined;
  expect(read.callId).toBe(ids[carrier]);
  const { progress } = read;
  if (progress.kind === 'ringing') return 'ringing';
  return progress.kind === 'ended' ? `ended ${progress.failure.status}` : progress.who;
}

const amd = (AnsweredBy: string) => ({
  CallSid: ids.twilio,
  AccountSid: 'AC0123456789abcdef0123456789abcdef',
  AnsweredBy,
  MachineDetectionDuration: '3490',
});

test.each<[ProviderName, object, string | undefined]>([
  ['twilio', twilio('initiated'), undefined],
  ['twilio', twilio('ringing'), 'ringing'],
  ['twilio', twilio('in-progress'), undefined],
  ['twilio', twilio('completed', { Duration: '1', CallDuration: '42', SipResponseCode: '200' }), 'ended 480'],
  ['twilio', twilio('busy', { Duration: '0', CallDuration: '0', SipResponseCode: '486' }), 'ended 486'],
  ['twilio', twilio('no-answer', { SipResponseCode: '487' }), 'ended 480'],
  ['twilio', twilio('canceled'), 'ended 487'],
  ['twilio', twilio('failed', { SipResponseCode: '404', ErrorCode: '13224' }), 'ended 404'],
  ['twilio', twilio('failed'), 'ended 500'],
  ['twilio', amd('human'), 'human'],
  ['twilio', amd('machine_start'), 'machine'],
  ['twilio', amd('machine_end_beep'), 'machine'],
  ['twilio', amd('fax'), 'fax'],
  ['twilio', amd('unknown'), undefined],
  ['signalwire', twilio('ringing'), 'ringing'],
  ['signalwire', twilio('busy'), 'ended 486'],
  ['telnyx', telnyx('call.initiated', { direction: 'outgoing', state: 'bridging' }), undefined],
  ['telnyx', telnyx('call.answered', { state: 'answered' }), undefined],
  ['telnyx', telnyxHangUp('user_busy', '486'), 'ended 486'],
  ['telnyx', telnyxHangUp('user_busy', 'unspecified'), 'ended 486'],
  ['telnyx', telnyxHangUp('call_rejected', '603'), 'ended 603'],
  ['telnyx', telnyxHangUp('timeout', 'unspecified'), 'ended 480'],
  ['telnyx', telnyxHangUp('originator_cancel', '487'), 'ended 487'],
  ['telnyx', telnyxHangUp('not_found', '404'), 'ended 404'],
  ['telnyx', telnyxHangUp('normal_clearing', '200'), 'ended 480'],
  ['telnyx', telnyx('call.machine.detection.ended', { result: 'machine' }), 'machine'],
  ['telnyx', telnyx('call.machine.detection.ended', { result: 'not_sure' }), undefined],
  ['telnyx', telnyx('call.machine.premium.detection.ended', { result: 'human_residence' }), 'human'],
  ['telnyx', telnyx('call.machine.premium.detection.ended', { result: 'fax_detected' }), 'fax'],
  ['telnyx', telnyx('call.machine.greeting.ended', { result: 'beep_detected' }), undefined],
  ['telnyx', telnyx('streaming.stopped', {}), undefined],
  // TeXML tells in Twilio's words.
  ['telnyx', { ...twilio('completed'), CallSid: ids.telnyx, HangupSource: 'callee' }, 'ended 480'],
  ['plivo', plivo('ringing', { Event: 'Ring' }), 'ringing'],
  ['plivo', plivo('in-progress', { Event: 'StartApp' }), undefined],
  ['plivo', plivoHangUp('busy', 'USER_BUSY', '3010'), 'ended 486'],
  ['plivo', plivoHangUp('no-answer', 'NO_ANSWER', '3000'), 'ended 480'],
  ['plivo', plivoHangUp('timeout', 'NO_ANSWER', '6010'), 'ended 480'],
  ['plivo', plivoHangUp('cancel', 'ORIGINATOR_CANCEL', '1010'), 'ended 487'],
  ['plivo', plivoHangUp('failed', 'CALL_REJECTED', '3020'), 'ended 603'],
  ['plivo', plivoHangUp('failed', 'UNALLOCATED_NUMBER', '2000'), 'ended 404'],
  ['plivo', plivoHangUp('failed', 'NETWORK_OUT_OF_ORDER', '5010'), 'ended 500'],
  ['plivo', plivoHangUp('completed', 'NORMAL_CLEARING', '4000'), 'ended 480'],
  ['plivo', plivo('in-progress', { Event: 'MachineDetection', Machine: 'true', IfMachine: 'continue' }), 'machine'],
  ['plivo', plivo('in-progress', { Event: 'MachineDetection', Machine: 'false', IfMachine: 'continue' }), 'human'],
  ['vonage', vonage('started'), undefined],
  ['vonage', vonage('ringing'), 'ringing'],
  ['vonage', vonage('answered', { start_time: null, rate: null, network: 'US-FIXED' }), undefined],
  ['vonage', vonage('busy'), 'ended 486'],
  ['vonage', vonage('unanswered', { detail: 'no_answer' }), 'ended 480'],
  ['vonage', vonage('timeout'), 'ended 480'],
  ['vonage', vonage('cancelled'), 'ended 487'],
  ['vonage', vonage('rejected', { detail: 'declined' }), 'ended 603'],
  ['vonage', vonage('failed', { detail: 'unavailable' }), 'ended 500'],
  [
    'vonage',
    vonage('completed', { duration: '5', end_time: '2026-10-02T15:03:20.000Z', price: '0.001', disconnected_by: 'user' }),
    'ended 480',
  ],
  ['vonage', { call_uuid: ids.vonage, conversation_uuid: 'CON-1', from: '15550001111', to: '15552345678', status: 'machine' }, 'machine'],
  ['vonage', vonage('human', { sub_state: 'detecting' }), 'human'],
  // The leg of the stream has an end of its own.
  ['vonage', vonage('completed', { to: 'wss://voice.example.com/v1/realtime/vonage', uuid: 'other' }), undefined],
])('%s: %j is %s', (carrier, fields, expected) => {
  expect(told(carrier, fields)).toBe(expected);
});

test.each<[ProviderName, object]>([
  ['twilio', {}],
  ['twilio', { CallSid: '', CallStatus: 'busy' }],
  ['twilio', { CallSid: 'CA1', CallStatus: 'constructor' }],
  ['twilio', { CallSid: 'CA1', CallStatus: ['busy'] }],
  ['telnyx', { data: 5 }],
  ['telnyx', { data: { event_type: 'call.hangup' } }],
  ['telnyx', { data: { event_type: ['call.hangup'], payload: [] } }],
  ['plivo', { CallUUID: 'x'.repeat(600), CallStatus: 'busy' }],
  ['vonage', { uuid: 'a', status: '__proto__' }],
])('%s: of %j nothing is understood', (carrier, fields) => {
  expect(readProgress(carrier, fields as Readonly<Record<string, unknown>>)).toBeUndefined();
});
