// Offers as browsers make them, cut down to the lines that matter.
import { isIP } from 'node:net';

const transport = [
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:sMcy',
  'a=ice-pwd:xzeC11OPZjkHNrzQpazkqHN+',
  'a=ice-options:trickle',
  'a=fingerprint:sha-256 E4:1A:7A:CC:0C:38:4B:D9:24:0D:A6:6A:47:50:C3:4A:56:F2:12:B1:68:0E:3E:0F:CF:E7:43:E7:9B:3C:81:8E',
  'a=setup:actpass',
];

/** Every address may be checked. */
export const anywhere = (host: string) => isIP(host) !== 0;

export const candidates = [
  'a=candidate:1 1 udp 2122194687 192.0.2.9 40001 typ host generation 0 network-id 1',
  'a=candidate:2 1 udp 2122265343 6f4e8d2a-1f6b-4b6e-9d3c-0a1b2c3d4e5f.local 40002 typ host generation 0 network-id 2',
  'a=candidate:3 1 tcp 1518214911 192.0.2.9 9 typ host tcptype active generation 0 network-id 1',
  'a=candidate:4 1 tcp 1518214911 192.0.2.9 443 typ host tcptype passive generation 0 network-id 1',
  'a=candidate:5 1 udp 1677729535 203.0.113.4 50000 typ srflx raddr 0.0.0.0 rport 0 generation 0',
];

export const audio = (mid: number | string = 0, direction = 'sendrecv') => [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126',
  ...transport,
  `a=mid:${mid}`,
  'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  `a=${direction}`,
  'a=msid:ef861aa9-8a98-4b5c-8817-4f9885148c73 a8f319d3-597e-43a8-aae4-724e02f550dc',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=rtcp-fb:111 transport-cc',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  'a=rtpmap:0 PCMU/8000',
  'a=ssrc:1526169262 cname:RqfZXnWKj9e5MBM/',
];

export const data = (mid: number | string = 1) => [
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  ...transport,
  `a=mid:${mid}`,
  'a=sctp-port:5000',
  'a=max-message-size:262144',
];

export const video = (mid: number | string = 2) => [
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
  ...transport,
  `a=mid:${mid}`,
  'a=sendrecv',
  'a=rtcp-mux',
  'a=rtpmap:96 VP8/90000',
  'a=rtcp-fb:96 nack',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=ssrc-group:FID 1023025760 3776691298',
  'a=ssrc:1023025760 cname:JQP1ZXOM3TiYeApR',
  'a=ssrc:3776691298 cname:JQP1ZXOM3TiYeApR',
];

/** All of it bundled, as browsers do. */
export function offer(...sections: readonly string[][]): string {
  const mids = sections.flat().flatMap((line) => /^a=mid:(.*)$/.exec(line)?.[1] ?? []);
  const session = ['v=0', 'o=- 4182585158327373084 2 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mids.join(' ')}`];
  return [...session, ...sections.flat(), ''].join('\r\n');
}
