// The messages of each provider as its documentation prints them, and what we say to it, byte for byte.
import { expect, test } from 'vitest';
import type { StreamCarrier, StreamDialect, StreamFrame, StreamMessage } from '../../../src/transports/media-streams/dialect.ts';
import { dialectOf } from '../../../src/transports/media-streams/dialects/choose.ts';

const none = new URLSearchParams();
const hello = new Uint8Array([0x7f, 0xff, 0x01, 0x02]);

function read(dialect: StreamDialect, text: string): StreamMessage {
  return dialect.read({ text });
}

function started(carrier: StreamCarrier, text: string, query = none): { dialect: StreamDialect; message: StreamMessage } {
  const dialect = dialectOf(carrier, query);
  return { dialect, message: read(dialect, text) };
}

/** Text as it is, bytes as hex. */
function written(frame: StreamFrame | undefined): string {
  if (!frame) return 'nothing';
  return 'text' in frame ? frame.text : `hex ${Buffer.from(frame.bytes).toString('hex')}`;
}

const twilioStart =
  '{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":' +
  '{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"FirstName":"Jane","RemoteParty":"Bob"}},"streamSid":"MZ1"}';

test('Twilio: what it says', () => {
  const { dialect, message } = started('twilio', twilioStart);
  expect(message).toEqual({
    kind: 'started',
    start: {
      streamId: 'MZ1',
      callId: 'CA1',
      from: '',
      to: '',
      parameters: { FirstName: 'Jane', RemoteParty: 'Bob' },
      format: { type: 'audio/pcmu' },
    },
  });
  expect(read(dialect, '{"event":"connected","protocol":"Call","version":"1.0.0"}')).toEqual({ kind: 'connected' });
  expect(
    read(
      dialect,
      '{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"f/8BAg=="},"streamSid":"MZ1"}',
    ),
  ).toEqual({ kind: 'sound', sound: { bytes: Buffer.from(hello), order: 1, atMs: 5 } });
  expect(read(dialect, '{"event":"media","media":{"track":"outbound","chunk":"1","timestamp":"5","payload":"f/8BAg=="}}')).toEqual({
    kind: 'other',
  });
  expect(read(dialect, '{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}')).toEqual({
    kind: 'digit',
    digit: '1',
  });
  expect(read(dialect, '{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"my label"}}')).toEqual({
    kind: 'mark',
    name: 'my label',
  });
  expect(read(dialect, '{"event":"stop","sequenceNumber":"5","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"MZ1"}')).toEqual({
    kind: 'stopped',
  });
});

test('Twilio: what is said to it', () => {
  const { dialect } = started('twilio', twilioStart);
  expect(written(dialect.sound(hello))).toBe('{"event":"media","streamSid":"MZ1","media":{"payload":"f/8BAg=="}}');
  expect(written(dialect.mark?.('g0-1'))).toBe('{"event":"mark","streamSid":"MZ1","mark":{"name":"g0-1"}}');
  expect(written(dialect.clear?.())).toBe('{"event":"clear","streamSid":"MZ1"}');
  expect(dialect.digits).toBeUndefined();
  expect(dialect.hangUp).toBeUndefined();
});

test('SignalWire: Twilio with wider sound', () => {
  const { dialect, message } = started(
    'signalwire',
    '{"event":"start","start":{"streamSid":"S1","callSid":"C1","mediaFormat":{"encoding":"audio/x-L16","sampleRate":24000,"channels":1}},"streamSid":"S1"}',
  );
  expect(message).toMatchObject({ start: { format: { type: 'audio/pcm', rate: 24_000 } } });
  expect(dialect.carrier).toBe('signalwire');
  expect(written(dialect.sound(hello))).toBe('{"event":"media","streamSid":"S1","media":{"payload":"f/8BAg=="}}');
});

const telnyxStart = (format: string) =>
  '{"event":"start","sequence_number":"1","start":{"user_id":"3E6F995F-85F7-4705-9741-53B116D28237","call_control_id":"v2:T02","client_state":' +
  `"aGF2ZSBhIG5pY2UgZGF5ID1d","custom_parameters":{"customer_id":"customer_123"},"from":"+13122010094","to":"+13122123456","media_format":${format}},` +
  '"stream_id":"32DE0DEA-53CB-4B21-89A4-9E1819C043BC"}';

test('Telnyx: what it says', () => {
  const { dialect, message } = started('telnyx', telnyxStart('{"encoding":"PCMU","sample_rate":8000,"channels":1}'));
  expect(message).toEqual({
    kind: 'started',
    start: {
      streamId: '32DE0DEA-53CB-4B21-89A4-9E1819C043BC',
      callId: 'v2:T02',
      from: '+13122010094',
      to: '+13122123456',
      parameters: { customer_id: 'customer_123', client_state: 'aGF2ZSBhIG5pY2UgZGF5ID1d' },
      format: { type: 'audio/pcmu' },
    },
  });
  expect(read(dialect, '{"event":"connected","version":"1.0.0"}')).toEqual({ kind: 'connected' });
  expect(
    read(
      dialect,
      '{"event":"media","sequence_number":"4","media":{"track":"inbound","chunk":"2","timestamp":"5","payload":"f/8BAg=="},"stream_id":"32DE"}',
    ),
  ).toEqual({ kind: 'sound', sound: { bytes: Buffer.from(hello), order: 2, atMs: 5 } });
  expect(
    read(
      dialect,
      '{"event":"dtmf","stream_id":"32DE","occurred_at":"2018-02-02T22:25:27.521992Z","sequence_number":"5","dtmf":{"digit":"1"}}',
    ),
  ).toEqual({ kind: 'digit', digit: '1' });
  expect(read(dialect, '{"event":"mark","sequence_number":"4","stream_id":"32DE","mark":{"name":"n"}}')).toEqual({
    kind: 'mark',
    name: 'n',
  });
  expect(
    read(
      dialect,
      '{"event":"error","payload":{"code":100003,"title":"malformed_frame","detail":"The frame you\'ve sent was not a valid JSON"},"stream_id":"32DE"}',
    ),
  ).toEqual({ kind: 'fault', reason: 'error 100003: malformed_frame' });
  expect(
    read(dialect, '{"event":"stop","sequence_number":"5","stop":{"user_id":"3E6F","call_control_id":"v2:T02"},"stream_id":"32DE"}'),
  ).toEqual({
    kind: 'stopped',
  });
});

test('Telnyx: parameters may stand in the URL', () => {
  const { message } = started(
    'telnyx',
    telnyxStart('{"encoding":"PCMU","sample_rate":8000}'),
    new URLSearchParams('plan=gold&customer_id=x'),
  );
  expect(message).toMatchObject({ start: { parameters: { plan: 'gold', customer_id: 'customer_123' } } });
});

test("Telnyx: what is said to it has no stream id, as in Inworld's example", () => {
  const { dialect } = started('telnyx', telnyxStart('{"encoding":"PCMU","sample_rate":8000,"channels":1}'));
  expect(written(dialect.sound(hello))).toBe('{"event":"media","media":{"payload":"f/8BAg=="}}');
  expect(written(dialect.mark?.('g0-1'))).toBe('{"event":"mark","mark":{"name":"g0-1"}}');
  expect(written(dialect.clear?.())).toBe('{"event":"clear"}');
});

test('Telnyx: a start without a stream id, and 16-bit samples in network order', () => {
  const { dialect, message } = started(
    'telnyx',
    '{"event":"start","start":{"call_control_id":"v2:T02","media_format":{"encoding":"L16","sample_rate":16000,"channels":1}}}',
  );
  expect(message).toMatchObject({ start: { streamId: 'v2:T02', format: { type: 'audio/pcm', rate: 16_000 } } });
  expect(written(dialect.sound(new Uint8Array([1, 2, 3, 4])))).toBe('{"event":"media","media":{"payload":"AgEEAw=="}}');
  expect(read(dialect, '{"event":"media","media":{"payload":"AgEEAw=="}}')).toEqual({
    kind: 'sound',
    sound: { bytes: Buffer.from([1, 2, 3, 4]) },
  });
});

const plivoStart = (headers: string, format = '{"encoding":"audio/x-mulaw","sampleRate":8000}') =>
  '{"sequenceNumber":0,"event":"start","start":{"callId":"0a1b","streamId":"b77e","accountId":"10000048","tracks":["inbound"],"mediaFormat":' +
  `${format}},"extra_headers":${JSON.stringify(headers)}}`;

test('Plivo: what it says', () => {
  const { dialect, message } = started('plivo', plivoStart('{}'));
  expect(message).toEqual({
    kind: 'started',
    start: { streamId: 'b77e', callId: '0a1b', from: '', to: '', parameters: {}, format: { type: 'audio/pcmu' } },
  });
  expect(
    read(
      dialect,
      '{"sequenceNumber":1,"streamId":"b77e","event":"media","media":{"track":"inbound","timestamp":"1688126580210","chunk":1,"payload":"f/8BAg=="},"extra_headers":"{}"}',
    ),
  ).toEqual({ kind: 'sound', sound: { bytes: Buffer.from(hello), order: 1, atMs: 1_688_126_580_210 } });
  expect(
    read(
      dialect,
      '{"event":"dtmf","sequenceNumber":2,"streamId":"b77e","dtmf":{"track":"inbound","digit":"5","timestamp":"1688126580210"}}',
    ),
  ).toEqual({ kind: 'digit', digit: '5' });
  expect(read(dialect, '{"sequenceNumber":3,"event":"playedStream","streamId":"b77e","name":"g0-1"}')).toEqual({
    kind: 'mark',
    name: 'g0-1',
  });
  expect(read(dialect, '{"sequenceNumber":4,"event":"clearedAudio","streamId":"b77e"}')).toEqual({ kind: 'cleared' });
});

test('Plivo: what is said to it', () => {
  const { dialect } = started('plivo', plivoStart('{}'));
  expect(written(dialect.sound(hello))).toBe(
    '{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":8000,"payload":"f/8BAg=="}}',
  );
  expect(written(dialect.mark?.('g0-1'))).toBe('{"event":"checkpoint","streamId":"b77e","name":"g0-1"}');
  expect(written(dialect.clear?.())).toBe('{"event":"clearAudio","streamId":"b77e"}');
  expect(written(dialect.digits?.('12#'))).toBe('{"event":"sendDTMF","dtmf":"12#"}');
  const wide = started('plivo', plivoStart('{}', '{"encoding":"audio/x-l16","sampleRate":16000}')).dialect;
  expect(written(wide.sound(hello))).toBe(
    '{"event":"playAudio","media":{"contentType":"audio/x-l16","sampleRate":16000,"payload":"f/8BAg=="}}',
  );
});

test.each([
  ['{"X-PH-plan":"gold","token":"t"}', { plan: 'gold', token: 't' }],
  ['plan=gold,token=t', { plan: 'gold', token: 't' }],
  ['X-PH-plan=gold;X-PH-token=t', { plan: 'gold', token: 't' }],
  ['', {}],
  ['=,;', {}],
])('Plivo: the extra headers %s are parameters', (headers, parameters) => {
  expect(started('plivo', plivoStart(headers)).message).toMatchObject({ start: { parameters } });
});

test('Vonage: what it says', () => {
  const { dialect, message } = started(
    'vonage',
    '{"event":"websocket:connected","content-type":"audio/l16;rate=16000","prop1":"value1","prop2":"value2","uuid":"aaaa-bbbb"}',
  );
  expect(message).toEqual({
    kind: 'started',
    start: {
      streamId: 'aaaa-bbbb',
      callId: 'aaaa-bbbb',
      from: '',
      to: '',
      parameters: { prop1: 'value1', prop2: 'value2', uuid: 'aaaa-bbbb' },
      format: { type: 'audio/pcm', rate: 16_000 },
    },
  });
  expect(dialect.read({ bytes: hello })).toEqual({ kind: 'sound', sound: { bytes: hello } });
  expect(read(dialect, '{"event":"websocket:dtmf","digit":"5","duration":260}')).toEqual({ kind: 'digit', digit: '5' });
  expect(read(dialect, '{"event":"websocket:dtmf","dtmf":{"digit":"#"}}')).toEqual({ kind: 'digit', digit: '#' });
  expect(read(dialect, '{"event":"websocket:notify","payload":{"mark":"g0-1"}}')).toEqual({ kind: 'mark', name: 'g0-1' });
  expect(read(dialect, '{"event":"websocket:cleared"}')).toEqual({ kind: 'cleared' });
});

test('Vonage: what is said to it', () => {
  const { dialect } = started('vonage', '{"event":"websocket:connected","content-type":"audio/l16;rate=8000"}');
  expect(written(dialect.sound(hello))).toBe('hex 7fff0102');
  expect(written(dialect.mark?.('g0-1'))).toBe('{"action":"notify","payload":{"mark":"g0-1"}}');
  expect(written(dialect.clear?.())).toBe('{"action":"clear"}');
});

const mediaStart =
  'MEDIA_START connection_id:media_connection1 channel:WebSocket/media_connection1/0x7f channel_id:1732896000.12 format:ulaw optimal_frame_size:160 ptime:20';

test('Asterisk: what it says in plain text', () => {
  const { dialect, message } = started('asterisk', mediaStart, new URLSearchParams('from=%2B15550001&to=100&queue=sales'));
  expect(message).toEqual({
    kind: 'started',
    start: {
      streamId: 'media_connection1',
      callId: '1732896000.12',
      from: '+15550001',
      to: '100',
      parameters: { from: '+15550001', to: '100', queue: 'sales', channel: 'WebSocket/media_connection1/0x7f' },
      format: { type: 'audio/pcmu' },
    },
  });
  expect(dialect.read({ bytes: hello })).toEqual({ kind: 'sound', sound: { bytes: hello } });
  expect(read(dialect, 'DTMF_END digit:# channel_id:1732896000.12')).toEqual({ kind: 'digit', digit: '#' });
  expect(read(dialect, 'MEDIA_MARK_PROCESSED g0-1')).toEqual({ kind: 'mark', name: 'g0-1' });
  expect(read(dialect, 'MEDIA_XOFF')).toEqual({ kind: 'flow', open: false });
  expect(read(dialect, 'MEDIA_XON')).toEqual({ kind: 'flow', open: true });
  expect(read(dialect, 'STATUS channel_id:1 queue_length:43 xon_level:800 xoff_level:900 queue_full:false')).toEqual({ kind: 'other' });
  expect(read(dialect, 'ERROR channel_id:1 error_text:MARK_MEDIA not supported in passthrough mode')).toEqual({
    kind: 'fault',
    reason: 'an error: MARK_MEDIA not supported in passthrough mode',
  });
});

test('Asterisk: what is said to it, in the form in which it speaks', () => {
  const plain = started('asterisk', mediaStart).dialect;
  expect([plain.sound(hello), plain.mark?.('g0-1'), plain.clear?.(), plain.hangUp?.()].map(written)).toEqual([
    'hex 7fff0102',
    'MARK_MEDIA g0-1',
    'FLUSH_MEDIA',
    'HANGUP',
  ]);
  const json = started(
    'asterisk',
    '{"event":"MEDIA_START","connection_id":"c1","channel":"WebSocket/c1/0x7f","channel_id":"1.2","format":"slin16","optimal_frame_size":640,' +
      '"ptime":20,"channel_variables":{"CALLER":"alice"}}',
  );
  expect(json.message).toMatchObject({ start: { format: { type: 'audio/pcm', rate: 16_000 }, parameters: { CALLER: 'alice' } } });
  expect([json.dialect.mark?.('g0-1'), json.dialect.clear?.(), json.dialect.hangUp?.()].map(written)).toEqual([
    '{"command":"MARK_MEDIA","correlation_id":"g0-1"}',
    '{"command":"FLUSH_MEDIA"}',
    '{"command":"HANGUP"}',
  ]);
  expect(read(json.dialect, '{"event":"MEDIA_MARK_PROCESSED","channel_id":"1.2","correlation_id":"g0-1"}')).toEqual({
    kind: 'mark',
    name: 'g0-1',
  });
  expect(read(json.dialect, '{"event":"DTMF_END","channel_id":"1.2","digit":"5"}')).toEqual({ kind: 'digit', digit: '5' });
});

test('the plain dialect: sound and nothing else, when the URL says what it is', () => {
  const dialect = dialectOf('stream', new URLSearchParams('format=l16&rate=16000&call_id=c7&from=alice'));
  expect(dialect.atOnce).toMatchObject({ callId: 'c7', from: 'alice', format: { type: 'audio/pcm', rate: 16_000 } });
  expect(written(dialect.sound(hello))).toBe('hex 7fff0102');
  expect([dialect.mark, dialect.clear, dialect.hangUp]).toEqual([undefined, undefined, undefined]);
  expect(read(dialect, '{"type":"digit","digit":"4"}')).toEqual({ kind: 'digit', digit: '4' });
  expect(dialectOf('stream', new URLSearchParams('format=mp3')).atOnce).toBeUndefined();
});

test.each<[carrier: StreamCarrier, text: string, reason: string]>([
  [
    'twilio',
    '{"event":"start","start":{"mediaFormat":{"encoding":"audio/opus","sampleRate":48000}}}',
    'its sound is audio/opus at 48000 Hz',
  ],
  ['telnyx', telnyxStart('{"encoding":"G722","sample_rate":8000,"channels":1}'), 'its sound is G722 at 8000 Hz'],
  ['telnyx', telnyxStart('{"encoding":"L16","sample_rate":11025,"channels":1}'), 'its sound is L16 at 11025 Hz'],
  ['plivo', plivoStart('', '{"encoding":"audio/x-alaw","sampleRate":8000}'), 'its sound is audio/x-alaw at 8000 Hz'],
  ['vonage', '{"event":"websocket:connected","content-type":"audio/opus"}', 'its sound is audio/opus'],
  ['asterisk', 'MEDIA_START connection_id:c1 channel:x format:opus optimal_frame_size:0', 'its sound is opus'],
  ['stream', '{"type":"start","format":"audio/mp3"}', 'its `format` is none of audio/pcmu, audio/pcma and audio/pcm with a rate'],
])('%s: a call in a sound that no session hears cannot be had: %s', (carrier, text, reason) => {
  expect(started(carrier, text).message).toEqual({ kind: 'unusable', reason });
});

/** Whatever comes, reading it ends in a message. */
const nonsense = [
  '',
  '{',
  'null',
  '[]',
  '5',
  '"start"',
  '{}',
  '{"event":null}',
  '{"event":"start"}',
  '{"event":"start","start":5}',
  '{"event":"media"}',
  '{"event":"media","media":{"payload":5,"chunk":"x","timestamp":"NaN"}}',
  '{"event":"dtmf","dtmf":{"digit":"12"}}',
  '{"event":"mark","mark":"x"}',
  '{"event":"__proto__"}',
  '{"event":"websocket:dtmf","digit":{}}',
  'MEDIA_START',
  'DTMF_END',
  'MEDIA_MARK_PROCESSED',
  'media_start format:ulaw',
  `{"event":"${'x'.repeat(60_000)}"}`,
  `{"event":"start","start":${'['.repeat(5000)}${']'.repeat(5000)}}`,
  '\u0000\ud800',
];

test.each(['twilio', 'signalwire', 'telnyx', 'plivo', 'vonage', 'asterisk', 'stream'] as const)(
  '%s: nonsense is a fault of theirs and never ours',
  (carrier) => {
    const messages = nonsense.map((text) => dialectOf(carrier, none).read({ text }));
    expect(messages.map(({ kind }) => kind).filter((kind) => !/^(fault|other|sound|mark|started|unusable)$/.test(kind))).toEqual([]);
    const reasons = messages.flatMap((message) => ('reason' in message ? message.reason : []));
    expect(Math.max(...reasons.map(({ length }) => length))).toBeLessThan(200);
    const sounds = messages.flatMap((message) => (message.kind === 'sound' ? message.sound : []));
    expect(sounds.filter(({ bytes, ...rest }) => bytes.length > 0 || Object.keys(rest).length > 0)).toEqual([]);
  },
);

test('parameters are bounded in number and length', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`p${at}`, 'x'.repeat(5000)]));
  const { message } = started('twilio', JSON.stringify({ event: 'start', start: { customParameters: many } }));
  const parameters = message.kind === 'started' ? Object.values(message.start.parameters) : [];
  expect(parameters).toHaveLength(64);
  expect(parameters.every((value) => value.length === 2000)).toBe(true);
});
