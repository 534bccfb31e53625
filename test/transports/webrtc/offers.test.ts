// Every stack's offer is answered, by the stack that answers calls, and the answer keeps the rules: RFC 3264 and 8829 for its lines, 5763 for
// the handshake, 7587 for Opus, 9143 for bundles. How the offer is varied here, callers were seen to vary it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { CallMedia } from '../../../src/transports/webrtc/media.ts';
import { openWeriftMedia } from '../../../src/transports/webrtc/werift-media.ts';
import { faultsOf, readSections, valueOf } from './answer-rules.ts';
import { audio, data, offer, video } from './offers.ts';
import { offers } from './stacks.ts';

const options = {
  workers: 1,
  mostCalls: 50,
  portRange: undefined,
  publicAddress: undefined,
  interfaces: [],
  tcp: false,
  candidates: undefined,
  iceServers: [],
};
const nobody = { onSound() {}, onOpen() {}, onMessage() {}, onPlayed() {}, onTaken() {}, onDigit() {}, onEnd() {} };

let media: CallMedia;
beforeAll(() => {
  media = openWeriftMedia(options, { log: silentLog, clock: systemClock });
});
afterAll(() => media.close());

/** The answer to an offer; the call is over with it. */
async function answerTo(offered: string): Promise<string> {
  const call = await media.answer(offered, nobody);
  call.close();
  return call.sdp;
}

describe.each(Object.entries(offers))('an offer of %s', (_, text) => {
  test('E09: is answered by the rules, sound and messages both', async () => {
    const answered = await answerTo(text);
    expect(faultsOf(text, answered)).toEqual([]);
    const kinds = readSections(answered).filter(({ port }) => port !== 0);
    expect(kinds.map(({ kind }) => kind)).toEqual(text.includes('m=application') ? ['audio', 'application'] : ['audio']);
  });
});

const whole = offer(audio(), data());
const all = (from: string | RegExp, to: string) => whole.replaceAll(from, to);

test.each<[what: string, text: string]>([
  ...['UDP/TLS/RTP/SAVP', 'RTP/SAVPF', 'RTP/SAVP', 'RTP/AVPF', 'RTP/AVP', 'TCP/DTLS/RTP/SAVPF', 'udp/tls/rtp/savpf'].map(
    (profile): [string, string] => [`the profile ${profile}`, all('UDP/TLS/RTP/SAVPF', profile)],
  ),
  ['a handshake it begins', all('a=setup:actpass', 'a=setup:active')],
  ['a handshake it waits for', all('a=setup:actpass', 'a=setup:passive')],
  ['no word about the handshake', all(/^a=setup:.*\r\n/gm, '')],
  ...['opus/16000/1', 'opus/8000', 'opus/48000', 'opus/48000/1', 'opus/24000/2', 'OPUS/48000/2', 'Opus/16000'].map(
    (name): [string, string] => [`Opus written ${name}`, all('opus/48000/2', name)],
  ),
  ['PCMU and PCMA beside Opus, and before it', all('SAVPF 111 63 9 0 8', 'SAVPF 0 8 111 63 9')],
  ['another number for Opus', all(/\b111\b/g, '96')],
  ['line ends as people and shells leave them', `\n${all('\r\n', '\n').trimEnd()}`],
  ['no bundle', all(/^a=group:.*\r\n/gm, '')],
  ['no RTCP on the same port', all('a=rtcp-mux\r\n', '')],
  ['lines without names', all(/^a=(mid|group):.*\r\n/gm, '')],
  ['a line without a name beside one that has what it would be given', all('a=mid:0\r\n', '').replace('a=mid:1', 'a=mid:0')],
  ['extensions of both lengths', all('t=0 0', 't=0 0\r\na=extmap-allow-mixed')],
  ['an agent that is lite', all('t=0 0', 't=0 0\r\na=ice-lite')],
  ['the line ends of a file', all('\r\n', '\n')],
  ['lines that end in a blank', all('\r\n', ' \r\n')],
  ['a blank line before it', `\r\n${whole}`],
  ['no lines that say nothing', all(/^([ost]=|c=|a=(rtcp-fb|fmtp|extmap|msid|ssrc|ice-options)).*\r\n/gm, '')],
  ['a format that is explained and not offered', all('a=rtpmap:0', 'a=rtpmap:98 opus/48000/2\r\na=rtpmap:0')],
  ['a format that is named and not explained', all('a=rtpmap:63 red/48000/2\r\n', '')],
  ['its direction for all lines at once', all('a=sendrecv\r\n', '').replace('t=0 0', 't=0 0\r\na=recvonly')],
  ['no microphone', offer(audio(0, 'recvonly'), data())],
  ['no loudspeaker', offer(audio(0, 'sendonly'), data())],
  ['the data channel first', offer(data(0), audio(1))],
  ['a data channel alone', offer(data())],
  ['keys that can be pressed', all('110 126\r\n', '110 126\r\na=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-16\r\n')],
  [
    'the older way of writing a data channel',
    all('UDP/DTLS/SCTP webrtc-datachannel', 'DTLS/SCTP 5000').replace('a=sctp-port:5000', 'a=sctpmap:5000 webrtc-datachannel 1024'),
  ],
  [
    'a bundle in which only the first line says how it is reached',
    offer(audio(), [...data().filter((line) => !/^a=(ice|finger|setup)/.test(line)), 'a=bundle-only']).replace(
      'm=application 9',
      'm=application 0',
    ),
  ],
])('E09: an offer with %s is answered by the rules', async (_, text) => {
  const answered = await answerTo(text);
  expect(faultsOf(text, answered)).toEqual([]);
  expect(readSections(answered).filter(({ port }) => port !== 0)).toHaveLength(readSections(text).length);
});

const text = video(2).map((line) => line.replace('m=video', 'm=text'));
const slides = data(2).map((line) => line.replace('UDP/DTLS/SCTP webrtc-datachannel', 'UDP/TLS/BFCP *'));
const plainPcm = audio(2).filter((line) => !line.startsWith('a=rtpmap:111'));

test.each<[what: string, sections: string[][], taken: string[]]>([
  ['a camera', [video(0), audio(1), data(2)], ['audio 1', 'application 2']],
  ['two cameras', [audio(0), video(1), video(2), data(3)], ['audio 0', 'application 3']],
  ['a second microphone', [audio(0), audio(1), data(2)], ['audio 0', 'application 2']],
  ['sound without Opus before sound with it', [plainPcm, audio(1)], ['audio 1']],
  ['a line that only hears before one that also speaks', [audio(0, 'recvonly'), audio(1), data(2)], ['audio 1', 'application 2']],
  ['a line that lies idle before one that is used', [audio(0, 'inactive'), audio(1, 'sendonly')], ['audio 1']],
  ['typed text', [audio(0), data(1), text], ['audio 0', 'application 1']],
  ['a talk with slides', [audio(0), data(1), slides], ['audio 0', 'application 1']],
  ['a line it has turned down itself', [audio(0).map((line) => line.replace('m=audio 9', 'm=audio 0')), audio(1)], ['audio 1']],
])('E09: of an offer with %s, what is not taken is turned down where it stands', async (_, sections, taken) => {
  const asked = offer(...sections);
  const answered = await answerTo(asked);
  expect(faultsOf(asked, answered)).toEqual([]);
  const open = readSections(answered).filter(({ port }) => port !== 0);
  expect(open.map(({ kind, lines }) => `${kind} ${valueOf(lines, 'mid')}`)).toEqual(taken);
});
