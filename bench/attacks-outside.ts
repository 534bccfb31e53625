// The attacks that need no session: requests, calls, and sockets that say little or the wrong thing.
import { connect, type Socket } from 'node:net';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { randomToken } from '../src/lib/ids.ts';
import { type Attack, ask, inParallel, opened, refused, type Siege } from './siege.ts';

const mintsAtOnce = 32;
const mintedBytes = 64_000;
/** Soon expired, so that there is room for more. */
const mintedSeconds = 10;
const callsAtOnce = 8;
const guessesAtOnce = 32;
/** Wrong keys shut the address that they come from, which must not be the neighbour's. */
export const GUESSES_FROM = '127.0.0.2';
const halfOpenSockets = 400;
/** A byte of each so often. */
const dribbleMs = 1000;

export const mints: Attack = async (siege) => {
  const session = { type: 'realtime', instructions: 'x'.repeat(mintedBytes) };
  const body = JSON.stringify({ session, expires_after: { anchor: 'created_at', seconds: mintedSeconds } });
  const wanted = { path: '/v1/realtime/client_secrets', type: 'application/json', body };
  await inParallel(siege, mintsAtOnce, async () => void (await ask(siege, wanted)));
};

const offer = [
  'v=0',
  'o=- 4182585158327373084 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  ...['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel'].flatMap((media, mid) => [
    media,
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:sMcy',
    'a=ice-pwd:xzeC11OPZjkHNrzQpazkqHN+',
    'a=fingerprint:sha-256 E4:1A:7A:CC:0C:38:4B:D9:24:0D:A6:6A:47:50:C3:4A:56:F2:12:B1:68:0E:3E:0F:CF:E7:43:E7:9B:3C:81:8E',
    'a=setup:actpass',
    `a=mid:${mid}`,
    ...(mid === 0 ? ['a=sendrecv', 'a=rtcp-mux', 'a=rtpmap:111 opus/48000/2'] : ['a=sctp-port:5000', 'a=max-message-size:262144']),
  ]),
  '',
].join('\r\n');

/** Offers that are answered and never connect; every other is hung up at once, so that there is room for the next. */
export const calls: Attack = async (siege) => {
  await inParallel(siege, callsAtOnce, async (number) => {
    const place = await ask(siege, { path: '/v1/realtime/calls?model=parley/bench', type: 'application/sdp', body: offer });
    if (place !== '' && number % 2 === 0) await ask(siege, { path: `${place}/hangup` });
  });
};

/** Keys that nobody has, at the WebSocket's door and at a route's. */
export const wrongKeys: Attack = async (siege) => {
  await inParallel(siege, guessesAtOnce, async (number) => {
    const key = `bench-${randomToken(20)}`;
    if (number % 2 === 0) (await opened(siege, () => {}, key, GUESSES_FROM))?.destroy();
    else await ask(siege, { path: '/v1/realtime/client_secrets', type: 'application/json', body: '{}', key, from: GUESSES_FROM });
  });
};

/** What each kind of half-open socket says first; then a byte a second, and never its end. */
const openings = ({ port, key }: Siege) => [
  '',
  `GET /v1/realtime HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Long: `,
  `POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\n` +
    'Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{',
];

export const halfOpen: Attack = async (siege) => {
  const kinds = openings(siege);
  await inParallel(siege, halfOpenSockets, async (number) => {
    const socket: Socket = connect({ port: siege.port, host: '127.0.0.1' });
    const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => {}).resume();
    const opening = kinds[number % kinds.length] ?? '';
    siege.tally.sent += 1;
    if (opening !== '') socket.write(opening);
    while (!siege.over.aborted && !socket.destroyed) {
      await Promise.race([gone, sleep(systemClock, dribbleMs)]);
      if (opening !== '' && socket.writable) socket.write('x');
    }
    if (!siege.over.aborted) refused(siege, 'closed without a word');
    socket.destroy();
  });
};
