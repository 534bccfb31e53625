// Telnyx' media streaming. Written from developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket: like Twilio's in snake
// case, with frames in any order, 16-bit samples big-endian (RFC 3551, 4.5.11), and no stream id in what is sent to it.
import type { AudioFormat } from '../../../protocol/audio-format.ts';
import type { StreamDialect, StreamMessage } from '../dialect.ts';
import * as read from './fields.ts';
import { connected, dtmf, jsonEvents, mark, media, stopped } from './json-events.ts';

/** @param query of its URL: parameters may stand there. */
export function telnyxDialect(query: URLSearchParams): StreamDialect {
  let format: AudioFormat = { type: 'audio/pcmu' };

  function started(message: read.Fields): StreamMessage {
    const start = read.objectOf(message['start']);
    const { encoding, sample_rate: rate } = read.objectOf(start['media_format']);
    const named = read.formatOf(read.textOf(encoding) || 'PCMU', read.numberOf(rate));
    if (!named) return read.unusable(read.textOf(encoding), rate);
    format = named;
    const callId = read.textOf(start['call_control_id']);
    const parameters = { ...read.parametersOf(Object.fromEntries(query)), ...read.parametersOf(start['custom_parameters']) };
    for (const name of ['client_state', 'call_session_id']) {
      const value = read.textOf(start[name]);
      if (value) parameters[name] ??= value;
    }
    const streamId = read.textOf(message['stream_id']) || callId;
    return {
      kind: 'started',
      start: { streamId, callId, from: read.textOf(start['from']), to: read.textOf(start['to']), parameters, format },
    };
  }

  /** Network byte order on the line, little-endian here. */
  const turned = (bytes: Uint8Array): Uint8Array =>
    format.type === 'audio/pcm' ? Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16() : bytes;

  return {
    carrier: 'telnyx',
    outlivesStream: true,
    // From 20 ms to 30 s are taken in one message.
    messageMs: 100,
    aheadMs: 500,
    gapMs: 20,
    read: jsonEvents({
      connected,
      start: started,
      media: (message) => media(message, turned),
      dtmf,
      mark,
      stop: stopped,
      error(message) {
        const { code, title } = read.objectOf(message['payload']);
        return read.fault(`error ${read.textOf(code).slice(0, 20)}: ${read.textOf(title).slice(0, 100)}`);
      },
    }),
    sound: (bytes) => ({ text: `{"event":"media","media":{"payload":"${read.base64Of(turned(bytes))}"}}` }),
    mark: (name) => ({ text: JSON.stringify({ event: 'mark', mark: { name } }) }),
    clear: () => ({ text: '{"event":"clear"}' }),
  };
}
