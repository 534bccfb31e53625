// Which offers are answered (RFC 8829), and what of them the stack gets to see: the few lines it needs, written the one way it reads well,
// however the caller wrote them. Knows lines, no library. An offer that cannot be answered is refused with a sentence its author can act upon.
import { candidatesToCheck } from './candidates.ts';
import { CallError } from '../calls/call.ts';
import {
  codecs,
  cut,
  type Description,
  directionOf,
  has,
  joined,
  type Lines,
  linesOf,
  mediaLine,
  opusOf,
  values,
} from '../rtp/sdp-lines.ts';

/** A browser's offer has a few kilobytes. */
const MOST_CHARACTERS = 100_000;
const MOST_SECTIONS = 16;

/** RFC 8829, 5.1.2: an offer may name any of these; whether it is protected, its fingerprint says. */
const rtpProfile = /^((UDP|TCP)\/D?TLS\/)?RTP\/S?AVPF?$/i;
const dataProfile = /^((UDP|TCP)\/)?DTLS\/SCTP$/i;

export interface Offer {
  /** As the stack is given it: only lines it answers, only candidates it may check. */
  readonly sdp: string;
  /** Whether there is an audio line; in which directions it is used is said below. */
  readonly audio: boolean;
  /** The payload type of the keys a caller presses, where it can tell of them at Opus's clock rate. */
  readonly digitType: number | undefined;
  readonly callerSends: boolean;
  readonly callerHears: boolean;
  /** Whether the caller insists on beginning the handshake itself. */
  readonly callerBegins: boolean;
  /** The longest message the caller's data channel takes, in bytes. */
  readonly mostMessageBytes: number;
  readonly echo: Echo;
}

/** What the answer repeats of the offer's own spelling. */
export interface Echo {
  /** One for each media line of the offer, in their order. */
  readonly sections: readonly EchoedSection[];
  readonly allowsMixedExtensions: boolean;
}

export interface EchoedSection {
  readonly answered: boolean;
  /** The offer's `m=` line. */
  readonly head: string;
  /** Undefined where the offer gave the line no name. */
  readonly mid: string | undefined;
  readonly muxed: boolean;
}

/** `mayCheck` says which of the caller's addresses may be checked by ourselves. @throws CallError `rejected`. */
export function readOffer(text: string, mayCheck: (host: string) => boolean): Offer {
  if (text.length > MOST_CHARACTERS) throw refusal(`The offer is longer than ${MOST_CHARACTERS} characters.`);
  const lines = linesOf(text);
  if (lines[0] !== 'v=0') throw refusal("The offer is no session description: it must begin with 'v=0'.");
  const description = cut(lines);
  const { session, sections } = description;
  if (sections.length === 0)
    throw refusal("The offer has no media: it needs an audio line ('m=audio') or a data channel ('m=application').");
  if (sections.length > MOST_SECTIONS)
    throw refusal(`The offer has ${sections.length} media lines; ${MOST_SECTIONS} are too many already.`);
  checkNames(sections);
  const audio = audioOf(description);
  const data = dataOf(sections, audio !== undefined);
  if (!audio && !data) throw refusal('The offer has neither audio nor a data channel that is not rejected (port 0).');
  const answered = sections.filter((section) => section === audio || section === data);
  for (const section of answered) checkTransport(description, section);
  const direction = audio && (directionOf(audio) ?? directionOf(session) ?? 'sendrecv');
  return {
    sdp: joined(shown(description, answered, audio, mayCheck)),
    audio: audio !== undefined,
    digitType: audio && digitType(audio),
    callerSends: direction === 'sendrecv' || direction === 'sendonly',
    callerHears: direction === 'sendrecv' || direction === 'recvonly',
    callerBegins: answered.slice(0, 1).some((section) => setupOf(description, section) === 'active'),
    mostMessageBytes: data ? messageBytes(data) : 0,
    echo: {
      sections: sections.map((section) => ({
        answered: answered.includes(section),
        head: section[0] as string,
        mid: midOf(section),
        muxed: has(section, 'rtcp-mux'),
      })),
      allowsMixedExtensions: has(session, 'extmap-allow-mixed') || answered.some((section) => has(section, 'extmap-allow-mixed')),
    },
  };
}

function refusal(message: string): CallError {
  return new CallError('rejected', message);
}

function isRejected(section: Lines): boolean {
  // With port 0 and `bundle-only` it is offered all the same, only not on its own (RFC 9143, 6).
  return mediaLine(section).port === 0 && !has(section, 'bundle-only');
}

function midOf(section: Lines): string | undefined {
  return values(section, 'mid').find((mid) => mid !== '');
}

function checkNames(sections: readonly Lines[]): void {
  const mids = sections.flatMap((section) => midOf(section) ?? []);
  const twice = mids.find((mid, index) => mids.indexOf(mid) !== index);
  if (twice !== undefined) throw refusal(`Two of the offer's media lines have the same name (a=mid:${twice}).`);
}

/** The line for the sound: of those that have Opus, the first that goes both ways, or else the first that is used at all. */
function audioOf({ session, sections }: Description): Lines | undefined {
  const offered = sections.filter((section) => mediaLine(section).kind === 'audio' && !isRejected(section));
  if (offered.length === 0) return undefined;
  const usable = offered.filter((section) => opusOf(section) !== undefined);
  if (usable.length === 0) throw refusal("The offer's audio has no Opus (a=rtpmap:... opus/48000/2), the only codec there is.");
  const direction = (section: Lines) => directionOf(section) ?? directionOf(session) ?? 'sendrecv';
  return (
    usable.find((section) => direction(section) === 'sendrecv') ?? usable.find((section) => direction(section) !== 'inactive') ?? usable[0]
  );
}

/** The line for the data channel. Data of another kind is turned down where there is sound to be answered. */
function dataOf(sections: readonly Lines[], soundIsOffered: boolean): Lines | undefined {
  const offered = sections.filter((section) => mediaLine(section).kind === 'application' && !isRejected(section));
  const channel = offered.find((section) => {
    const { profile, formats } = mediaLine(section);
    return dataProfile.test(profile) && (formats[0] === 'webrtc-datachannel' || values(section, 'sctpmap').length > 0);
  });
  if (channel || offered.length === 0 || soundIsOffered) return channel;
  throw refusal("The offer's data channel is not one of WebRTC (UDP/DTLS/SCTP webrtc-datachannel).");
}

/**
 * Lines about the transport: a section's own; or, in a bundle, those of the section that leads it, since the others need not repeat them
 * (RFC 9143, 7.1.3); or those that stand for all sections together.
 */
function transportLines({ session, sections }: Description, section: Lines, name: string): string[] {
  const mid = midOf(section);
  const bundle = values(session, 'group')
    .map((group) => group.split(/\s+/))
    .find(([semantics, ...mids]) => semantics === 'BUNDLE' && mid !== undefined && mids.includes(mid));
  const leader = bundle && sections.find((other) => midOf(other) === bundle[1]);
  const places = [section, ...(leader ? [leader] : []), session];
  return places.map((lines) => values(lines, name)).find((found) => found.length > 0) ?? [];
}

function checkTransport(description: Description, section: Lines): void {
  const { kind, profile } = mediaLine(section);
  if (kind === 'audio' && !rtpProfile.test(profile)) throw refusal(`The offer's audio is not sent as WebRTC sends it: '${section[0]}'.`);
  for (const name of ['ice-ufrag', 'ice-pwd']) {
    if (transportLines(description, section, name).length > 0) continue;
    throw refusal(`The offer's ${kind} has no ICE credentials (a=ice-ufrag, a=ice-pwd).`);
  }
  if (transportLines(description, section, 'fingerprint').length === 0) {
    throw refusal(`The offer's ${kind} is not protected by DTLS: it has no certificate fingerprint (a=fingerprint).`);
  }
  const setup = setupOf(description, section);
  if (!['active', 'passive', 'actpass'].includes(setup)) {
    throw refusal(`The offer's ${kind} has 'a=setup:${setup}', with which no connection is made; it must be actpass, active or passive.`);
  }
}

/** Who begins the handshake. Where nothing is said, we may choose. */
function setupOf(description: Description, section: Lines): string {
  return transportLines(description, section, 'setup')[0]?.toLowerCase() ?? 'actpass';
}

/** The offer written anew. Lines that are turned down are not shown: what is answered to them needs no stack. */
function shown(
  description: Description,
  answered: readonly Lines[],
  audio: Lines | undefined,
  mayCheck: (host: string) => boolean,
): string[] {
  const { session } = description;
  const mids = answered.map((section) => midOf(section) ?? freeName(description, section));
  const bundles = values(session, 'group').flatMap((group) => {
    const [semantics, ...named] = group.split(/\s+/);
    const kept = named.filter((mid) => mids.includes(mid));
    return semantics === 'BUNDLE' && kept.length > 0 ? [`a=group:BUNDLE ${kept.join(' ')}`] : [];
  });
  const common = [...bundles, ...['ice-lite', 'extmap-allow-mixed'].filter((flag) => has(session, flag)).map((flag) => `a=${flag}`)];
  return [
    'v=0',
    session.find((line) => line.startsWith('o=')) ?? 'o=- 0 0 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    ...common,
    ...answered.flatMap((section, index) => {
      const transport = ['ice-ufrag', 'ice-pwd', 'ice-options', 'fingerprint'].flatMap((name) =>
        transportLines(description, section, name).map((value) => `a=${name}:${value}`),
      );
      const lines = [...transport, `a=setup:${setupOf(description, section)}`, `a=mid:${mids[index]}`];
      const [head, ...own] = section === audio ? audioLines(section, session) : dataLines(section);
      return [head as string, 'c=IN IP4 0.0.0.0', ...lines, ...own, ...candidatesToCheck(section, mayCheck)];
    }),
  ];
}

/** A name for a line that has none, which no other has. */
function freeName({ sections }: Description, section: Lines): string {
  let name = `${sections.indexOf(section)}`;
  while (sections.some((other) => midOf(other) === name)) name += '-';
  return name;
}

function audioLines(section: Lines, session: Lines): string[] {
  const opus = opusOf(section)?.type as string;
  const digits = digitType(section);
  const types = [opus, ...(digits === undefined ? [] : [`${digits}`])];
  const about = new RegExp(`^a=(fmtp|rtcp-fb):(${types.join('|')}) |^a=rtcp-fb:\\* |^a=(msid|extmap|ssrc|ssrc-group):`);
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${types.join(' ')}`,
    `a=${directionOf(section) ?? directionOf(session) ?? 'sendrecv'}`,
    'a=rtcp-mux',
    `a=rtpmap:${opus} opus/48000/2`,
    ...(digits === undefined ? [] : [`a=rtpmap:${digits} telephone-event/48000`]),
    ...section.filter((line) => about.test(line)),
  ];
}

function dataLines(section: Lines): string[] {
  // The older way of writing it has the port in the media line.
  const port = values(section, 'sctp-port')[0] ?? mediaLine(section).formats.find((format) => /^\d+$/.test(format)) ?? '5000';
  const limit = values(section, 'max-message-size').map((bytes) => `a=max-message-size:${bytes}`);
  return ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', `a=sctp-port:${port}`, ...limit];
}

function digitType(section: Lines): number | undefined {
  const found = codecs(section).find(({ name }) => /^telephone-event\/48000(\/1)?$/i.test(name));
  return found && Number(found.type);
}

function messageBytes(section: Lines): number {
  const stated = values(section, 'max-message-size').find((bytes) => /^\d+$/.test(bytes));
  // RFC 8841, 6.1: 64 KB where nothing is said, and no limit at 0.
  return stated === undefined ? 65_536 : Number(stated) || Number.POSITIVE_INFINITY;
}
