// Session descriptions (RFC 8866, 8829): which offers are answered and what of them the stack gets to see, and the answer as the caller gets
// it. Knows lines, no library. An offer that cannot be answered is refused with a sentence its author can act upon.
import { isIP } from 'node:net';
import { CallError } from './media.ts';

/** A browser's offer has a few kilobytes. */
const MOST_CHARACTERS = 100_000;
const MOST_SECTIONS = 16;
/** Addresses of a caller that are tried by ourselves; it tries ours anyway. */
const MOST_CANDIDATES = 20;

export interface Offer {
  /** As the stack is given it: only lines it can answer, only candidates worth trying. */
  readonly sdp: string;
  /** Whether there is an audio line; in which directions it is used is said below. */
  readonly audio: boolean;
  /** The payload type of the keys a caller presses, where it can tell of them at Opus's clock rate. */
  readonly digitType: number | undefined;
  readonly callerSends: boolean;
  readonly callerHears: boolean;
  /** The longest message the caller's data channel takes, in bytes. */
  readonly mostMessageBytes: number;
}

export interface AnswerOptions {
  /** Candidates of this machine with other addresses are left out. */
  readonly addresses: readonly string[];
  /** Written instead of this machine's own address. */
  readonly publicAddress: string | undefined;
}

/** @throws CallError `rejected`. */
export function readOffer(text: string): Offer {
  if (text.length > MOST_CHARACTERS) throw refusal(`The offer is longer than ${MOST_CHARACTERS} characters.`);
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines[0] !== 'v=0') throw refusal("The offer is no session description: it must begin with 'v=0'.");
  const { session, sections } = cut(lines);
  if (sections.length === 0)
    throw refusal("The offer has no media: it needs an audio line ('m=audio') or a data channel ('m=application').");
  if (sections.length > MOST_SECTIONS)
    throw refusal(`The offer has ${sections.length} media lines; ${MOST_SECTIONS} are too many already.`);
  const audio = sections.find((section) => kindOf(section) === 'audio' && !isRejected(section));
  const data = sections.find((section) => kindOf(section) === 'application' && !isRejected(section));
  if (!audio && !data) throw refusal('The offer has neither audio nor a data channel that is not rejected (port 0).');
  for (const section of sections) {
    if (!['audio', 'video', 'application'].includes(kindOf(section))) {
      throw refusal(`The offer has a media line of a kind that is not supported: '${kindOf(section)}'.`);
    }
  }
  for (const section of [audio, data]) if (section) checkTransport(session, section);
  if (audio) checkAudio(audio);
  if (data && !/ (UDP|TCP)\/DTLS\/SCTP webrtc-datachannel$/.test(data[0] as string) && !data[0]?.includes(' DTLS/SCTP ')) {
    throw refusal("The offer's data channel is not one of WebRTC (UDP/DTLS/SCTP webrtc-datachannel).");
  }
  const shown = sections.map((section) => (section === audio || section === data ? opened(section) : closed(section)));
  return {
    sdp: joined([...session, ...shown.flat()]),
    audio: audio !== undefined,
    digitType: audio && digitType(audio),
    callerSends: audio !== undefined && !saysAnyOf(audio, ['a=recvonly', 'a=inactive']),
    callerHears: audio !== undefined && !saysAnyOf(audio, ['a=sendonly', 'a=inactive']),
    mostMessageBytes: data ? messageBytes(data) : 0,
  };
}

/** The stack's answer as the caller gets it: what Opus shall do, and the addresses under which this machine can be reached. */
export function finishAnswer(sdp: string, { addresses, publicAddress }: AnswerOptions): string {
  const { session, sections } = cut(sdp.split(/\r?\n/).filter((line) => line !== ''));
  const finished = sections.map((section) => withOpusFormat(withCandidates(section, addresses, publicAddress)));
  return joined([...session, ...finished.flat()]);
}

function refusal(message: string): CallError {
  return new CallError('rejected', message);
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\r\n`).join('');
}

function cut(lines: readonly string[]): { session: string[]; sections: string[][] } {
  const session: string[] = [];
  const sections: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([line]);
    else (sections.at(-1) ?? session).push(line);
  }
  return { session, sections };
}

function kindOf(section: readonly string[]): string {
  return /^m=(\S*)/.exec(section[0] ?? '')?.[1] ?? '';
}

function isRejected(section: readonly string[]): boolean {
  // With port 0 and `bundle-only` it is offered all the same, only not on its own (RFC 9143, 6).
  return /^m=\S+ 0[ /]/.test(section[0] ?? '') && !section.includes('a=bundle-only');
}

function saysAnyOf(section: readonly string[], lines: readonly string[]): boolean {
  return section.some((line) => lines.includes(line));
}

function checkTransport(session: readonly string[], section: readonly string[]): void {
  const has = (start: string) => section.some((line) => line.startsWith(start)) || session.some((line) => line.startsWith(start));
  const kind = kindOf(section);
  if (!/ (UDP|TCP)\/TLS\/RTP\/SAVPF? | (UDP\/|TCP\/)?DTLS\/SCTP /.test(section[0] ?? '')) {
    throw refusal(`The offer's ${kind} is not protected by DTLS: '${section[0]}'.`);
  }
  if (!has('a=ice-ufrag:') || !has('a=ice-pwd:')) throw refusal(`The offer's ${kind} has no ICE credentials (a=ice-ufrag, a=ice-pwd).`);
  if (!has('a=fingerprint:')) throw refusal(`The offer's ${kind} has no certificate fingerprint (a=fingerprint).`);
  if (!has('a=mid:')) throw refusal(`The offer's ${kind} has no name (a=mid).`);
}

function checkAudio(section: readonly string[]): void {
  if (opusType(section) === undefined) throw refusal("The offer's audio has no Opus (a=rtpmap:... opus/48000/2), the only codec there is.");
  if (!section.includes('a=rtcp-mux')) throw refusal("The offer's audio wants RTCP on a port of its own; it must say a=rtcp-mux.");
}

/** The payload type of the first Opus. */
function opusType(section: readonly string[]): string | undefined {
  return section.map((line) => /^a=rtpmap:(\d+) opus\/48000(\/2)?$/i.exec(line)?.[1]).find((type) => type !== undefined);
}

function digitType(section: readonly string[]): number | undefined {
  const type = section.map((line) => /^a=rtpmap:(\d+) telephone-event\/48000$/i.exec(line)?.[1]).find((found) => found !== undefined);
  return type === undefined ? undefined : Number(type);
}

function messageBytes(section: readonly string[]): number {
  const stated = section.map((line) => /^a=max-message-size:(\d+)$/.exec(line)?.[1]).find((bytes) => bytes !== undefined);
  // RFC 8841, 6.1: 64 KB where nothing is said, and no limit at 0.
  return stated === undefined ? 65_536 : Number(stated) || Number.POSITIVE_INFINITY;
}

/** A line that is answered, with the candidates that are worth trying; there may be none, since the caller tries ours. */
function opened(section: readonly string[]): string[] {
  const [head = '', ...rest] = section;
  let candidates = 0;
  const kept = rest.filter((line) => {
    // More may come by themselves, as the caller's own checks.
    if (line === 'a=end-of-candidates') return false;
    if (!line.startsWith('a=candidate:')) return true;
    candidates += 1;
    return candidates <= MOST_CANDIDATES && isWorthTrying(line);
  });
  return [head.replace(/^(m=\S+) 0 /, '$1 9 '), ...kept];
}

/**
 * A name (mDNS mostly) would have to be asked for, in a network that is not the caller's; and nobody but the caller may make this machine
 * open connections.
 */
function isWorthTrying(line: string): boolean {
  const [, , protocol = '', , host = ''] = line.split(' ');
  return isIP(host) !== 0 && protocol.toLowerCase() === 'udp';
}

/** A line that is answered with a refusal of its own, while the others go on. */
function closed(section: readonly string[]): string[] {
  const [head = '', ...rest] = section;
  const dropped = /^a=(candidate|end-of-candidates|ssrc|bundle-only|simulcast|rid)/;
  return [head.replace(/^(m=\S+) \S+ /, '$1 0 '), ...rest.filter((line) => !dropped.test(line))];
}

function withOpusFormat(section: readonly string[]): string[] {
  const type = kindOf(section) === 'audio' ? opusType(section) : undefined;
  if (type === undefined) return [...section];
  // No `usedtx`: a microphone that goes on and on tells a silent caller from one who is gone.
  return section.flatMap((line) => {
    if (line.startsWith(`a=fmtp:${type} `)) return [];
    return line.startsWith(`a=rtpmap:${type} `) ? [line, `a=fmtp:${type} minptime=10;useinbandfec=1`] : [line];
  });
}

function withCandidates(section: readonly string[], addresses: readonly string[], publicAddress: string | undefined): string[] {
  const seen = new Set<string>();
  let chosen: { host: string; port: string } | undefined;
  const lines = section.flatMap((line) => {
    if (!line.startsWith('a=candidate:')) return [line];
    const parts = line.split(' ');
    const [, , protocol = '', , host = '', port = '', , type] = parts;
    if (type === 'host') {
      // Nobody needs to be told of connections that this machine would open.
      if (!addresses.includes(host) || line.includes(' tcptype active')) return [];
      if (publicAddress !== undefined) {
        // One for each protocol: all sockets of this machine are behind the same address.
        if (isIP(host) !== isIP(publicAddress) || seen.has(protocol)) return [];
        seen.add(protocol);
        parts[4] = publicAddress;
      }
    } else if (publicAddress !== undefined) {
      hideRelated(parts);
    }
    if (protocol.toLowerCase() === 'udp') chosen ??= { host: parts[4] as string, port };
    return [parts.join(' ')];
  });
  return chosen ? lines.map((line) => withDefault(line, chosen as { host: string; port: string })) : lines;
}

/** Where a candidate comes from is nobody's business behind a public address. */
function hideRelated(parts: string[]): void {
  const address = parts.indexOf('raddr') + 1;
  const port = parts.indexOf('rport') + 1;
  if (address > 0) parts[address] = '0.0.0.0';
  if (port > 0) parts[port] = '0';
}

/** For those who read no candidates. */
function withDefault(line: string, { host, port }: { host: string; port: string }): string {
  if (line.startsWith('m=')) return line.replace(/^(m=\S+) [1-9]\d* /, `$1 ${port} `);
  return line.startsWith('c=') ? `c=IN IP${isIP(host)} ${host}` : line;
}
