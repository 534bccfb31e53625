// What Twilio, SignalWire, Telnyx and Plivo have in common: every message is a JSON object that says what it is in `event`, and most of them have the
// same fields in each. What differs, each dialect reads by itself.
import type { StreamDialect, StreamMessage } from '../dialect.ts';
import * as read from './fields.ts';

type ReadEvent = (message: read.Fields) => StreamMessage;

/** Reads each event by the function of its name. */
export function jsonEvents(readers: Readonly<Record<string, ReadEvent>>): StreamDialect['read'] {
  return (frame) => {
    const message = 'text' in frame ? read.objectIn(frame.text) : undefined;
    if (!message) return read.fault('a frame that is no JSON object');
    const event = read.textOf(message['event']);
    const reader = Object.hasOwn(readers, event) ? readers[event] : undefined;
    return reader ? reader(message) : read.fault(`an event '${event.slice(0, 40)}' that is not known`);
  };
}

/** `media: {track, chunk, timestamp, payload}`, with numbers that may be strings. @param decode what the payload is to us, where that is not the same. */
export function media(message: read.Fields, decode = (bytes: Uint8Array): Uint8Array => bytes): StreamMessage {
  const { track, payload, chunk, timestamp } = read.objectOf(message['media']);
  if (track === 'outbound') return read.other;
  const order = read.numberOf(chunk);
  const atMs = read.numberOf(timestamp);
  const bytes = decode(read.soundOf(payload));
  return { kind: 'sound', sound: { bytes, ...(order !== undefined && { order }), ...(atMs !== undefined && { atMs }) } };
}

/** `dtmf: {digit}` */
export function dtmf(message: read.Fields): StreamMessage {
  return read.digitMessage(read.objectOf(message['dtmf'])['digit']);
}

/** `mark: {name}` */
export function mark(message: read.Fields): StreamMessage {
  return { kind: 'mark', name: read.textOf(read.objectOf(message['mark'])['name']) };
}

export function connected(): StreamMessage {
  return { kind: 'connected' };
}

export function stopped(): StreamMessage {
  return { kind: 'stopped' };
}
