// Our own plain dialect, for whoever has sound and a WebSocket and none of the providers' protocols. In JSON:
//   to us    {"type":"start","call_id","from","to","format":{"type":"audio/pcmu"},"parameters":{},"binary":false}, {"type":"audio","audio":base64,
//            "timestamp_ms"}, {"type":"digit","digit"}, {"type":"mark","name"}, {"type":"stop"}
//   from us  {"type":"audio","audio"}, {"type":"mark","name"} (to be sent back when all before it was played, or cleared), {"type":"clear"}, {"type":"hang_up"}
// With "binary": true sound is in binary frames, both ways. With `?format=pcmu|pcma|l16&rate=8000` in the URL there is no start and nothing but sound
// from us: what has been sent cannot be taken back.
import { audioFormat } from '../../../protocol/audio-format.ts';
import type { StreamDialect, StreamMessage, StreamStart } from '../dialect.ts';
import * as read from './fields.ts';

/** Sound that cannot be taken back: an interruption is heard so much later. */
const rawAheadMs = 200;

export function plainDialect(query: URLSearchParams): StreamDialect {
  const raw = rawStart(query);
  let isBinary = raw !== undefined;

  function started(message: read.Fields): StreamMessage {
    const format = audioFormat.safeParse(message['format'] ?? 'audio/pcmu');
    if (!format.success) return { kind: 'unusable', reason: 'its `format` is none of audio/pcmu, audio/pcma and audio/pcm with a rate' };
    isBinary = message['binary'] === true;
    const callId = read.textOf(message['call_id']);
    const parameters = read.parametersOf(message['parameters']);
    const from = read.textOf(message['from']);
    const to = read.textOf(message['to']);
    return { kind: 'started', start: { streamId: callId, callId, from, to, parameters, format: format.data } };
  }

  return {
    carrier: 'stream',
    messageMs: 100,
    aheadMs: raw ? rawAheadMs : 500,
    gapMs: 20,
    ...(raw && { atOnce: raw }),
    read(frame) {
      if ('bytes' in frame) return { kind: 'sound', sound: { bytes: frame.bytes } };
      const message = read.objectIn(frame.text);
      if (!message) return read.fault('a text that is no JSON object');
      switch (message['type']) {
        case 'start':
          return raw ? read.other : started(message);
        case 'audio': {
          const atMs = read.numberOf(message['timestamp_ms']);
          return { kind: 'sound', sound: { bytes: read.soundOf(message['audio']), ...(atMs !== undefined && { atMs }) } };
        }
        case 'digit':
          return read.digitMessage(message['digit']);
        case 'mark':
          return { kind: 'mark', name: read.textOf(message['name']) };
        case 'stop':
          return { kind: 'stopped' };
        default:
          return read.fault(`a type '${read.textOf(message['type']).slice(0, 40)}' that is not known`);
      }
    },
    sound: (bytes) => (isBinary ? { bytes } : { text: `{"type":"audio","audio":"${read.base64Of(bytes)}"}` }),
    ...(!raw && {
      mark: (name: string) => ({ text: JSON.stringify({ type: 'mark', name }) }),
      clear: () => ({ text: '{"type":"clear"}' }),
      hangUp: () => ({ text: '{"type":"hang_up"}' }),
    }),
  };
}

function rawStart(query: URLSearchParams): StreamStart | undefined {
  const named = query.get('format');
  const format = named === null ? undefined : read.formatOf(named, read.numberOf(query.get('rate') ?? 8000));
  if (!format) return undefined;
  const callId = (query.get('call_id') ?? '').slice(0, 200);
  const parameters = read.parametersOf(Object.fromEntries(query));
  return { streamId: callId, callId, from: parameters['from'] ?? '', to: parameters['to'] ?? '', parameters, format };
}
