// What others can do to a call whose ports they know, or guess: nothing. Over real sockets, against a real call.
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { classes, createSelfSignedCertificate, Message, methods, RTCCertificate, type RTCIceTransport } from 'werift';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { toBytes } from '../../../src/media/pcm.ts';
import type { CallMedia } from '../../../src/transports/webrtc/media.ts';
import { openWeriftMedia } from '../../../src/transports/webrtc/werift-media.ts';
import { Caller, type CallerOptions, loudStretch, shareAt, tone, until } from './caller.ts';
import { portsOf, sendAs, Stranger, unsigned } from './strangers.ts';

const options = {
  workers: 1,
  mostCalls: 5,
  portRange: undefined,
  publicAddress: undefined,
  interfaces: [],
  tcp: false,
  candidates: undefined,
  iceServers: [],
};

let media: CallMedia;
let caller: Caller;
const strangers: Stranger[] = [];

async function ring(settings: CallerOptions = {}): Promise<void> {
  media = openWeriftMedia({ ...options, tcp: settings.tcp ?? false }, { log: silentLog, clock: systemClock });
  caller = await Caller.call(media, settings);
  await until('the channel is open', () => caller.told.opened === 1);
}

function stranger(): Stranger {
  const made = new Stranger();
  strangers.push(made);
  return made;
}

afterEach(async () => {
  for (const made of strangers.splice(0)) made.close();
  await caller.hangUp();
  await media.close();
});

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function connected(host: string, port: number): Promise<TcpSocket> {
  const socket = connect(port, host).on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Fails when a packet of sound is missing between the first and the last that came. */
function expectUnbroken(): void {
  const numbers = caller.heard.map(({ sequenceNumber }) => sequenceNumber);
  const first = numbers[0] ?? 0;
  expect(numbers.map((number) => (number - first) & 0xffff)).toEqual(numbers.map((_, i) => i));
}

/** The call goes on: sound and messages both ways. */
async function expectAlive(): Promise<void> {
  const [heard, told] = [caller.heard.length, caller.told.sound.length];
  await until('sound goes on, both ways', () => caller.heard.length > heard + 5 && caller.told.sound.length > told + 5);
  const before = caller.told.messages.length;
  caller.channel?.send('still there');
  await until('a message comes', () => caller.told.messages.length > before);
  expect(caller.told.ends).toEqual([]);
}

test.each([
  ['which has begun the handshake', {}],
  ['whose caller has begun the handshake', { offer: (sdp: string) => sdp.replaceAll('a=setup:actpass', 'a=setup:active') }],
])(
  'nothing that is unsigned ends or breaks a call %s, wherever it comes from',
  async (_, settings) => {
    await ring(settings);
    caller.call.play(toBytes(tone(500, 20_000)));
    await until('it speaks', () => caller.heard.length > 10);
    const other = stranger();
    for (const datagram of Object.values(unsigned)) {
      for (const port of portsOf(caller.call.sdp)) await other.send(datagram, port);
      await sendAs(caller, datagram);
      await passed(20);
    }
    await expectAlive();
    expectUnbroken();
    expect(other.answers).toEqual([]);
  },
  30_000,
);

test('a call over TCP is heard and hears, and whoever else connects there changes nothing', async () => {
  await ring({ tcp: true, answer: (sdp) => sdp.replaceAll(/^a=candidate:\S+ 1 udp .*\r\n/gim, '') });
  caller.call.play(toBytes(tone(500, 20_000)));
  await until('it speaks', () => caller.heard.length > 10);
  const [, host = '', port = ''] = /^a=candidate:\S+ 1 tcp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) .*passive/im.exec(caller.call.sdp) ?? [];
  const others = await Promise.all(Array.from({ length: 3 }, () => connected(host, Number(port))));
  for (const datagram of Object.values(unsigned)) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(datagram.length);
    for (const other of others) other.write(Buffer.concat([length, datagram]));
    await sendAs(caller, datagram);
  }
  await passed(300);
  for (const other of others) other.destroy();
  await expectAlive();
  expectUnbroken();
}, 30_000);

test('10,000 datagrams of strangers during an answer cost no packet of it', async () => {
  await ring();
  caller.call.play(toBytes(tone(500, 6000)));
  await until('it speaks', () => caller.heard.length > 10);
  const others = Array.from({ length: 8 }, stranger);
  const kinds = Object.values(unsigned);
  const ports = portsOf(caller.call.sdp);
  for (let sent = 0; sent < 10_000; sent++) {
    const datagram = sent % 2 === 0 ? kinds[0] : kinds[sent % kinds.length];
    await others[sent % others.length]?.send(datagram as Buffer, ports[sent % ports.length] as (typeof ports)[number]);
    if (sent % 50 === 0) await passed(5);
  }
  await until('all is played', () => caller.told.played.some(({ sentMs }) => sentMs === 6000), 15_000);
  await expectAlive();
  expectUnbroken();
  const answer = loudStretch(caller.soundBetween(0, Number.POSITIVE_INFINITY));
  expect(shareAt(answer.subarray(0, 24_000), 500)).toBeGreaterThan(0.8);
  expect(Math.abs(answer.length / 24 - 6000)).toBeLessThan(80);
}, 30_000);

test('a caller that says goodbye as DTLS does has ended the call', async () => {
  await ring();
  const [transport] = caller.peer.dtlsTransports;
  const dtls = transport?.dtls;
  if (!dtls) throw new Error('there is no DTLS');
  // werift itself never says it: the alert is made of the record it would send next.
  const sequenceNumber = ++dtls.dtls.recordSequenceNumber;
  const header = { contentType: 21, protocolVersion: { major: 254, minor: 253 }, epoch: 1, sequenceNumber, contentLen: 2 };
  const plain = { recordLayerHeader: header, fragment: Buffer.from([1, 0]) } as Parameters<typeof dtls.cipher.encryptPacket>[0];
  const { fragment } = dtls.cipher.encryptPacket(plain);
  const head = Buffer.from('15fefd0001000000000000', 'hex');
  head.writeUIntBE(sequenceNumber, 5, 6);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(fragment.length);
  await sendAs(caller, Buffer.concat([head, length, fragment]));
  await until('it ended', () => caller.told.ends.length > 0, 2000);
  expect(caller.told.ends).toEqual(['closed']);
});

/** A check by whoever knows the names in the offer and the answer, and not the passwords. */
function check({ connection }: RTCIceTransport, change: (request: Message) => unknown): Buffer {
  const request = new Message(methods.BINDING, classes.REQUEST);
  request.setAttribute('USERNAME', `${connection.remoteUsername}:${connection.localUsername}`).setAttribute('PRIORITY', 1_853_824_767);
  change(request);
  return request.bytes;
}

test('checks that are not signed with the password of the call are not answered and change nothing', async () => {
  await ring();
  const [transport] = caller.peer.iceTransports;
  if (!transport) throw new Error('there is no transport');
  const forged = [
    check(transport, (request) => request.setAttribute('ICE-CONTROLLING', 1n).addFingerprint()),
    check(transport, (request) => request.setAttribute('ICE-CONTROLLED', 0n).addFingerprint()),
    check(transport, (request) => request.setAttribute('ICE-CONTROLLING', 1n).setAttribute('USE-CANDIDATE', null).addFingerprint()),
    check(transport, (request) => request.addMessageIntegrity(Buffer.from('not the password')).addFingerprint()),
    new Message(methods.ALLOCATE, classes.REQUEST).addFingerprint().bytes,
  ];
  const other = stranger();
  for (const datagram of forged) {
    for (const port of portsOf(caller.call.sdp)) await other.send(datagram, port);
    await sendAs(caller, datagram);
  }
  await passed(300);
  expect(other.answers).toEqual([]);
  await expectAlive();
});

test.each([
  ['when we begin the handshake', (sdp: string) => sdp],
  ['when it begins the handshake', (sdp: string) => sdp.replaceAll('a=setup:actpass', 'a=setup:active')],
])('whoever shows the certificate of the caller and does not hold its key is not connected, %s', async (_, offer) => {
  const other = await createSelfSignedCertificate({ hash: 4, signature: 3 });
  media = openWeriftMedia(options, { log: silentLog, clock: systemClock });
  caller = await Caller.call(media, {
    offer,
    stack: (peer) => {
      for (const transport of peer.dtlsTransports) {
        const shown = transport.localCertificate;
        if (shown) transport.localCertificate = new RTCCertificate(other.keyPem, shown.certPem, shown.signatureHash);
      }
    },
  });
  await until('it ended', () => caller.told.ends.length > 0);
  expect(caller.told.ends).toEqual(['lost']);
  expect(caller.told.opened).toBe(0);
  expect(caller.told.sound).toEqual([]);
});
