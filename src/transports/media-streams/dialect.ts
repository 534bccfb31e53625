// The plug of a provider's way to stream a call over a WebSocket: what its frames mean, and what is sent to it. It keeps no sound and no time.
import type { AudioFormat } from '../../protocol/audio-format.ts';
import type { PhoneCarrier } from '../calls/phone-call.ts';

/** Carriers whose calls come as media streams. `stream` is anybody who speaks the plain dialect of this server. */
export type StreamCarrier = Exclude<PhoneCarrier, 'sip'>;
export const streamCarriers = [
  'twilio',
  'signalwire',
  'telnyx',
  'plivo',
  'vonage',
  'asterisk',
  'stream',
] as const satisfies StreamCarrier[];

/** One WebSocket message, either way. */
export type StreamFrame = { readonly text: string } | { readonly bytes: Uint8Array };

/** What is known of a call when its stream begins. What a provider does not tell is empty. */
export interface StreamStart {
  readonly streamId: string;
  /** By which the provider's REST API knows the call. */
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  /** What the provider was told to pass on, and what it tells of its own. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of the sound, both ways. 16-bit samples are little-endian on our side of a dialect. */
  readonly format: AudioFormat;
}

export interface StreamSound {
  readonly bytes: Uint8Array;
  /** Its place among the frames of the stream, where the provider counts them and may send them out of order. */
  readonly order?: number;
  /** When it was spoken by the provider's clock, whose origin means nothing. */
  readonly atMs?: number;
}

export type StreamMessage =
  | { readonly kind: 'connected' }
  | { readonly kind: 'started'; readonly start: StreamStart }
  | { readonly kind: 'sound'; readonly sound: StreamSound }
  | { readonly kind: 'digit'; readonly digit: string }
  /** All sound before that mark was played, or thrown away by a clear. */
  | { readonly kind: 'mark'; readonly name: string }
  | { readonly kind: 'cleared' }
  /** Whether the provider takes more sound. */
  | { readonly kind: 'flow'; readonly open: boolean }
  | { readonly kind: 'stopped' }
  /** It makes sense, and is of no use here. */
  | { readonly kind: 'other' }
  /** It says that something of ours was wrong, or makes no sense itself. The call goes on. */
  | { readonly kind: 'fault'; readonly reason: string }
  /** There can be no call: its sound is in nothing we know. */
  | { readonly kind: 'unusable'; readonly reason: string };

export interface StreamDialect {
  readonly carrier: StreamCarrier;
  /** The most sound of one message. Whole frames of 20 ms. */
  readonly messageMs: number;
  /** Sound that may wait at the provider. */
  readonly aheadMs: number;
  /** So much between the times of two frames is a gap and not the provider's inaccuracy. */
  readonly gapMs: number;
  /** The call goes on when its stream ends: it is hung up by the provider's REST API. */
  readonly outlivesStream?: true;
  /** Of a stream that begins with its connection, without a word. */
  readonly atOnce?: StreamStart;
  /** Never throws, whatever comes. */
  read(frame: StreamFrame): StreamMessage;
  /** This and the following hold once the stream has started. */
  sound(bytes: Uint8Array): StreamFrame;
  /** Asks to be told when the sound before it was played; without it the clock is believed. */
  mark?(name: string): StreamFrame;
  /** Throws away what has not been played; without it what was sent will be heard. */
  clear?(): StreamFrame;
  /** Has the provider press these keys (0 to 9, *, #, A to D); without it they are played as tones. */
  digits?(digits: string): StreamFrame;
  /** Asks the provider to end the call, where closing the connection does not. */
  hangUp?(): StreamFrame;
}
