// What whoever stands in front is told of a server that takes no calls, and what becomes of the calls that it has.
import { expect, test } from 'vitest';
import { answered, offer, requestText, responseText, rig } from './rig.ts';

const ping = (uri: string, branch: string) => requestText({ method: 'OPTIONS', uri, branch, contact: null });
const invite = (callId: string) => requestText({ body: offer, callId, branch: callId });

test('OPTIONS says whether a call would be served, whatever address it names', async () => {
  const now = { ready: false };
  const { peer, pass, call } = await rig({ domains: ['parley.example'], mostCalls: 1 }, {}, () => now.ready);
  peer.send(ping('sip:192.0.2.100:5060', 'starting'));
  await pass(40);
  expect(peer.response('OPTIONS').headers.first('Retry-After')).toBe('5');
  now.ready = true;
  peer.send(ping('sip:192.0.2.100:5060', 'ready'));
  await pass(40);
  peer.send(invite('one'));
  await pass(40);
  peer.send(ping('sip:192.0.2.100:5060', 'full'));
  await pass(40);
  call().reject(486);
  peer.send(ping('sip:192.0.2.100:5060', 'free'));
  await pass(40);
  expect(peer.statuses('OPTIONS')).toEqual([503, 200, 503, 200]);
});

test('an agent that drains takes no call and places none, and those that talk go on', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all);
  all.agent.drain();
  all.peer.send(invite('late'));
  all.peer.send(ping('sip:parley.example', 'late'));
  await all.pass(40);
  expect(all.calls).toHaveLength(1);
  expect([all.peer.response('INVITE').status, all.peer.response('OPTIONS').status]).toEqual([503, 503]);
  expect(() => all.agent.invite({ uri: 'sip:192.0.2.1', from: 'sip:us@parley.example' }, offer, dialogEvents)).toThrow(/drains/);
  all.peer.send(requestText({ to, cseq: 2, branch: 'hold', body: offer }));
  all.peer.send(requestText({ method: 'OPTIONS', to, cseq: 3, branch: 'within', contact: null }));
  await all.pass(40);
  expect([all.peer.response('INVITE').status, all.peer.response('OPTIONS').status]).toEqual([200, 200]);
  all.peer.send(requestText({ method: 'BYE', to, cseq: 4 }));
  await all.pass(40);
  expect(await dialog.ended).toEqual({ by: 'them' });
  const closing = all.agent.close();
  await all.pass(40);
  await closing;
});

const dialogEvents = { onSession: () => Promise.resolve({ status: 488 }), onAnswered() {}, onFailed() {} };

test('its registrations are taken back, and the way behind a router stays open for calls under way', async () => {
  const { peer, wire, agent, pass } = await rig({}, { 'provider.example': ['192.0.2.1'] });
  agent.register({ address: 'sip:100@provider.example', credentials: { username: '100', password: 'secret' } }, () => {});
  await pass(40);
  const register = peer.request('REGISTER');
  const seen = responseText(register, 200, { headers: ['Expires: 600'] }).replace(';rport', ';rport=61000;received=203.0.113.1');
  peer.send(seen);
  await pass(40);
  agent.drain();
  await pass(40);
  expect(peer.request('REGISTER').headers.first('Expires')).toBe('0');
  peer.send(responseText(peer.request('REGISTER'), 200));
  const empty = () => wire.carried.filter(({ text }) => text.trim() === '').length;
  const before = empty();
  await pass(50_100);
  expect(empty() - before).toBe(2);
  const closing = agent.close();
  await pass(60_000);
  await closing;
  expect([empty() - before, peer.requests('REGISTER').length]).toEqual([2, 2]);
});
