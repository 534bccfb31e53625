// Plivo's audio streaming. Written from plivo.com/docs/voice-agents/audio-streaming/concepts/audio-streaming-reference. Its times are those of the
// wall, in milliseconds; what a clear throws away is not told by its checkpoint; and it presses keys when asked.
import { type AudioFormat, sampleRateHz } from '../../../protocol/audio-format.ts';
import type { StreamDialect, StreamMessage } from '../dialect.ts';
import * as read from './fields.ts';
import { dtmf, jsonEvents, media, stopped } from './json-events.ts';

export function plivoDialect(): StreamDialect {
  let streamId = '';
  let beforePayload = '';

  function started(message: read.Fields): StreamMessage {
    const start = read.objectOf(message['start']);
    const { encoding, sampleRate } = read.objectOf(start['mediaFormat']);
    const format = read.formatOf(read.textOf(encoding) || 'audio/x-l16', read.numberOf(sampleRate));
    if (!format || format.type === 'audio/pcma') return read.unusable(read.textOf(encoding), sampleRate);
    streamId = read.textOf(start['streamId']) || read.textOf(message['streamId']);
    beforePayload = `{"event":"playAudio","media":{"contentType":"${contentTypeOf(format)}","sampleRate":${sampleRateHz(format)},"payload":"`;
    const parameters = headersOf(message['extra_headers'] ?? start['extra_headers']);
    const { from = '', to = '' } = parameters;
    return { kind: 'started', start: { streamId, callId: read.textOf(start['callId']), from, to, parameters, format } };
  }

  return {
    carrier: 'plivo',
    outlivesStream: true,
    messageMs: 100,
    aheadMs: 500,
    // Stamped when it was sent: a busy moment over there is no gap in the sound.
    gapMs: 100,
    read: jsonEvents({
      start: started,
      media,
      dtmf,
      playedStream: (message) => ({ kind: 'mark', name: read.textOf(message['name']) }),
      clearedAudio: () => ({ kind: 'cleared' }),
      // Not in the reference, and in Plivo's own examples: the connection ends after it.
      stop: stopped,
      incorrectPayload: () => read.fault('a payload of ours that it calls incorrect'),
    }),
    sound: (bytes) => ({ text: `${beforePayload}${read.base64Of(bytes)}"}}` }),
    mark: (name) => ({ text: JSON.stringify({ event: 'checkpoint', streamId, name }) }),
    clear: () => ({ text: JSON.stringify({ event: 'clearAudio', streamId }) }),
    digits: (digits) => ({ text: JSON.stringify({ event: 'sendDTMF', dtmf: digits }) }),
  };
}

function contentTypeOf(format: AudioFormat): string {
  return format.type === 'audio/pcmu' ? 'audio/x-mulaw' : 'audio/x-l16';
}

/** The extra headers of a stream come back as one text: JSON, or `name=value` with commas or semicolons between. Their names may have got a prefix. */
function headersOf(value: unknown): Record<string, string> {
  const text = read.textOf(value);
  const fields = read.objectIn(text) ?? Object.fromEntries(text.split(/[,;]/).flatMap((each) => pairOf(each)));
  return Object.fromEntries(Object.entries(read.parametersOf(fields)).map(([name, each]) => [name.replace(/^X-PH-/i, ''), each]));
}

function pairOf(text: string): [string, string][] {
  const at = text.indexOf('=');
  return at <= 0 ? [] : [[text.slice(0, at).trim(), text.slice(at + 1).trim()]];
}
