// Calls that go out: provisional responses, answers, forks, refusals, credentials, and the next server (RFC 3261 section 13.2).
import { expect, test } from 'vitest';
import type { Failure, OutgoingEvents, SipDialog } from '../../../src/transports/sip/agent.ts';
import { digestResponse, parseDigest } from '../../../src/transports/sip/credentials.ts';
import type { SipRequest } from '../../../src/transports/sip/message.ts';
import { answer, flush, offer, Peer, requestText, responseText, rig } from './rig.ts';

function ears() {
  const heard: string[] = [];
  const dialogs: SipDialog[] = [];
  const failures: Failure[] = [];
  const events: OutgoingEvents = {
    onSession: () => Promise.resolve(answer),
    onRinging: (status) => heard.push(`ringing ${status}`),
    onProgress: (sdp) => heard.push(`progress ${sdp === answer}`),
    onAnswered: (dialog, sdp) => {
      dialogs.push(dialog);
      heard.push(`answered ${sdp === answer}`);
    },
    onFailed: (failure) => {
      failures.push(failure);
      heard.push(`failed ${failure.status}`);
    },
    onBye: ({ by }) => heard.push(`bye ${by}`),
  };
  return { heard, dialogs, failures, events };
}

const target = { uri: 'sip:bob@192.0.2.1', from: '"Parley" <sip:parley@parley.example>' };

test('a call rings, is answered and acknowledged; a repeated answer is acknowledged again', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, dialogs, events } = ears();
  agent.invite(target, offer, events);
  await pass(40);
  const invite = peer.request('INVITE');
  expect(invite.uri).toBe('sip:bob@192.0.2.1');
  expect(invite.body.toString()).toBe(offer);
  expect(invite.from.display).toBe('Parley');
  expect(invite.headers.first('Contact')).toBe('<sip:192.0.2.100:5060>');
  peer.send(responseText(invite, 100));
  peer.send(responseText(invite, 180));
  peer.send(responseText(invite, 200, { body: answer }));
  await pass(40);
  peer.send(responseText(invite, 200, { body: answer }));
  await pass(40);
  expect(heard).toEqual(['ringing 180', 'answered true']);
  const acks = peer.requests('ACK');
  expect(acks).toHaveLength(2);
  expect(acks[0]?.uri).toBe('sip:bob@192.0.2.1:5060');
  expect(acks[0]?.cseq.number).toBe(invite.cseq.number);
  // An ACK of a success is a transaction of its own (section 13.2.2.4).
  expect(acks[0]?.via.parameters.get('branch')).not.toBe(invite.via.parameters.get('branch'));
  dialogs[0]?.bye();
  await pass(40);
  expect(peer.request('BYE').to.parameters.get('tag')).toBe('far-tag');
  peer.send(responseText(peer.request('BYE'), 200));
  await pass(40);
  expect(agent.calls).toBe(0);
  expect(agent.core.dialogs.size).toBe(0);
});

test('through proxies, ACK and BYE go the way that Record-Route names, the nearest first', async () => {
  const { agent, peer, pass, wire } = await rig();
  const proxy = new Peer(wire, { host: '192.0.2.50', port: 5060 });
  const { dialogs, events } = ears();
  agent.invite({ ...target, proxy: 'sip:192.0.2.50' }, offer, events);
  await pass(40);
  const invite = proxy.request('INVITE');
  proxy.send(
    responseText(invite, 200, { body: answer, headers: ['Record-Route: <sip:192.0.2.51;lr>', 'Record-Route: <sip:192.0.2.50;lr>'] }),
  );
  await pass(40);
  const ack = proxy.request('ACK');
  expect(ack.uri).toBe('sip:bob@192.0.2.1:5060');
  expect(ack.headers.values('Route')).toEqual(['<sip:192.0.2.50;lr>', '<sip:192.0.2.51;lr>']);
  dialogs[0]?.bye();
  await pass(40);
  expect(proxy.request('BYE').headers.values('Route')).toHaveLength(2);
  expect(peer.received).toEqual([]);
});

test('a strict router is addressed itself, and the target comes last (section 12.2.1.1)', async () => {
  const { agent, peer, pass, wire } = await rig();
  const strict = new Peer(wire, { host: '192.0.2.50', port: 5060 });
  const { events } = ears();
  agent.invite(target, offer, events);
  await pass(40);
  peer.send(responseText(peer.request('INVITE'), 200, { body: answer, headers: ['Record-Route: <sip:192.0.2.50>'] }));
  await pass(40);
  expect(strict.request('ACK').uri).toBe('sip:192.0.2.50');
  expect(strict.request('ACK').headers.values('Route')).toEqual(['<sip:bob@192.0.2.1:5060>']);
});

test('a challenge is answered once; the password that is refused is not sent again', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  const credentials = { username: 'parley', password: 'secret' };
  agent.invite({ ...target, credentials }, offer, events);
  await pass(40);
  const challenges = [
    'Proxy-Authenticate: Digest realm="far", nonce="n1", algorithm=SHA-512, qop="auth"',
    'Proxy-Authenticate: Digest realm="far", nonce="n1", algorithm=SHA-256, qop="auth", opaque="o"',
    'Proxy-Authenticate: Digest realm="far", nonce="n1", algorithm=MD5, qop="auth"',
  ];
  peer.send(responseText(peer.request('INVITE'), 407, { headers: challenges }));
  await pass(40);
  const second = peer.request('INVITE');
  expect(second.cseq.number).toBe(2);
  const fields = parseDigest(second.headers.first('Proxy-Authorization') ?? '');
  expect(fields?.get('algorithm')).toBe('SHA-256');
  expect(fields?.get('opaque')).toBe('o');
  expect(fields?.get('response')).toBe(
    digestResponse(
      {
        hash: 'sha-256',
        session: false,
        realm: 'far',
        nonce: 'n1',
        method: 'INVITE',
        uri: target.uri,
        counted: { nc: '00000001', cnonce: fields?.get('cnonce') ?? '' },
      },
      credentials,
    ),
  );
  peer.send(responseText(second, 407, { headers: challenges }));
  await pass(40);
  expect(heard).toEqual(['failed 407']);
  expect(peer.requests('INVITE')).toHaveLength(2);
});

test('a nonce that is only too old is answered anew, and later requests carry credentials unasked', async () => {
  const { agent, peer, pass } = await rig();
  const { dialogs, events } = ears();
  agent.invite({ ...target, credentials: { username: 'parley', password: 'secret' } }, offer, events);
  await pass(40);
  peer.send(responseText(peer.request('INVITE'), 401, { headers: ['WWW-Authenticate: Digest realm="far", nonce="n1", qop="auth"'] }));
  await pass(40);
  peer.send(
    responseText(peer.request('INVITE'), 401, { headers: ['WWW-Authenticate: Digest realm="far", nonce="n2", qop="auth", stale=TRUE'] }),
  );
  await pass(40);
  const third = peer.request('INVITE');
  expect(third.cseq.number).toBe(3);
  peer.send(responseText(third, 200, { body: answer }));
  await pass(40);
  expect(peer.request('ACK').headers.first('Authorization')).toBe(third.headers.first('Authorization'));
  expect(peer.request('ACK').cseq.number).toBe(3);
  dialogs[0]?.bye();
  await pass(40);
  const bye = parseDigest(peer.request('BYE').headers.first('Authorization') ?? '');
  expect(bye?.get('nonce')).toBe('n2');
  expect(bye?.get('nc')).toBe('00000002');
  expect(peer.request('BYE').cseq.number).toBe(4);
});

test('a call is taken back with a CANCEL once something has come', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  const call = agent.invite(target, offer, events);
  await pass(40);
  call.cancel();
  await pass(40);
  // Before that, nobody could tell what it is about (section 9.1).
  expect(peer.requests('CANCEL')).toEqual([]);
  peer.send(responseText(peer.request('INVITE'), 100));
  await pass(40);
  const cancel = peer.request('CANCEL');
  expect(cancel.via).toEqual(peer.request('INVITE').via);
  peer.send(responseText(cancel, 200));
  peer.send(responseText(peer.request('INVITE'), 487));
  await pass(40);
  expect(heard).toEqual(['failed 487']);
  expect(peer.requests('ACK')).toHaveLength(1);
  expect(agent.calls).toBe(0);
});

test('a call that is answered while it is taken back is acknowledged and ended', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  const call = agent.invite(target, offer, events);
  await pass(40);
  peer.send(responseText(peer.request('INVITE'), 180));
  await pass(40);
  call.cancel('SIP;cause=200;text="Elsewhere"');
  peer.send(responseText(peer.request('INVITE'), 200, { body: answer }));
  await pass(80);
  expect(peer.request('CANCEL').headers.first('Reason')).toContain('Elsewhere');
  expect(peer.requests('ACK')).toHaveLength(1);
  expect(peer.requests('BYE').length).toBe(1);
  expect(heard).toEqual(['ringing 180', 'failed 487']);
  expect(agent.calls).toBe(0);
});

test('a CANCEL that nothing final follows is given up', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  const call = agent.invite(target, offer, events);
  await pass(40);
  peer.send(responseText(peer.request('INVITE'), 180));
  await pass(40);
  call.cancel();
  await pass(32_100);
  expect(heard).toEqual(['ringing 180', 'failed 408']);
});

test('of a fork the first answer counts, and the others are acknowledged and ended', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  agent.invite(target, offer, events);
  await pass(40);
  const invite = peer.request('INVITE');
  peer.send(responseText(invite, 180, { tag: 'one' }));
  peer.send(responseText(invite, 180, { tag: 'two' }));
  peer.send(responseText(invite, 200, { tag: 'two', body: answer }));
  peer.send(responseText(invite, 200, { tag: 'one', body: answer }));
  await pass(80);
  expect(heard).toEqual(['ringing 180', 'ringing 180', 'answered true']);
  expect(peer.requests('ACK').map(({ to }) => to.parameters.get('tag'))).toEqual(['two', 'one']);
  expect(peer.requests('BYE').map(({ to }) => to.parameters.get('tag'))).toEqual(['one']);
  expect(agent.calls).toBe(1);
});

test('provisional responses that want certainty are acknowledged in their order (100rel)', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  agent.invite(target, offer, events);
  await pass(40);
  const invite = peer.request('INVITE');
  expect(invite.headers.lists('Supported', '100rel')).toBe(true);
  const reliable = (number: number, body = '') => responseText(invite, 183, { headers: ['Require: 100rel', `RSeq: ${number}`], body });
  peer.send(reliable(7, answer));
  peer.send(reliable(9));
  peer.send(reliable(7, answer));
  await pass(40);
  expect(peer.requests('PRACK').map((prack) => prack.headers.first('RAck'))).toEqual(['7 1 INVITE']);
  peer.send(responseText(peer.request('PRACK'), 200));
  peer.send(reliable(8));
  await pass(40);
  expect(peer.request('PRACK').headers.first('RAck')).toBe('8 1 INVITE');
  expect(peer.request('PRACK').cseq.number).toBe(3);
  // The answer came before; the success needs none (RFC 3262 section 5).
  peer.send(responseText(invite, 200));
  await pass(40);
  expect(heard).toEqual(['progress true', 'ringing 183', 'answered true']);
});

test('the far end changes the session before it answers (UPDATE), once our offer has its answer', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  const call = agent.invite(target, offer, events);
  await pass(40);
  const invite = peer.request('INVITE');
  peer.send(responseText(invite, 180));
  await pass(40);
  const within = { callId: call.callId, from: '<sip:bob@192.0.2.1>;tag=far-tag', to: invite.headers.first('From') ?? '' };
  peer.send(requestText({ method: 'UPDATE', cseq: 1, ...within, body: offer }));
  await pass(40);
  peer.send(responseText(invite, 183, { body: answer }));
  await pass(40);
  peer.send(requestText({ method: 'UPDATE', cseq: 2, ...within, body: offer }));
  peer.send(requestText({ method: 'UPDATE', cseq: 3, ...within }));
  peer.send(requestText({ method: 'INFO', cseq: 4, ...within }));
  await pass(40);
  // One after the other: the offer waits for its answer.
  expect(peer.statuses('UPDATE')).toEqual([491, 200, 200]);
  expect(peer.responses('UPDATE').some(({ body }) => body.toString() === answer)).toBe(true);
  expect(peer.statuses('INFO')).toEqual([405]);
  peer.send(responseText(invite, 486));
  await pass(40);
  expect(heard).toEqual(['ringing 180', 'progress true', 'failed 486']);
  expect(agent.core.dialogs.size).toBe(0);
});

test('without an offer the far end makes one, and the ACK answers it', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  agent.invite(target, undefined, { ...events, onOffer: (theirs) => Promise.resolve(theirs === offer ? answer : '') });
  await pass(40);
  expect(peer.request('INVITE').body).toHaveLength(0);
  expect(peer.request('INVITE').headers.lists('Supported', '100rel')).toBe(false);
  peer.send(responseText(peer.request('INVITE'), 200, { body: offer }));
  await pass(40);
  expect(peer.request('ACK').body.toString()).toBe(answer);
  expect(heard).toEqual(['answered false']);
});

test('a far end that hangs up before our answer to its offer is there was never talked with', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  const waiting: ((sdp: string) => void)[] = [];
  const call = agent.invite(target, undefined, { ...events, onOffer: () => new Promise((resolve) => waiting.push(resolve)) });
  await pass(40);
  const invite = peer.request('INVITE');
  peer.send(responseText(invite, 200, { body: offer }));
  await pass(40);
  const within = { callId: call.callId, from: '<sip:bob@192.0.2.1>;tag=far-tag', to: invite.headers.first('From') ?? '' };
  peer.send(requestText({ method: 'BYE', ...within }));
  await pass(40);
  waiting[0]?.(answer);
  await pass(40);
  expect(heard).toEqual(['bye them', 'failed 487']);
  expect(agent.calls).toBe(0);
});

test('an interval that is too short is asked for again as the server wants it (422)', async () => {
  const { agent, peer, pass } = await rig({ sessionExpiresS: 300 });
  const { events } = ears();
  agent.invite(target, offer, events);
  await pass(40);
  expect(peer.request('INVITE').headers.first('Session-Expires')).toBe('300');
  peer.send(responseText(peer.request('INVITE'), 422, { headers: ['Min-SE: 1200'] }));
  await pass(40);
  expect(peer.request('INVITE').headers.first('Session-Expires')).toBe('1200');
  expect(peer.request('INVITE').headers.first('Min-SE')).toBe('1200');
  expect(peer.request('INVITE').cseq.number).toBe(2);
  expect(peer.requests('INVITE')[0]?.callId).toBe(peer.request('INVITE').callId);
});

test('nobody there is told after timer B, and nobody to ask at once', async () => {
  const { agent, pass } = await rig();
  const { heard, failures, events } = ears();
  agent.invite({ ...target, uri: 'sip:bob@192.0.2.77' }, offer, events);
  agent.invite({ ...target, uri: 'sip:bob@nowhere.example' }, offer, events);
  await pass(40);
  expect(heard).toEqual(['failed 503']);
  await pass(32_000);
  expect(heard).toEqual(['failed 503', 'failed 408']);
  expect(failures[1]).toEqual({ status: 408, reason: 'Request Timeout', headers: [] });
  expect(agent.calls).toBe(0);
});

test('a server that is out is passed over for the next (503, and one that is silent)', async () => {
  const { agent, peer, pass, wire } = await rig({}, { 'carrier.example': ['192.0.2.1', '192.0.2.60', '192.0.2.61'] });
  const third = new Peer(wire, { host: '192.0.2.61', port: 5060 });
  const { heard, events } = ears();
  agent.invite({ ...target, uri: 'sip:bob@carrier.example' }, offer, events);
  await pass(40);
  peer.send(responseText(peer.request('INVITE'), 503));
  // The second is waited for in vain, no longer than it would take to say anything: there is a third.
  await pass(8100);
  expect(third.requests('INVITE')).toHaveLength(1);
  peer.send(responseText(peer.request('INVITE'), 200, { body: answer }));
  third.send(responseText(third.request('INVITE'), 200, { body: answer }));
  await pass(40);
  expect(heard).toEqual(['answered true']);
});

test('servers that were out are tried after the others for five minutes, and as before once they answer again', async () => {
  const { agent, peer, pass, wire } = await rig({}, { 'carrier.example': ['192.0.2.1', '192.0.2.60'] });
  const second = new Peer(wire, { host: '192.0.2.60', port: 5060 });
  const { heard, events } = ears();
  const call = async () => {
    const came = [peer, second].map((each) => each.requests('INVITE').length);
    agent.invite({ ...target, uri: 'sip:bob@carrier.example' }, offer, events);
    await pass(40);
    return [peer, second].map((each, at) => each.requests('INVITE').length - (came[at] ?? 0));
  };
  expect(await call()).toEqual([1, 0]);
  await pass(8000);
  second.send(responseText(second.request('INVITE'), 486));
  await pass(40);
  // Nobody waits eight seconds again for a server that is known to be silent.
  expect(await call()).toEqual([0, 1]);
  second.send(responseText(second.request('INVITE'), 503));
  await pass(40);
  peer.send(responseText(peer.request('INVITE'), 486));
  await pass(40);
  expect(heard).toEqual(['failed 486', 'failed 486']);
  expect(await call()).toEqual([1, 0]);
  peer.send(responseText(peer.request('INVITE'), 486));
  await pass(300_000);
  expect(await call()).toEqual([1, 0]);
});

test('what is too long for a datagram goes over TCP where that is possible, and by UDP where not', async () => {
  const { agent, pass, wire } = await rig();
  const both = new Peer(wire, { host: '192.0.2.70', port: 5060 }, 'tcp');
  const long = `${offer}a=x-filler:${'x'.repeat(1400)}\r\n`;
  agent.invite({ ...target, uri: 'sip:bob@192.0.2.70' }, long, ears().events);
  agent.invite({ ...target, uri: 'sip:bob@192.0.2.71' }, long, ears().events);
  const plain = new Peer(wire, { host: '192.0.2.71', port: 5060 });
  await pass(40);
  expect(both.request('INVITE').via.transport).toBe('tcp');
  expect(both.request('INVITE').headers.first('Contact')).toBe('<sip:192.0.2.100:5060;transport=tcp>');
  expect(plain.request('INVITE').via.transport).toBe('udp');
});

test('a connection that is lost before anything was answered fails the call at once', async () => {
  const { agent, pass, wire } = await rig();
  const there = new Peer(wire, { host: '192.0.2.70', port: 5060 }, 'tcp');
  const { heard, events } = ears();
  agent.invite({ ...target, uri: 'sip:bob@192.0.2.70;transport=tcp' }, offer, events);
  await pass(40);
  expect(there.requests('INVITE')).toHaveLength(1);
  wire.breakLine('tcp', { host: '192.0.2.100', port: 5060 }, there.at);
  await flush();
  expect(heard).toEqual(['failed 503']);
});

test('targets that lead nowhere are refused at once', async () => {
  const { agent } = await rig();
  const { events } = ears();
  expect(() => agent.invite({ ...target, uri: 'http://x' }, offer, events)).toThrow(/no sip, sips or tel URI/);
  expect(() => agent.invite({ ...target, uri: 'tel:+4930123' }, offer, events)).toThrow(/needs a proxy/);
  expect(() => agent.invite({ ...target, from: '<<' }, offer, events)).toThrow(/no address for From/);
  expect(agent.calls).toBe(0);
});

test('a far end that calls back within our call is answered by its owner', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, dialogs, events } = ears();
  agent.invite(target, offer, events);
  await pass(40);
  const invite: SipRequest = peer.request('INVITE');
  peer.send(responseText(invite, 200, { body: answer }));
  await pass(40);
  const from = peer.request('ACK').headers.first('To') ?? '';
  const to = peer.request('ACK').headers.first('From') ?? '';
  peer.send(requestText({ method: 'BYE', callId: invite.callId, from, to, cseq: 900 }));
  await pass(40);
  expect(peer.statuses('BYE')).toEqual([200]);
  expect(heard).toEqual(['answered true', 'bye them']);
  expect(await dialogs[0]?.ended).toEqual({ by: 'them' });
});

test('calls that ring are taken back when the agent closes', async () => {
  const { agent, peer, pass } = await rig();
  const { heard, events } = ears();
  agent.invite(target, offer, events);
  await pass(40);
  peer.send(responseText(peer.request('INVITE'), 180));
  await pass(40);
  const closing = agent.close();
  await pass(40);
  peer.send(responseText(peer.request('CANCEL'), 200));
  peer.send(responseText(peer.request('INVITE'), 487));
  await pass(100);
  await closing;
  expect(heard).toEqual(['ringing 180', 'failed 487']);
  expect(() => agent.invite(target, offer, events)).toThrow(/has ended/);
});

test('a ping tells the status of a server, and that none is there', async () => {
  const { agent, peer, pass } = await rig();
  const first = agent.ping({ uri: 'sip:192.0.2.1' });
  const second = agent.ping({ uri: 'sip:192.0.2.77' });
  await pass(40);
  expect(peer.request('OPTIONS').uri).toBe('sip:192.0.2.1');
  peer.send(responseText(peer.request('OPTIONS'), 200));
  await pass(32_100);
  expect(await first).toBe(200);
  expect(await second).toBe(408);
});
