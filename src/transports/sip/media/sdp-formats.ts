// The formats of a section of sound: which of them are codecs of ours, and how they are written.
import { mediaLine } from '../../rtp/sdp-lines.ts';
import { type CodecName, codecs } from './media-codecs.ts';
import { everyCodec } from './media-how.ts';
import type { AudioSection, PayloadFormat } from './sdp-offer.ts';

export function isSecure({ profile }: AudioSection): boolean {
  return profile.startsWith('RTP/SAVP');
}

export function isCodec({ name, clockRateHz }: PayloadFormat, codec: CodecName): boolean {
  return name === codec.toLowerCase() && clockRateHz === codecs[codec].clockRateHz;
}

export function isAmong(formats: readonly PayloadFormat[], { name, clockRateHz }: PayloadFormat): boolean {
  return formats.some((other) => other.name === name && other.clockRateHz === clockRateHz);
}

export function formatNamed({ formats }: AudioSection, codec: CodecName): PayloadFormat | undefined {
  return formats.find((format) => isCodec(format, codec));
}

/** Keys in the clock of the voice; where there are none, those of 8 kHz, which some offer beside every codec. */
export function eventOf({ formats }: AudioSection, clockRateHz: number): PayloadFormat | undefined {
  const events = formats.filter(({ name }) => name === 'telephone-event');
  return events.find((event) => event.clockRateHz === clockRateHz) ?? events.find((event) => event.clockRateHz === 8000);
}

export function explained({ type, name, clockRateHz }: PayloadFormat): string[] {
  if (name === 'telephone-event') return [`a=rtpmap:${type} telephone-event/${clockRateHz}`, `a=fmtp:${type} 0-15`];
  if (name === 'cn') return [`a=rtpmap:${type} CN/${clockRateHz}`];
  const codec = codecs[everyCodec.find((codec) => codec.toLowerCase() === name) as CodecName];
  return [`a=rtpmap:${type} ${codec.map}`, ...(codec.parameters ? [`a=fmtp:${type} ${codec.parameters}`] : [])];
}

/** A section that is not wanted stays where it is, with the port 0 (RFC 3264, 6). */
export function rejected(head: string): string {
  const { kind, profile, formats } = mediaLine([`m=${head}`]);
  return `m=${kind} 0 ${profile} ${formats.join(' ')}`;
}
