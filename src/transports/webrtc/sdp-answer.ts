// The stack's answer as the caller gets it (RFC 8829, 5.3): in the spelling of the caller's offer, with every line of the offer answered, what
// Opus shall do, and the addresses under which this machine can be reached.
import { isIP } from 'node:net';
import type { Echo, EchoedSection } from './sdp.ts';
import { cut, joined, type Lines, linesOf, mediaLine, opusOf } from '../rtp/sdp-lines.ts';

export interface AnswerOptions {
  /** Candidates of this machine with other addresses are left out. */
  readonly addresses: readonly string[];
  /** Written instead of this machine's own address. */
  readonly publicAddress: string | undefined;
}

export function finishAnswer(sdp: string, echo: Echo, { addresses, publicAddress }: AnswerOptions): string {
  const { session, sections } = cut(linesOf(sdp));
  const answers = sections.values();
  const finished = echo.sections.map((section) => {
    const answer = section.answered ? answers.next().value : undefined;
    return answer ? respelled(withOpusFormat(withCandidates(answer, addresses, publicAddress)), section) : rejected(section);
  });
  return joined([...session.filter((line) => line !== 'a=extmap-allow-mixed' || echo.allowsMixedExtensions), ...finished.flat()]);
}

/** A line that is answered with a refusal of its own, while the others go on. */
function rejected({ head, mid }: EchoedSection): string[] {
  const { kind, profile, formats } = mediaLine([head]);
  return [`m=${kind} 0 ${profile} ${formats.join(' ')}`, 'c=IN IP4 0.0.0.0', 'a=inactive', ...(mid === undefined ? [] : [`a=mid:${mid}`])];
}

/** The profile is the offer's to choose, and nothing is agreed upon that the offer did not propose. */
function respelled(answer: Lines, { head, mid, muxed }: EchoedSection): string[] {
  const offered = mediaLine([head]);
  const { kind, port, formats } = mediaLine(answer);
  const older = kind === 'application' && offered.formats[0] !== 'webrtc-datachannel';
  const lines = answer.slice(1).flatMap((line) => {
    if (mid === undefined && line.startsWith('a=mid:')) return [];
    if (kind === 'audio' && !muxed && /^a=rtcp(-mux$|:)/.test(line)) return [];
    if (older && line.startsWith('a=sctp-port:')) return [`a=sctpmap:${offered.formats[0]} webrtc-datachannel 65535`];
    return [line];
  });
  return [`m=${kind} ${port} ${offered.profile} ${(older ? offered.formats : formats).join(' ')}`, ...lines];
}

function withOpusFormat(section: Lines): string[] {
  const type = mediaLine(section).kind === 'audio' ? opusOf(section)?.type : undefined;
  if (type === undefined) return [...section];
  // No `usedtx`: a microphone that goes on and on tells a silent caller from one who is gone.
  return section.flatMap((line) => {
    if (line.startsWith(`a=fmtp:${type} `)) return [];
    return line.startsWith(`a=rtpmap:${type} `) ? [line, `a=fmtp:${type} minptime=10;useinbandfec=1`] : [line];
  });
}

function withCandidates(section: Lines, addresses: readonly string[], publicAddress: string | undefined): string[] {
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
