// Asterisk's chan_websocket. Written from docs.asterisk.org/Configuration/Channel-Drivers/WebSocket and channels/chan_websocket.c: sound is binary
// and of whole frames, everything else is text, plain or JSON as its configuration says, of 128 characters at most. Asterisk paces what it is sent.
import type { AudioFormat, PcmRate } from '../../../protocol/audio-format.ts';
import type { StreamDialect, StreamMessage } from '../dialect.ts';
import * as read from './fields.ts';

/** Its names of signed linear sound have the rate in kHz behind them. */
const linearRates: Record<string, PcmRate> = {
  slin: 8000,
  slin16: 16000,
  slin24: 24000,
  slin32: 32000,
  slin44: 44100,
  slin48: 48000,
};

/** @param query of its URL, to which the option `v(…)` of its dial string adds parameters: who calls whom stands there if anywhere. */
export function asteriskDialect(query: URLSearchParams): StreamDialect {
  /** It is told in the form in which it speaks. */
  let speaks: 'text' | 'json' = 'text';
  const command = (name: string, id?: string) => {
    if (speaks === 'text') return { text: id === undefined ? name : `${name} ${id}` };
    return { text: JSON.stringify({ command: name, ...(id !== undefined && { correlation_id: id }) }) };
  };

  function started(fields: read.Fields): StreamMessage {
    const name = read.textOf(fields['format']);
    const format = formatOf(name);
    if (!format) return read.unusable(name, undefined);
    const parameters = {
      ...read.parametersOf(Object.fromEntries(query)),
      ...read.parametersOf(fields['channel_variables']),
      channel: read.textOf(fields['channel']),
    };
    const from = query.get('from') ?? '';
    const to = query.get('to') ?? '';
    const callId = read.textOf(fields['channel_id']) || read.textOf(fields['channel']);
    return { kind: 'started', start: { streamId: read.textOf(fields['connection_id']), callId, from, to, parameters, format } };
  }

  return {
    carrier: 'asterisk',
    messageMs: 100,
    // It takes twenty seconds and throws them away when told to; more than this is of no use.
    aheadMs: 1000,
    gapMs: 20,
    read(frame) {
      if ('bytes' in frame) return { kind: 'sound', sound: { bytes: frame.bytes } };
      const message = messageIn(frame.text);
      if (!message) return read.fault('a text that is no notification');
      const { event, fields } = message;
      switch (event) {
        case 'MEDIA_START':
          speaks = message.speaks;
          return started(fields);
        case 'DTMF_END':
          return read.digitMessage(fields['digit']);
        case 'MEDIA_MARK_PROCESSED':
          return { kind: 'mark', name: read.textOf(fields['correlation_id']) };
        case 'MEDIA_XOFF':
          return { kind: 'flow', open: false };
        case 'MEDIA_XON':
          return { kind: 'flow', open: true };
        case 'MEDIA_BUFFERING_COMPLETED':
        case 'QUEUE_DRAINED':
        case 'STATUS':
          return read.other;
        case 'ERROR':
          return read.fault(`an error: ${read.textOf(fields['error_text']).slice(0, 100)}`);
        default:
          return read.fault(`a notification '${event.slice(0, 40)}' that is not known`);
      }
    },
    sound: (bytes) => ({ bytes }),
    mark: (name) => command('MARK_MEDIA', name),
    clear: () => command('FLUSH_MEDIA'),
    hangUp: () => command('HANGUP'),
  };
}

function formatOf(name: string): AudioFormat | undefined {
  const rate = linearRates[name];
  if (rate) return read.pcm(rate);
  return name === 'ulaw' || name === 'alaw' ? read.formatOf(name, 8000) : undefined;
}

interface Notification {
  readonly event: string;
  readonly fields: read.Fields;
  readonly speaks: 'text' | 'json';
}

/** `MEDIA_START connection_id:… format:ulaw`, or the same as JSON. */
function messageIn(text: string): Notification | undefined {
  if (text.startsWith('{')) {
    const fields = read.objectIn(text);
    return fields && { event: read.textOf(fields['event']), fields, speaks: 'json' };
  }
  const [event = '', ...words] = text.trim().split(' ', 64);
  if (!/^[A-Z_]+$/.test(event)) return undefined;
  const pairs = words.flatMap((word) => {
    const at = word.indexOf(':');
    return at > 0 ? [[word.slice(0, at), word.slice(at + 1)] as const] : [];
  });
  const fields: Record<string, unknown> = Object.fromEntries(pairs);
  // The id of a mark stands there without a name, and what an error says is several words.
  if (event === 'MEDIA_MARK_PROCESSED') fields['correlation_id'] = words.join(' ');
  if (event === 'ERROR') fields['error_text'] = words.join(' ').replace(/^.*error_text:/, '');
  return { event, fields, speaks: 'text' };
}
