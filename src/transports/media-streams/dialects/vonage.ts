// Vonage's WebSockets. Written from developer.vonage.com/en/voice/voice-api/concepts/websockets: sound is 16-bit little-endian samples in binary
// frames of 20 ms, everything else is JSON, and the headers of its NCCO stand among the fields of the first message.
import type { StreamDialect, StreamMessage } from '../dialect.ts';
import * as read from './fields.ts';

/** Fields of the first message that are no headers of the NCCO. */
const ownFields = new Set(['event', 'content-type', 'rate']);

export function vonageDialect(): StreamDialect {
  function started(message: read.Fields): StreamMessage {
    const contentType = read.textOf(message['content-type']);
    const format = read.formatOfContentType(contentType || 'audio/l16;rate=16000');
    if (!format || format.type !== 'audio/pcm') return read.unusable(contentType, undefined);
    const parameters = read.parametersOf(Object.fromEntries(Object.entries(message).filter(([name]) => !ownFields.has(name))));
    const { from = '', to = '', uuid = '' } = parameters;
    return { kind: 'started', start: { streamId: uuid, callId: uuid, from, to, parameters, format } };
  }

  return {
    carrier: 'vonage',
    messageMs: 20,
    aheadMs: 500,
    gapMs: 20,
    read(frame) {
      if ('bytes' in frame) return { kind: 'sound', sound: { bytes: frame.bytes } };
      const message = read.objectIn(frame.text);
      if (!message) return read.fault('a text that is no JSON object');
      switch (message['event']) {
        case 'websocket:connected':
          return started(message);
        // Its digit stands at the top, and did stand in an object of its own.
        case 'websocket:dtmf':
          return read.digitMessage(message['digit'] ?? read.objectOf(message['dtmf'])['digit']);
        case 'websocket:notify':
          return { kind: 'mark', name: read.textOf(read.objectOf(message['payload'])['mark']) };
        case 'websocket:cleared':
          return { kind: 'cleared' };
        case 'websocket:hangup':
          return { kind: 'stopped' };
        default:
          return read.fault(`an event '${read.textOf(message['event']).slice(0, 40)}' that is not known`);
      }
    },
    sound: (bytes) => ({ bytes }),
    mark: (name) => ({ text: JSON.stringify({ action: 'notify', payload: { mark: name } }) }),
    clear: () => ({ text: '{"action":"clear"}' }),
  };
}
