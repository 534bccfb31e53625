// Which offers are answered, with what the others are refused, and what a caller is told of this machine. No stack is asked here.
import { expect, test } from 'vitest';
import { CallError } from '../../../src/transports/calls/call.ts';
import { type Echo, readOffer } from '../../../src/transports/webrtc/sdp.ts';
import { finishAnswer } from '../../../src/transports/webrtc/sdp-answer.ts';
import { anywhere, audio, candidates, data, offer, video } from './offers.ts';

function refusal(sdp: string): string {
  try {
    readOffer(sdp, anywhere);
  } catch (error) {
    return error instanceof CallError ? `${error.reason}: ${error.message}` : 'not as a CallError';
  }
  return 'answered';
}

const without = (lines: readonly string[], start: string) => lines.filter((line) => !line.startsWith(start));
const changed = (lines: readonly string[], from: string | RegExp, to: string) => lines.map((line) => line.replace(from, to));

test.each<[what: string, sdp: string, sends: boolean, hears: boolean, bytes: number]>([
  ['sound both ways and a data channel', offer(audio(), data()), true, true, 262_144],
  ['sound alone', offer(audio()), true, true, 0],
  ['a data channel alone', offer(data()), false, false, 262_144],
  ['no microphone', offer(audio(0, 'recvonly'), data()), false, true, 262_144],
  ['no loudspeaker', offer(audio(0, 'sendonly'), data()), true, false, 262_144],
  ['sound that is switched off', offer(audio(0, 'inactive'), data()), false, false, 262_144],
  ['a data channel that states no limit', offer(without(data(), 'a=max-message-size')), false, false, 65_536],
  ['a data channel that has no limit', offer(changed(data(), '262144', '0')), false, false, Number.POSITIVE_INFINITY],
  ['the plain line ends of a file', offer(audio(), data()).replaceAll('\r\n', '\n'), true, true, 262_144],
])('an offer of %s is read', (_, sdp, callerSends, callerHears, mostMessageBytes) => {
  expect(readOffer(sdp, anywhere)).toMatchObject({ callerSends, callerHears, mostMessageBytes });
});

test.each<[what: string, sdp: string, why: string]>([
  ['no SDP', '{"type":"offer"}', "must begin with 'v=0'"],
  ['nothing', '', "must begin with 'v=0'"],
  ['no media', offer(), 'no media'],
  ['video alone', offer(video()), 'neither audio nor a data channel'],
  ['everything rejected', offer(changed(audio(), 'm=audio 9', 'm=audio 0')), 'neither audio nor a data channel'],
  ['no Opus', offer(without(audio(), 'a=rtpmap:111')), 'no Opus'],
  ['plain RTP', offer(without(changed(audio(), 'UDP/TLS/RTP/SAVPF', 'RTP/AVP'), 'a=fingerprint')), 'not protected by DTLS'],
  ['another way of sending', offer(changed(audio(), 'UDP/TLS/RTP/SAVPF', 'UDP')), "not sent as WebRTC sends it: 'm=audio 9 UDP 111"],
  ['no ICE credentials', offer(without(audio(), 'a=ice-pwd')), 'no ICE credentials'],
  ['no fingerprint', offer(without(data(), 'a=fingerprint')), 'no certificate fingerprint'],
  ['names that are the same', offer(audio(0), data(0)), '(a=mid:0)'],
  ['Opus that is explained and not offered', offer(changed(audio(), 'SAVPF 111 ', 'SAVPF ')), 'no Opus'],
  ['a payload type that is no number', offer(audio()).replaceAll('111', '(a+)+$'), 'no Opus'],
  ['a payload type that is half an expression', offer(audio()).replaceAll('111', '('), 'no Opus'],
  ['a connection that is held', offer(changed(audio(), 'actpass', 'holdconn')), "'a=setup:holdconn'"],
  ['another kind of data', offer(changed(data(), 'UDP/DTLS/SCTP webrtc-datachannel', 'UDP/TLS/RTP/SAVPF 5000')), 'data channel'],
  ['a kind nobody knows, alone', offer(changed(video(), 'm=video', 'm=text')), 'neither audio nor a data channel'],
  ['a hundred lines', offer(...Array.from({ length: 100 }, (_, i) => audio(i))), '100 media lines'],
  ['a book', offer(audio(), ['a=x'.repeat(100_000)]), 'longer than'],
])('an offer of %s is refused with the reason', (_, sdp, why) => {
  expect(refusal(sdp)).toMatch(/^rejected: /);
  expect(refusal(sdp)).toContain(why);
});

test('credentials and fingerprint may stand for all lines together', () => {
  const bare = without(without(without(audio(), 'a=ice-'), 'a=fingerprint'), 'a=setup');
  const shared = audio().filter((line) => /^a=(ice-|fingerprint|setup)/.test(line));
  expect(refusal(offer(bare).replace('t=0 0', `t=0 0\r\n${shared.join('\r\n')}`))).toBe('answered');
});

test('of the candidates, only addresses are tried, and never by connecting', () => {
  const unusable = ['a=candidate:6 1 udp 1 192.0.2.9 0 typ host', 'a=candidate:7 2 udp 1 192.0.2.9 40002 typ host'];
  const { sdp } = readOffer(offer([...audio(), ...candidates, ...unusable, 'a=end-of-candidates'], data()), anywhere);
  expect(sdp.match(/^a=candidate:\d/gm)).toEqual(['a=candidate:1', 'a=candidate:5']);
  // More than were named may come by themselves.
  expect(sdp).not.toContain('end-of-candidates');
});

test('video, and a second line of sound, are kept from the stack and answered where they stand', () => {
  const { sdp, callerSends, echo } = readOffer(offer(video(0), audio(1), audio(2, 'recvonly'), data(3)), anywhere);
  expect(sdp.match(/^m=\S+ \d+/gm)).toEqual(['m=audio 9', 'm=application 9']);
  expect(sdp).toContain('a=group:BUNDLE 1 3\r\n');
  expect(callerSends).toBe(true);
  expect(sdp).not.toContain('ssrc-group');
  const finished = finishAnswer(offer(audio(1), data(3)), echo, { addresses: mine, publicAddress: undefined });
  expect(finished.match(/^m=\S+ \d+/gm)).toEqual(['m=video 0', 'm=audio 9', 'm=audio 0', 'm=application 9']);
  expect(finished.match(/^a=mid:.*$/gm)).toEqual(['a=mid:0', 'a=mid:1', 'a=mid:2', 'a=mid:3']);
});

test('a line that is offered only in the bundle is not taken for a rejected one', () => {
  const bundled = [...changed(data(), 'm=application 9', 'm=application 0'), 'a=bundle-only'];
  expect(readOffer(offer(audio(), bundled), anywhere).sdp).toContain('m=application 9 ');
});

const answer = offer([...without(audio(), 'a=fmtp:111'), ...candidates], [...data(), ...candidates]);
const mine = ['192.0.2.9'];
const asked: Echo = readOffer(offer(audio(), data()), anywhere).echo;

test('the answer says what Opus shall do, and nothing about falling silent', () => {
  const finished = finishAnswer(answer, asked, { addresses: mine, publicAddress: undefined });
  expect(finished.match(/^a=fmtp:111.*$/gm)).toEqual(['a=fmtp:111 minptime=10;useinbandfec=1']);
  expect(
    finishAnswer(offer(audio()), readOffer(offer(audio()), anywhere).echo, { addresses: mine, publicAddress: undefined }).match(
      /^a=fmtp:111/gm,
    ),
  ).toHaveLength(1);
});

test('addresses of other interfaces are left out of the answer, and the first one left stands where old readers look', () => {
  const finished = finishAnswer(answer, asked, { addresses: mine, publicAddress: undefined });
  expect(finished.match(/^a=candidate:\d/gm)).toEqual([
    'a=candidate:1',
    'a=candidate:4',
    'a=candidate:5',
    'a=candidate:1',
    'a=candidate:4',
    'a=candidate:5',
  ]);
  expect(finished).toContain('m=audio 40001 ');
  expect(finished).toContain('c=IN IP4 192.0.2.9\r\n');
  expect(finishAnswer(answer, asked, { addresses: ['10.0.0.1'], publicAddress: undefined }).match(/typ host/g)).toBeNull();
});

test('behind NAT, the public address stands in the place of each of ours, once for each protocol', () => {
  const finished = finishAnswer(answer, asked, { addresses: [...mine, '10.0.0.1'], publicAddress: '198.51.100.7' });
  expect(finished).not.toContain('192.0.2.9');
  expect(finished).toContain('a=candidate:1 1 udp 2122194687 198.51.100.7 40001 typ host');
  expect(finished).toContain('a=candidate:4 1 tcp 1518214911 198.51.100.7 443 typ host');
  expect(finished).toContain('c=IN IP4 198.51.100.7\r\n');
});

test('a line that was not answered keeps port 0', () => {
  const { echo } = readOffer(offer(video(0), audio(1)), anywhere);
  const finished = finishAnswer(offer([...audio(1), ...candidates]), echo, { addresses: mine, publicAddress: undefined });
  expect(finished.match(/^m=\S+ \d+/gm)).toEqual(['m=video 0', 'm=audio 40001']);
});
