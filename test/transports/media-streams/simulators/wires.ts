// The providers, as their documentation has them.
import type { AudioFormat } from '../../../../src/protocol/audio-format.ts';
import type { StreamCarrier } from '../../../../src/transports/media-streams/dialect.ts';
import { base64, decoded, exactly, json, type Understood, type Wire } from './wire.ts';

const pcmu: AudioFormat = { type: 'audio/pcmu' };

/** twilio.com/docs/voice/media-streams/websocket-messages */
export function twilioWire(streamSid = 'MZ18ad3ab5a668481ce02b83e7395059f0'): Wire {
  const accountSid = 'AC72b10b7e2a0b44e1b9d4a1c0f2a3b4c5';
  const callSid = 'CA79aa2ac0b2c04b8aa6d6e6f4e9d1f2a3';
  let sequence = 0;
  const next = () => String((sequence += 1));
  return {
    format: pcmu,
    returnsCleared: true,
    opening: (token) => [
      json({ event: 'connected', protocol: 'Call', version: '1.0.0' }),
      json({
        event: 'start',
        sequenceNumber: next(),
        start: {
          accountSid,
          streamSid,
          callSid,
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: { token, FirstName: 'Jane' },
        },
        streamSid,
      }),
    ],
    sound: (bytes, index, atMs) =>
      json({
        event: 'media',
        sequenceNumber: next(),
        media: { track: 'inbound', chunk: String(index + 1), timestamp: String(atMs), payload: base64(bytes) },
        streamSid,
      }),
    digit: (digit) => json({ event: 'dtmf', streamSid, sequenceNumber: next(), dtmf: { track: 'inbound_track', digit } }),
    mark: (name) => json({ event: 'mark', sequenceNumber: next(), streamSid, mark: { name } }),
    cleared: () => undefined,
    stop: () => json({ event: 'stop', sequenceNumber: next(), streamSid, stop: { accountSid, callSid } }),
    read(frame) {
      const message = exactly(
        frame,
        {
          media: { event: 'string', streamSid: 'string', media: { payload: 'string' } },
          mark: { event: 'string', streamSid: 'string', mark: { name: 'string' } },
          clear: { event: 'string', streamSid: 'string' },
        },
        'event',
      ) as { event: string; streamSid: string; media: { payload: string }; mark: { name: string } };
      if (message.streamSid !== streamSid) throw new Error('another stream');
      if (message.event === 'media') return { kind: 'sound', bytes: decoded(message.media.payload) };
      return message.event === 'mark' ? { kind: 'mark', name: message.mark.name } : { kind: 'clear' };
    },
  };
}

/** developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket. `rate`: 16-bit samples, big-endian. */
export function telnyxWire(rate?: 16_000): Wire {
  const streamId = '32DE0DEA-53CB-4B21-89A4-9E1819C043BC';
  let sequence = 0;
  const next = () => String((sequence += 1));
  const turned = (bytes: Uint8Array) => (rate ? Buffer.from(bytes).swap16() : bytes);
  return {
    format: rate ? { type: 'audio/pcm', rate } : pcmu,
    returnsCleared: true,
    opening: (token) => [
      json({ event: 'connected', version: '1.0.0' }),
      json({
        event: 'start',
        sequence_number: next(),
        stream_id: streamId,
        start: {
          user_id: '3E6F995F-85F7-4705-9741-53B116D28237',
          call_control_id: 'v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ',
          call_session_id: 'ff55a038-6f5d-11ef-9692-02420aeffb1f',
          from: '+13122010094',
          to: '+13122123456',
          tags: ['TAG1', 'TAG2'],
          client_state: 'aGF2ZSBhIG5pY2UgZGF5ID1d',
          custom_parameters: { token, customer_id: 'customer_123' },
          media_format: { encoding: rate ? 'L16' : 'PCMU', sample_rate: rate ?? 8000, channels: 1 },
        },
      }),
    ],
    sound: (bytes, index, atMs) =>
      json({
        event: 'media',
        sequence_number: next(),
        stream_id: streamId,
        media: { track: 'inbound', chunk: String(index + 1), timestamp: String(atMs), payload: base64(turned(bytes)) },
      }),
    digit: (digit) =>
      json({ event: 'dtmf', stream_id: streamId, occurred_at: '2018-02-02T22:25:27.521992Z', sequence_number: next(), dtmf: { digit } }),
    mark: (name) => json({ event: 'mark', sequence_number: next(), stream_id: streamId, mark: { name } }),
    cleared: () => undefined,
    stop: () => json({ event: 'stop', sequence_number: next(), stream_id: streamId, stop: { user_id: 'u', call_control_id: 'c' } }),
    read(frame) {
      const message = exactly(
        frame,
        {
          media: { event: 'string', media: { payload: 'string' } },
          mark: { event: 'string', mark: { name: 'string' } },
          clear: { event: 'string' },
        },
        'event',
      ) as { event: string; media: { payload: string }; mark: { name: string } };
      if (message.event === 'media') {
        const bytes = turned(decoded(message.media.payload));
        // Between 20 ms and 30 s of sound.
        if (bytes.length < (rate ? 640 : 160)) throw new Error('a message that is too short');
        return { kind: 'sound', bytes };
      }
      return message.event === 'mark' ? { kind: 'mark', name: message.mark.name } : { kind: 'clear' };
    },
  };
}

/** plivo.com/docs/voice-agents/audio-streaming/concepts/audio-streaming-reference */
export function plivoWire(): Wire {
  const streamId = 'b77e037d-4119-44b5-902d-25826b654539';
  let sequence = 0;
  const next = () => (sequence += 1);
  return {
    format: pcmu,
    returnsCleared: false,
    opening: (token) => [
      json({
        sequenceNumber: next(),
        event: 'start',
        start: {
          callId: '0f3a9d0e-5a3f-4e6b-bd22-1e5a5b7a7f0e',
          streamId,
          accountId: '10000048',
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 },
        },
        extra_headers: JSON.stringify({ 'X-PH-token': token, 'X-PH-plan': 'gold' }),
      }),
    ],
    sound: (bytes, index, atMs) =>
      json({
        sequenceNumber: next(),
        streamId,
        event: 'media',
        media: { track: 'inbound', timestamp: String(1_688_126_580_000 + atMs), chunk: index + 1, payload: base64(bytes) },
        extra_headers: '{}',
      }),
    digit: (digit) =>
      json({
        event: 'dtmf',
        sequenceNumber: next(),
        streamId,
        dtmf: { track: 'inbound', digit, timestamp: '1688126580000' },
        extra_headers: '{}',
      }),
    mark: (name) => json({ sequenceNumber: next(), event: 'playedStream', streamId, name }),
    cleared: () => json({ sequenceNumber: next(), event: 'clearedAudio', streamId }),
    stop: () => undefined,
    read(frame) {
      const message = exactly(
        frame,
        {
          playAudio: { event: 'string', media: { contentType: 'string', sampleRate: 'number', payload: 'string' } },
          checkpoint: { event: 'string', streamId: 'string', name: 'string' },
          clearAudio: { event: 'string', streamId: 'string' },
          sendDTMF: { event: 'string', dtmf: 'string' },
        },
        'event',
      ) as { event: string; media: { contentType: string; sampleRate: number; payload: string }; name: string; dtmf: string };
      switch (message.event) {
        case 'playAudio':
          if (message.media.contentType !== 'audio/x-mulaw' || message.media.sampleRate !== 8000) throw new Error('another format');
          return { kind: 'sound', bytes: decoded(message.media.payload) };
        case 'checkpoint':
          return { kind: 'mark', name: message.name };
        case 'sendDTMF':
          return { kind: 'digits', digits: message.dtmf };
        default:
          return { kind: 'clear' };
      }
    },
  };
}

/** developer.vonage.com/en/voice/voice-api/concepts/websockets */
/** @param uuid among the headers of its NCCO; without it the stream does not say which call it is. */
export function vonageWire(rate: 8000 | 16_000 | 24_000 = 16_000, uuid = 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab'): Wire {
  return {
    format: { type: 'audio/pcm', rate },
    returnsCleared: false,
    opening: (token) => [
      json({
        event: 'websocket:connected',
        'content-type': `audio/l16;rate=${rate}`,
        ...(uuid === '' ? {} : { uuid }),
        token,
        from: '447700900001',
        to: '447700900000',
      }),
    ],
    sound: (bytes) => ({ bytes }),
    digit: (digit) => json({ event: 'websocket:dtmf', digit, duration: 260 }),
    mark: (name) => json({ event: 'websocket:notify', payload: { mark: name } }),
    cleared: () => json({ event: 'websocket:cleared' }),
    stop: () => undefined,
    read(frame) {
      if ('bytes' in frame) {
        if (frame.bytes.length !== (rate * 2 * 20) / 1000) throw new Error(`a frame of ${frame.bytes.length} bytes`);
        return { kind: 'sound', bytes: frame.bytes };
      }
      const message = exactly(
        frame,
        { notify: { action: 'string', payload: { mark: 'string' } }, clear: { action: 'string' } },
        'action',
      ) as {
        action: string;
        payload: { mark: string };
      };
      return message.action === 'notify' ? { kind: 'mark', name: message.payload.mark } : { kind: 'clear' };
    },
  };
}

/** docs.asterisk.org/Configuration/Channel-Drivers/WebSocket and channels/chan_websocket.c; `speaks` as chan_websocket.conf says. */
export function asteriskWire(speaks: 'text' | 'json' = 'text', format: 'ulaw' | 'slin16' = 'ulaw'): Wire {
  const size = format === 'ulaw' ? 160 : 640;
  const channel = { connection_id: 'media_connection1', channel: 'WebSocket/media_connection1/0x7f', channel_id: '1732896000.12' };
  const tell = (event: string, fields: Record<string, string | number>, id?: string) => {
    if (speaks === 'json') return json({ event, ...fields, ...(id !== undefined && { correlation_id: id }) });
    const words = Object.entries(fields).map(([name, value]) => `${name}:${value}`);
    return { text: [event, ...(id === undefined ? words : [id])].join(' ') };
  };
  function command(text: string): { name: string; id: string } {
    if (Buffer.byteLength(text) > 128) throw new Error('a text of more than 128 bytes');
    if (speaks === 'text') {
      const [name = '', id = ''] = text.split(/ (.*)/s);
      return { name, id };
    }
    const { command: name, correlation_id: id = '', ...more } = JSON.parse(text) as Record<string, string>;
    if (Object.keys(more).length > 0) throw new Error('an unknown key');
    return { name: String(name), id };
  }
  return {
    format: format === 'ulaw' ? pcmu : { type: 'audio/pcm', rate: 16_000 },
    returnsCleared: false,
    opening: () => [tell('MEDIA_START', { ...channel, format, optimal_frame_size: size, ptime: 20 })],
    sound: (bytes) => ({ bytes }),
    digit: (digit) => tell('DTMF_END', { digit, channel_id: channel.channel_id }),
    mark: (name) => tell('MEDIA_MARK_PROCESSED', speaks === 'json' ? { channel_id: channel.channel_id } : {}, name),
    cleared: () => undefined,
    stop: () => undefined,
    flow: (open) => tell(open ? 'MEDIA_XON' : 'MEDIA_XOFF', speaks === 'json' ? { channel_id: channel.channel_id } : {}),
    read(frame): Understood {
      if ('bytes' in frame) {
        // What does not fill a frame is dropped.
        if (frame.bytes.length % size !== 0 || frame.bytes.length > 65_500) throw new Error(`a message of ${frame.bytes.length} bytes`);
        return { kind: 'sound', bytes: frame.bytes };
      }
      const { name, id } = command(frame.text);
      if (name === 'MARK_MEDIA') return { kind: 'mark', name: id };
      if (name === 'FLUSH_MEDIA') return { kind: 'clear' };
      if (name === 'HANGUP') return { kind: 'hang up' };
      throw new Error(`command '${name}' unknown`);
    },
  };
}

/** Our own, as the head of src/transports/media-streams/dialects/plain.ts documents it. */
export function plainWire(binary = false): Wire {
  return {
    format: pcmu,
    returnsCleared: true,
    opening: (token) => [
      json({
        type: 'start',
        call_id: 'c1',
        from: '+15550001',
        to: '+15550002',
        format: { type: 'audio/pcmu' },
        parameters: { token },
        binary,
      }),
    ],
    sound: (bytes, _index, atMs) => (binary ? { bytes } : json({ type: 'audio', audio: base64(bytes), timestamp_ms: atMs })),
    digit: (digit) => json({ type: 'digit', digit }),
    mark: (name) => json({ type: 'mark', name }),
    cleared: () => undefined,
    stop: () => json({ type: 'stop' }),
    read(frame) {
      if ('bytes' in frame) {
        if (!binary) throw new Error('a binary frame where JSON is due');
        return { kind: 'sound', bytes: frame.bytes };
      }
      const message = exactly(
        frame,
        {
          ...(!binary && { audio: { type: 'string', audio: 'string' } }),
          mark: { type: 'string', name: 'string' },
          clear: { type: 'string' },
          hang_up: { type: 'string' },
        },
        'type',
      ) as { type: string; audio: string; name: string };
      if (message.type === 'audio') return { kind: 'sound', bytes: decoded(message.audio) };
      if (message.type === 'mark') return { kind: 'mark', name: message.name };
      return message.type === 'clear' ? { kind: 'clear' } : { kind: 'hang up' };
    },
  };
}

/** The same where the URL has said what the sound is. */
export function rawWire(): Wire {
  return {
    ...plainWire(true),
    opening: () => [],
    mark: () => undefined,
    read(frame) {
      if ('bytes' in frame) return { kind: 'sound', bytes: frame.bytes };
      throw new Error('a text where there is only sound');
    },
  };
}

export const wires: readonly [name: string, carrier: StreamCarrier, wire: () => Wire][] = [
  ['Twilio', 'twilio', () => twilioWire()],
  ['Telnyx', 'telnyx', () => telnyxWire()],
  ['Telnyx with 16-bit samples', 'telnyx', () => telnyxWire(16_000)],
  ['Plivo', 'plivo', plivoWire],
  ['Vonage at 8 kHz', 'vonage', () => vonageWire(8000)],
  ['Vonage at 24 kHz', 'vonage', () => vonageWire(24_000)],
  ['Asterisk', 'asterisk', () => asteriskWire()],
  ['Asterisk in JSON', 'asterisk', () => asteriskWire('json', 'slin16')],
  ['the plain dialect', 'stream', () => plainWire()],
  ['the plain dialect with binary sound', 'stream', () => plainWire(true)],
];
