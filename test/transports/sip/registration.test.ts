// Registering with a provider: credentials, how long it lasts, other servers, and giving up for a while.
import { expect, test } from 'vitest';
import type { RegistrationOptions, RegistrationState } from '../../../src/transports/sip/agent.ts';
import { Peer, responseText, rig } from './rig.ts';

async function registering(options: Partial<RegistrationOptions> = {}) {
  const all = await rig({}, { 'provider.example': ['192.0.2.1'], 'second.example': ['192.0.2.60'] });
  const second = new Peer(all.wire, { host: '192.0.2.60', port: 5060 });
  const states: RegistrationState[] = [];
  const chosen = { address: 'sip:100@provider.example', credentials: { username: '100', password: 'secret' }, ...options };
  const registration = all.agent.register(chosen, (state) => states.push(state));
  await all.pass(40);
  return { ...all, second, states, registration };
}

test('it registers with its password, and again before the granted time is over', async () => {
  const { peer, pass, states } = await registering();
  const first = peer.request('REGISTER');
  expect(first.uri).toBe('sip:provider.example');
  expect(first.headers.first('Contact')).toBe('<sip:100@192.0.2.100:5060>');
  expect(first.headers.first('Expires')).toBe('600');
  peer.send(responseText(first, 401, { headers: ['WWW-Authenticate: Digest realm="provider", nonce="n", qop="auth"'] }));
  await pass(40);
  const second = peer.request('REGISTER');
  expect(second.headers.first('Authorization')).toContain('username="100"');
  expect(second.callId).toBe(first.callId);
  expect(second.cseq.number).toBe(2);
  const contacts = ['Contact: <sip:other@192.0.2.9>;expires=3000', 'Contact: <sip:100@192.0.2.100:5060>;expires=100'];
  peer.send(responseText(second, 200, { headers: contacts }).replace('Contact: <sip:bob@192.0.2.1:5060>\r\n', ''));
  await pass(40);
  expect(states).toEqual([{ kind: 'registered', server: 'sip:provider.example', expiresS: 100 }]);
  await pass(59_000);
  expect(peer.requests('REGISTER')).toHaveLength(2);
  await pass(1100);
  // The nonce is known: no further challenge is needed.
  expect(peer.request('REGISTER').headers.first('Authorization')).toContain('nc=00000002');
});

test('it asks for as long as the provider wants at least (423)', async () => {
  const { peer, pass, states } = await registering({ expiresS: 60 });
  peer.send(responseText(peer.request('REGISTER'), 423, { headers: ['Min-Expires: 1800'] }));
  await pass(40);
  expect(peer.request('REGISTER').headers.first('Expires')).toBe('1800');
  peer.send(responseText(peer.request('REGISTER'), 200, { headers: ['Expires: 1800'] }));
  await pass(40);
  expect(states).toEqual([{ kind: 'registered', server: 'sip:provider.example', expiresS: 1800 }]);
});

test('it goes to the next server where the first is out, and stays there while that serves', async () => {
  const { peer, second, pass, states } = await registering({ servers: ['sip:provider.example', 'sip:second.example'] });
  peer.send(responseText(peer.request('REGISTER'), 503));
  await pass(40);
  second.send(responseText(second.request('REGISTER'), 200, { headers: ['Expires: 100'] }));
  await pass(40);
  expect(states).toEqual([{ kind: 'registered', server: 'sip:second.example', expiresS: 100 }]);
  await pass(60_100);
  expect(second.requests('REGISTER')).toHaveLength(2);
  expect(peer.requests('REGISTER')).toHaveLength(1);
});

test('it goes to the next address of its server where the first is silent', async () => {
  const all = await rig({}, { 'provider.example': ['192.0.2.1', '192.0.2.60'] });
  const second = new Peer(all.wire, { host: '192.0.2.60', port: 5060 });
  const states: RegistrationState[] = [];
  const credentials = { username: '100', password: 'secret' };
  all.agent.register({ address: 'sip:100@provider.example', credentials }, (state) => states.push(state));
  await all.pass(8100);
  second.send(responseText(second.request('REGISTER'), 200, { headers: ['Expires: 100'] }));
  await all.pass(40);
  expect(states).toEqual([{ kind: 'registered', server: 'sip:provider.example', expiresS: 100 }]);
  await all.pass(60_100);
  expect(second.requests('REGISTER')).toHaveLength(2);
});

test('it comes back ever more seldom, and at once with what it has when it is let in again', async () => {
  const { peer, pass, states } = await registering();
  peer.send(responseText(peer.request('REGISTER'), 403));
  await pass(40);
  // Chance is in the middle: three quarters of 30 s, then of 60 s.
  expect(states).toEqual([{ kind: 'failed', status: 403, retryMs: 22_500 }]);
  await pass(22_500);
  peer.send(responseText(peer.request('REGISTER'), 403, { headers: ['Retry-After: 120'] }));
  await pass(40);
  expect(states[1]).toEqual({ kind: 'failed', status: 403, retryMs: 120_000 });
  await pass(120_100);
  peer.send(responseText(peer.request('REGISTER'), 200, { headers: ['Expires: 100'] }));
  await pass(40);
  expect(states[2]?.kind).toBe('registered');
  expect(peer.requests('REGISTER')).toHaveLength(3);
});

test('a provider that is silent is a failure', async () => {
  const { pass, states } = await registering();
  await pass(32_100);
  expect(states).toEqual([{ kind: 'failed', status: 408, retryMs: 22_500 }]);
});

test('behind a router it keeps the way open on which calls come in, and only there', async () => {
  const { peer, pass, wire, registration } = await registering();
  const empty = () => wire.carried.filter(({ text }) => text === '\r\n\r\n').length;
  peer.send(responseText(peer.request('REGISTER'), 200, { headers: ['Expires: 1000'] }));
  await pass(100_000);
  expect(empty()).toBe(0);
  await pass(500_100);
  peer.send(
    responseText(peer.request('REGISTER'), 200, { headers: ['Expires: 1000'] }).replace(';rport', ';received=203.0.113.9;rport=40000'),
  );
  await pass(100_100);
  expect(empty()).toBe(4);
  void registration.close();
  await pass(60_000);
  expect(empty()).toBe(4);
});

test('it takes itself back when it closes, and nothing comes after that', async () => {
  const { peer, pass, registration } = await registering();
  peer.send(responseText(peer.request('REGISTER'), 200, { headers: ['Expires: 100'] }));
  await pass(40);
  const closing = registration.close();
  await pass(40);
  expect(peer.request('REGISTER').headers.first('Expires')).toBe('0');
  peer.send(responseText(peer.request('REGISTER'), 200));
  await pass(40);
  await closing;
  await pass(200_000);
  expect(peer.requests('REGISTER')).toHaveLength(2);
  expect(registration.state).toEqual({ kind: 'over' });
});

test('the agent takes it back when it closes', async () => {
  const { peer, pass, agent } = await registering();
  peer.send(responseText(peer.request('REGISTER'), 200, { headers: ['Expires: 100'] }));
  await pass(40);
  const closing = agent.close();
  await pass(40);
  expect(peer.request('REGISTER').headers.first('Expires')).toBe('0');
  peer.send(responseText(peer.request('REGISTER'), 200));
  await pass(100);
  await closing;
});

test('an address that is none is refused', async () => {
  const { agent } = await rig();
  const credentials = { username: 'a', password: 'b' };
  expect(() => agent.register({ address: 'nobody', credentials }, () => {})).toThrow(/no SIP address/);
  expect(() => agent.register({ address: 'sip:a@b', servers: ['x'], credentials }, () => {})).toThrow(/no SIP URI of a server/);
});
