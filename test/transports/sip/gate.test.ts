// Who gets in, and what strangers cost.
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { parseChallenge } from '../../../src/transports/sip/credentials.ts';
import { ChallengeAnswer } from '../../../src/transports/sip/digest.ts';
import type { Flow } from '../../../src/transports/sip/flow.ts';
import { Gate } from '../../../src/transports/sip/gate.ts';
import { makeRequest } from '../../../src/transports/sip/build.ts';
import type { SipOptions, TrunkOptions } from '../../../src/transports/sip/options.ts';
import { offer, Peer, requestText, rig } from './rig.ts';

const flowFrom = (host: string, peerNames: string[] = []): Flow => ({
  transport: 'tls',
  reliable: true,
  remote: { host, port: 5060 },
  local: { host: '192.0.2.100', port: 5061 },
  peerNames,
  open: true,
  send: () => {},
  onLost: () => () => {},
  at: () => flowFrom(host),
  welcome: () => {},
});

const invite = makeRequest({ method: 'INVITE', uri: 'sip:x', from: '<sip:a@a>;tag=1', to: '<sip:x>', callId: 'c', cseq: 1 });

function gate(trunks: TrunkOptions[], options: Partial<SipOptions> = {}) {
  const clock = new ManualClock();
  return { clock, gate: new Gate({ listen: [], trunks, strangers: 'refuse', ...options }, clock, 'secret') };
}

test('a trunk is known by its addresses, of either family', () => {
  const { gate: door } = gate([
    { name: 'four', addresses: ['203.0.113.0/24', '198.51.100.7'] },
    { name: 'six', addresses: ['2001:db8::/32'] },
  ]);
  expect(door.admit(invite, flowFrom('203.0.113.9'))).toEqual({ kind: 'trunk', trunk: 'four' });
  expect(door.admit(invite, flowFrom('198.51.100.7'))).toEqual({ kind: 'trunk', trunk: 'four' });
  expect(door.admit(invite, flowFrom('2001:db8::1'))).toEqual({ kind: 'trunk', trunk: 'six' });
  expect(door.admit(invite, flowFrom('198.51.100.8'))).toEqual({ kind: 'refuse', status: 403 });
});

test('a trunk is known by its certificate, and all that it names must hold', () => {
  const { gate: door } = gate([{ name: 'both', addresses: ['203.0.113.0/24'], tlsNames: ['sip.carrier.example'] }], {
    strangers: 'silence',
  });
  expect(door.admit(invite, flowFrom('203.0.113.9', ['sip.carrier.example']))).toEqual({ kind: 'trunk', trunk: 'both' });
  expect(door.admit(invite, flowFrom('203.0.113.9'))).toEqual({ kind: 'silence' });
  expect(door.admit(invite, flowFrom('192.0.2.9', ['sip.carrier.example']))).toEqual({ kind: 'silence' });
});

test('a trunk whose addresses are not known yet lets nobody in until they are, and what becomes of strangers is counted', () => {
  const { gate: door } = gate([{ name: 'provider', addresses: [] }]);
  expect(door.admit(invite, flowFrom('203.0.113.9'))).toEqual({ kind: 'refuse', status: 403 });
  door.move('provider', ['203.0.113.9', '203.0.113.10']);
  expect(door.admit(invite, flowFrom('203.0.113.9'))).toEqual({ kind: 'trunk', trunk: 'provider' });
  door.move('provider', ['203.0.113.10']);
  expect(door.admit(invite, flowFrom('203.0.113.9'))).toEqual({ kind: 'refuse', status: 403 });
  for (let message = 0; message < 60; message++) door.hears(flowFrom('198.51.100.1'));
  expect(door.counts).toEqual({ unread: 10, silenced: 0, refused: 2, challenged: 0, wrong_password: 0 });
});

test('a trunk that lets everybody in is refused, and so is an entry that is no address', () => {
  expect(() => gate([{ name: 'all' }])).toThrow(/'all' names no address, no digest and no TLS name/);
  expect(() => gate([{ name: 'x', addresses: ['example.com'] }])).toThrow(/'example.com' of trunk 'x'/);
  expect(() => gate([{ name: 'x', addresses: ['10.0.0.0/40'] }])).toThrow(/10.0.0.0\/40/);
  const twice = { name: 'x', addresses: ['10.0.0.1'] };
  expect(() => gate([twice, twice])).toThrow(/two trunks/);
});

test('a trunk with a password is challenged, let in with it, and told apart by its name', async () => {
  const trunks = [
    { name: 'one', digest: { username: 'u1', password: 'p1' } },
    { name: 'two', digest: { username: 'u2', password: 'p2' } },
  ];
  const { peer, pass, calls } = await rig({ trunks });
  peer.send(requestText({ body: offer }));
  await pass(40);
  expect(peer.statuses()).toEqual([401]);
  expect(calls).toEqual([]);
  const challenge = parseChallenge(peer.response().headers.first('WWW-Authenticate') ?? '');
  if (!challenge) throw new Error('no challenge came');
  const authorization = new ChallengeAnswer(challenge, { username: 'u2', password: 'p2' }, 'c').authorization(
    'INVITE',
    'sip:100@parley.example',
  );
  peer.send(requestText({ body: offer, cseq: 2, headers: [`Authorization: ${authorization}`] }));
  await pass(40);
  expect(calls[0]?.trunk).toBe('two');
  expect(calls[0]?.headers.some(({ name }) => name === 'Authorization')).toBe(false);
});

test('a password may be hashed only as its trunk says', () => {
  const { gate: door } = gate([
    { name: 'new', digest: { username: 'n', password: 'p', hashes: ['sha-256'] } },
    { name: 'old', addresses: ['198.51.100.0/24'], digest: { username: 'o', password: 'p', hashes: ['md5'] } },
  ]);
  const flow = flowFrom('198.51.100.1');
  const admitted = (username: string, at: 0 | 1) => {
    const asked = door.admit(invite, flow);
    const challenge = asked.kind === 'challenge' ? parseChallenge(asked.challenges[at] as string) : undefined;
    if (!challenge) throw new Error('no challenge came');
    const value = new ChallengeAnswer(challenge, { username, password: 'p' }, 'c').authorization('INVITE', 'sip:x');
    return door.admit({ ...invite, headers: invite.headers.copy().add('Authorization', value) }, flow).kind;
  };
  expect([admitted('n', 0), admitted('n', 1), admitted('o', 0), admitted('o', 1)]).toEqual(['trunk', 'challenge', 'challenge', 'trunk']);
  // Elsewhere only the first trunk may be meant, and nothing weaker is offered.
  const elsewhere = door.admit(invite, flowFrom('203.0.113.1'));
  expect(elsewhere.kind === 'challenge' && elsewhere.challenges.map((value) => parseChallenge(value)?.hash)).toEqual(['sha-256']);
});

test('refusals of strangers keep nothing, and the same tag goes with each repetition', async () => {
  const { wire, pass, agent, calls } = await rig();
  const stranger = new Peer(wire, { host: '198.51.100.1', port: 5060 });
  const text = requestText({ body: offer });
  stranger.send(text);
  stranger.send(text);
  stranger.send(requestText({ method: 'OPTIONS' }));
  stranger.send(requestText({ method: 'REGISTER' }));
  await pass(40);
  expect(stranger.statuses()).toEqual([403, 403]);
  expect(stranger.responses()[0]?.headers.first('To')).toBe(stranger.responses()[1]?.headers.first('To'));
  expect([stranger.statuses('OPTIONS'), stranger.statuses('REGISTER')]).toEqual([[403], [403]]);
  expect(agent.core.table.size).toBe(0);
  expect(calls).toEqual([]);
});

test('where strangers are told nothing, they are told nothing, whatever they send', async () => {
  const { wire, pass } = await rig({ strangers: 'silence' });
  const stranger = new Peer(wire, { host: '198.51.100.1', port: 5060 });
  for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'CANCEL', 'ACK', 'BYE']) stranger.send(requestText({ method }));
  stranger.send('INVITE sip:x SIP/9.9\r\nVia: SIP/2.0/UDP a;rport\r\n\r\n');
  await pass(40);
  expect(stranger.received).toEqual([]);
});

test('a network that sends too much is not read for a while, and others are', async () => {
  const { wire, pass } = await rig({ strangerMessages: 5 });
  const scanner = new Peer(wire, { host: '198.51.100.1', port: 5060 });
  const other = new Peer(wire, { host: '198.51.100.2', port: 5060 });
  for (let count = 0; count < 20; count++) scanner.send(requestText({ method: 'OPTIONS', branch: String(count) }));
  other.send(requestText({ method: 'OPTIONS' }));
  await pass(40);
  expect(scanner.statuses('OPTIONS')).toHaveLength(5);
  expect(other.statuses('OPTIONS')).toHaveLength(1);
  await pass(4000);
  scanner.send(requestText({ method: 'OPTIONS', branch: 'later' }));
  await pass(40);
  expect(scanner.statuses('OPTIONS')).toHaveLength(6);
});

test('a network that guesses passwords is not heard for a while, even with the right one', () => {
  const { gate: door, clock } = gate([{ name: 'one', digest: { username: 'u', password: 'p' } }], { strangerMessages: 1000 });
  const flow = flowFrom('198.51.100.1');
  let heard = 0;
  for (let count = 0; count < 30; count++) {
    if (!door.hears(flow)) continue;
    heard++;
    const admission = door.admit(invite, flow);
    const challenge = admission.kind === 'challenge' ? parseChallenge(admission.challenges[0] as string) : undefined;
    if (!challenge) throw new Error('no challenge came');
    const value = new ChallengeAnswer(challenge, { username: 'u', password: 'guess' }, 'c').authorization('INVITE', 'sip:x');
    door.admit({ ...invite, headers: invite.headers.copy().add('Authorization', value) }, flow);
  }
  expect(heard).toBe(10);
  clock.advance(60_000);
  expect(door.hears(flow)).toBe(true);
});

test('whom we have called is no stranger', () => {
  const { gate: door, clock } = gate([], { strangerMessages: 1 });
  const flow = flowFrom('198.51.100.1');
  expect([door.hears(flow), door.hears(flow)]).toEqual([true, false]);
  door.welcome(flow);
  expect([door.hears(flow), door.hears(flow)]).toEqual([true, true]);
  clock.advance(3_600_001);
  expect([door.hears(flow), door.hears(flow)]).toEqual([true, false]);
});

test('calls of one trunk in a second are bounded, each trunk by itself', () => {
  const { gate: door, clock } = gate([], { callsPerSecond: 2, mostCalls: 10 });
  const kinds = (trunk: string, count: number) => Array.from({ length: count }, () => door.admitCall(trunk, 0).kind);
  expect(kinds('a', 3)).toEqual(['trunk', 'trunk', 'refuse']);
  expect(kinds('b', 1)).toEqual(['trunk']);
  clock.advance(500);
  expect(kinds('a', 2)).toEqual(['trunk', 'refuse']);
  expect(door.admitCall('b', 10)).toMatchObject({ kind: 'refuse', status: 503 });
});

test('calls for hosts that are none of ours are not found', async () => {
  const { peer, pass, calls } = await rig({ domains: ['parley.example'] });
  peer.send(requestText({ body: offer, uri: 'sip:+49301@elsewhere.example', branch: 'a' }));
  peer.send(requestText({ body: offer, uri: 'sip:+49301@PARLEY.example', branch: 'b', callId: 'b' }));
  await pass(40);
  expect(peer.statuses().filter((status) => status > 100)).toEqual([404]);
  expect(calls.map(({ callId }) => callId)).toEqual(['b']);
});
