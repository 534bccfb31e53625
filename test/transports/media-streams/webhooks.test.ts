// What the webhooks of providers say of a call.
import { expect, test } from 'vitest';
import { readWebhook } from '../../../src/transports/media-streams/webhooks.ts';

const initiated = (direction: string, type = 'call.initiated') => ({
  data: { event_type: type, payload: { call_control_id: 'v3:abc', from: '+15550001', to: '+15550002', direction, state: 'parked' } },
});

test.each([
  ['twilio', { CallSid: 'CA1', AccountSid: 'AC1', From: '+15550001', To: '+15550002', CallStatus: 'ringing' }, 'CA1'],
  ['signalwire', { CallSid: 'c-1', From: '+15550001', To: '+15550002' }, 'c-1'],
  ['telnyx', { CallSid: 'v3:abc', From: '+15550001', To: '+15550002' }, 'v3:abc'],
  ['telnyx', initiated('incoming'), 'v3:abc'],
  ['plivo', { CallUUID: 'u-1', From: '15550001', To: '15550002', Direction: 'inbound' }, 'u-1'],
  ['vonage', { uuid: 'aaaa', conversation_uuid: 'CON-1', from: '15550001', to: '15550002' }, 'aaaa'],
] as const)('%s: %j is a call', (carrier, fields, callId) => {
  expect(readWebhook(carrier, fields)).toEqual({ callId, from: '+15550001', to: '+15550002' });
});

test.each([
  ['twilio', {}],
  ['twilio', { CallSid: 5 }],
  ['plivo', { CallUUID: '' }],
  ['vonage', { uuid: 'x'.repeat(501) }],
  ['telnyx', initiated('outgoing')],
  ['telnyx', initiated('incoming', 'call.hangup')],
  ['telnyx', { data: { event_type: 'call.initiated' } }],
] as const)('%s: %j is none', (carrier, fields) => {
  expect(readWebhook(carrier, fields)).toBeUndefined();
});

test.each(['Anonymous', 'anonymous', 'RESTRICTED', 'unknown', '+266696687', '+86282452253', '', undefined])(
  'a caller %j is nobody',
  (From) => {
    expect(readWebhook('twilio', { CallSid: 'CA1', From, To: '100' })).toEqual({ callId: 'CA1', from: '', to: '100' });
  },
);

test('addresses stay as they are', () => {
  expect(readWebhook('twilio', { CallSid: 'CA1', From: 'sip:alice@example.com', To: 'client:bob' })).toMatchObject({
    from: 'sip:alice@example.com',
    to: 'client:bob',
  });
});
