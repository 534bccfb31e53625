// A description of a telephone call's sound (RFC 8866, RFC 3264) as its far side wrote it, offer or answer: which sections there are, and
// what each of sound says. It decides nothing, and knows no policy.
import { isIP, SocketAddress } from 'node:net';
import { CallError } from '../../calls/call.ts';
import { cut, type Direction, directionOf, has, type Lines, linesOf, mediaLine, values } from '../../rtp/sdp-lines.ts';
import { type CryptoLine, readCryptoLines } from './crypto-lines.ts';

const MOST_CHARACTERS = 65_536;
const MOST_SECTIONS = 16;
const MOST_FORMATS = 64;

/** Payload types that need no explanation (RFC 3551, 6). */
const known: Readonly<Record<string, string>> = { 0: 'PCMU/8000', 8: 'PCMA/8000', 13: 'CN/8000' };

export interface PayloadFormat {
  readonly type: number;
  /** In small letters. */
  readonly name: string;
  readonly clockRateHz: number;
}

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface AudioSection {
  /** Its number among the sections. */
  readonly at: number;
  readonly profile: string;
  /** Where packets go; undefined where none may be sent to (`c=0.0.0.0`), or the address is a name, which a packet has to tell. */
  readonly place: Place | undefined;
  readonly rtcpPlace: Place | undefined;
  readonly mux: boolean;
  readonly direction: Direction;
  /** Old telephones say with the address 0.0.0.0 that the call is on hold (RFC 3264, 8.4). */
  readonly isNowhere: boolean;
  readonly formats: readonly PayloadFormat[];
  readonly keys: readonly CryptoLine[];
  /** Whether there were keys, of whatever kind. */
  readonly hadKeys: boolean;
}

export interface Description {
  /** The heads of all sections, `m=` left out. */
  readonly heads: readonly string[];
  /** Those of sound that are wanted, in their order. */
  readonly audio: readonly AudioSection[];
  readonly time: string;
}

/** @throws CallError with the status 400 or 488. */
export function readDescription(text: string): Description {
  if (text.length > MOST_CHARACTERS) throw refused(400, 'The session description is longer than 64 KiB.');
  const lines = linesOf(text);
  if (lines[0] !== 'v=0') throw refused(400, 'The session description does not begin with v=0.');
  const { session, sections } = cut(lines);
  if (sections.length === 0) throw refused(400, 'The session description has no media section.');
  if (sections.length > MOST_SECTIONS) throw refused(488, `The session description has more than ${MOST_SECTIONS} media sections.`);
  return {
    heads: sections.map(([head = '']) => head.slice('m='.length)),
    audio: sections.flatMap((section, at) => readAudio(section, session, at) ?? []),
    time: session.find((line) => /^t=\d+ \d+$/.test(line)) ?? 't=0 0',
  };
}

export function refused(status: 400 | 415 | 488, message: string): CallError {
  return new CallError('rejected', message, { status });
}

/** Undefined for what is no sound, or was refused by whoever wrote it. */
function readAudio(section: Lines, session: Lines, at: number): AudioSection | undefined {
  const { kind, port, profile, formats } = mediaLine(section);
  if (kind !== 'audio' || port === 0) return undefined;
  if (!(port > 0 && port < 65_536)) throw refused(400, `The port of media section ${at + 1} is no port.`);
  if (formats.length > MOST_FORMATS) throw refused(488, `Media section ${at + 1} has more than ${MOST_FORMATS} formats.`);
  const address = addressOf(section) ?? addressOf(session);
  if (address === undefined) throw refused(400, `Media section ${at + 1} has no connection address (c=).`);
  const isNowhere = address === '0.0.0.0' || address === '::';
  const mux = has(section, 'rtcp-mux');
  const place = isNowhere || isIP(address) === 0 ? undefined : sendable({ address, port }, at);
  const keys = values(section, 'crypto');
  return {
    at,
    profile: profile.toUpperCase(),
    place,
    rtcpPlace: place && sendable(mux ? place : rtcpPlaceOf(section, place), at),
    mux,
    direction: directionOf(section) ?? directionOf(session) ?? 'sendrecv',
    isNowhere,
    formats: formats.flatMap((type) => formatOf(section, type) ?? []),
    keys: readCryptoLines(keys),
    hadKeys: keys.length > 0,
  };
}

function addressOf(lines: Lines): string | undefined {
  const line = lines.find((line) => line.startsWith('c='));
  const [, address] = /^c=IN\s+IP[46]\s+([^\s/]+)/i.exec(line ?? '') ?? [];
  return address === undefined ? undefined : plain(address);
}

/** An address of version 6 as the system writes it: there are many ways. */
function plain(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

/** RFC 3605: `a=rtcp:<port>`, with an address where it is another one; else the port after that of the sound. */
function rtcpPlaceOf(section: Lines, { address, port }: Place): Place {
  const [, rtcpPort, other = address] = /^(\d{1,5})(?:\s+IN\s+IP[46]\s+(\S+))?$/i.exec(values(section, 'rtcp')[0] ?? '') ?? [];
  return {
    address: isIP(other) === 0 ? address : plain(other),
    port: rtcpPort === undefined ? Math.min(port + 1, 65_535) : Number(rtcpPort),
  };
}

/** Sound is for one listener: who names a group of them, or everybody, would have us send to whoever is there. */
function sendable(place: Place, at: number): Place {
  const first = Number(place.address.split('.')[0]);
  const isMany = isIP(place.address) === 4 ? first >= 224 : /^ff/i.test(place.address);
  if (isMany) throw refused(488, `The connection address of media section ${at + 1} is that of more than one machine.`);
  return place;
}

function formatOf(section: Lines, type: string): PayloadFormat | undefined {
  if (!/^\d{1,3}$/.test(type) || Number(type) > 127) return undefined;
  const named = values(section, 'rtpmap').find((value) => value.split(/\s+/, 1)[0] === type);
  const [, name, rate] = /^([^/\s]+)\/(\d{1,6})/.exec(named?.split(/\s+/)[1] ?? known[type] ?? '') ?? [];
  return name === undefined ? undefined : { type: Number(type), name: name.toLowerCase(), clockRateHz: Number(rate) };
}
