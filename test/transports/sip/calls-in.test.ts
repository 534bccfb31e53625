// Calls that come in: ringing, answering, refusing, and all that may cross on the way (RFC 3261 sections 13 and 9).
import { expect, test } from 'vitest';
import type { Cancelled } from '../../../src/transports/sip/agent.ts';
import { answer, answered, failureOf, offer, Peer, quiet, requestText, rig } from './rig.ts';

const invite = (extra: Parameters<typeof requestText>[0] = {}) => requestText({ body: offer, ...extra });

test('a call is told with all that its INVITE says, after 100 and before anything else', async () => {
  const { peer, pass, call } = await rig();
  peer.send(invite({ headers: ['X-Twice: one', 'Authorization: Digest username="a"', 'x-twice: two'] }));
  await pass(40);
  expect(peer.statuses()).toEqual([100]);
  expect(call()).toMatchObject({
    requestUri: 'sip:100@parley.example',
    trunk: 'carrier',
    offer,
    callId: 'call-1',
    from: '<sip:alice@far.example>;tag=far-tag',
  });
  expect(call().source).toEqual({ address: '192.0.2.1', port: 5060, transport: 'udp' });
  expect(
    call()
      .headers.filter(({ name }) => name.toLowerCase() === 'x-twice')
      .map(({ value }) => value),
  ).toEqual(['one', 'two']);
  expect(call().headers.some(({ name }) => name === 'Authorization')).toBe(false);
});

test('it rings, has sound before the answer, and is answered; all with one tag, and Record-Route as it came', async () => {
  const { peer, pass, call, agent, wire } = await rig();
  const nearest = new Peer(wire, { host: '192.0.2.2', port: 5060 });
  const routes = ['Record-Route: <sip:192.0.2.2;lr>, <sip:192.0.2.3;lr>', 'Record-Route: <sip:192.0.2.4;lr>'];
  peer.send(invite({ headers: routes }));
  await pass(40);
  call().ring();
  call().progress(answer);
  const answering = call().answer(answer, quiet);
  await pass(40);
  expect(peer.statuses()).toEqual([100, 180, 183, 200]);
  const said = peer.responses().slice(1);
  expect(new Set(said.map(({ to }) => to.parameters.get('tag'))).size).toBe(1);
  for (const response of said)
    expect(response.headers.all('Record-Route')).toEqual(routes.map((line) => line.slice('Record-Route: '.length)));
  expect(said[1]?.body.toString()).toBe(answer);
  expect(said[2]?.headers.first('Contact')).toBe('<sip:192.0.2.100:5060>');
  peer.send(requestText({ method: 'ACK', to: peer.response().headers.first('To') ?? '', branch: 'ack' }));
  await pass(40);
  const dialog = await answering;
  dialog.bye();
  await pass(40);
  // The nearest proxy to us is the first that the INVITE names (section 12.1.1).
  const bye = nearest.request('BYE');
  expect(bye.uri).toBe('sip:alice@192.0.2.1:5060');
  expect(bye.headers.values('Route')).toEqual(['<sip:192.0.2.2;lr>', '<sip:192.0.2.3;lr>', '<sip:192.0.2.4;lr>']);
  expect(peer.requests('BYE')).toEqual([]);
  expect(agent.calls).toBe(0);
  expect((await dialog.ended).by).toBe('us');
});

test('the answer is sent again until its ACK comes, and not after it', async () => {
  const { peer, pass, call, wire } = await rig();
  peer.send(invite());
  await pass(40);
  const answering = call().answer(answer, quiet);
  await pass(4000);
  const times = wire.carried.filter(({ text }) => text.startsWith('SIP/2.0 200')).length;
  // At 0, 500, 1500 and 3500 ms.
  expect(times).toBe(4);
  peer.send(requestText({ method: 'ACK', to: peer.response().headers.first('To') ?? '', branch: 'ack' }));
  await pass(20_000);
  expect(wire.carried.filter(({ text }) => text.startsWith('SIP/2.0 200'))).toHaveLength(4);
  await expect(answering).resolves.toMatchObject({ callId: 'call-1' });
});

test('an answer that is never acknowledged ends the call with a BYE', async () => {
  const { peer, pass, call, agent } = await rig();
  peer.send(invite());
  await pass(40);
  const refused = failureOf(call().answer(answer, quiet));
  await pass(32_100);
  expect(await refused).toMatchObject({ status: 487, message: expect.stringContaining('before it was acknowledged') as string });
  expect(peer.requests('BYE').length).toBeGreaterThan(0);
  expect(agent.calls).toBe(0);
});

test('a repeated INVITE is one call, and gets what was said last', async () => {
  const { peer, pass, calls } = await rig();
  peer.send(invite());
  await pass(40);
  calls[0]?.ring();
  peer.send(invite());
  await pass(40);
  expect(calls).toHaveLength(1);
  expect(peer.statuses()).toEqual([100, 180, 180]);
});

test('the same INVITE over another way is refused (482)', async () => {
  const { peer, pass, calls } = await rig();
  peer.send(invite());
  peer.send(invite({ branch: 'another-way' }));
  await pass(40);
  expect(calls).toHaveLength(1);
  expect(peer.statuses()).toEqual([100, 482]);
});

test('a refusal is sent until its ACK', async () => {
  const { peer, pass, call, agent } = await rig();
  peer.send(invite());
  await pass(40);
  call().reject(486, 'Not now', [{ name: 'Retry-After', value: '60' }]);
  expect(agent.calls).toBe(0);
  await pass(1600);
  expect(peer.statuses()).toEqual([100, 486, 486, 486]);
  expect(peer.response().reason).toBe('Not now');
  peer.send(requestText({ method: 'ACK', branch: 'INVITE-1', to: peer.response().headers.first('To') ?? '' }));
  await pass(10_000);
  expect(peer.statuses()).toHaveLength(4);
  expect(agent.core.dialogs.size).toBe(0);
});

test('a CANCEL ends a call that rings, and tells why', async () => {
  const { peer, pass, call, agent } = await rig();
  peer.send(invite());
  await pass(40);
  const told: Cancelled[] = [];
  call().onCancel((cancelled) => told.push(cancelled));
  call().ring();
  peer.send(requestText({ method: 'CANCEL', branch: 'INVITE-1', headers: ['Reason: SIP;cause=200;text="Call completed elsewhere"'] }));
  await pass(40);
  expect(peer.statuses('CANCEL')).toEqual([200]);
  expect(peer.statuses()).toEqual([100, 180, 487]);
  expect(told).toEqual([{ by: 'caller', cause: 'SIP;cause=200;text="Call completed elsewhere"' }]);
  expect(agent.calls).toBe(0);
  await expect(call().answer(answer, quiet)).rejects.toThrow(/is over/);
});

test('a CANCEL that comes after the answer changes nothing', async () => {
  const { peer, pass, call } = await rig();
  peer.send(invite());
  await pass(40);
  const answering = call().answer(answer, quiet);
  peer.send(requestText({ method: 'CANCEL', branch: 'INVITE-1' }));
  await pass(40);
  expect(peer.statuses('CANCEL')).toEqual([200]);
  expect(peer.statuses()).toEqual([100, 200]);
  peer.send(requestText({ method: 'ACK', to: peer.response().headers.first('To') ?? '', branch: 'ack' }));
  await pass(40);
  await expect(answering).resolves.toBeDefined();
});

test('a CANCEL of nothing is answered 481', async () => {
  const { peer, pass } = await rig();
  peer.send(requestText({ method: 'CANCEL', branch: 'nothing' }));
  await pass(40);
  expect(peer.statuses('CANCEL')).toEqual([481]);
});

test('an INVITE that is not answered in the time it names is over (Expires)', async () => {
  const { peer, pass, call } = await rig();
  peer.send(invite({ headers: ['Expires: 5'] }));
  await pass(40);
  const told: Cancelled[] = [];
  call().onCancel((cancelled) => told.push(cancelled));
  await pass(5000);
  expect(peer.statuses()[1]).toBe(487);
  expect(told).toEqual([{ by: 'time' }]);
});

test('proxies are told each minute that it rings', async () => {
  const { peer, pass, call } = await rig();
  peer.send(invite());
  await pass(40);
  call().ring();
  await pass(120_100);
  expect(peer.statuses()).toEqual([100, 180, 180, 180]);
});

test('without an offer ours is one, and the answer comes with the ACK', async () => {
  const { peer, pass, call } = await rig();
  peer.send(requestText({}));
  await pass(40);
  expect(call().offer).toBeUndefined();
  const answering = call().answer(offer, quiet);
  await pass(40);
  expect(peer.response().body.toString()).toBe(offer);
  peer.send(requestText({ method: 'ACK', to: peer.response().headers.first('To') ?? '', branch: 'ack', body: answer }));
  await pass(40);
  expect((await answering).lateAnswer).toBe(answer);
});

test('an offer of ours that the ACK does not answer ends the call', async () => {
  const { peer, pass, call } = await rig();
  peer.send(requestText({}));
  await pass(40);
  const refused = failureOf(call().answer(offer, quiet));
  await pass(40);
  peer.send(requestText({ method: 'ACK', to: peer.response().headers.first('To') ?? '', branch: 'ack' }));
  await pass(40);
  expect(await refused).toMatchObject({ status: 487, message: expect.stringContaining('before it was acknowledged') as string });
  expect(peer.request('BYE').headers.first('Reason')).toContain('488');
});

test('a call that is to end before its ACK has come is ended after the ACK', async () => {
  const { peer, pass, call, agent } = await rig();
  peer.send(invite());
  await pass(40);
  const refused = failureOf(call().answer(answer, quiet));
  await pass(40);
  void agent.close();
  await pass(200);
  expect(await refused).toMatchObject({ status: 487, message: expect.stringContaining('before it was acknowledged') as string });
  expect(peer.requests('BYE')).toEqual([]);
  peer.send(requestText({ method: 'ACK', to: peer.response().headers.first('To') ?? '', branch: 'ack' }));
  await pass(40);
  expect(peer.requests('BYE')).toHaveLength(1);
});

test('who requires what we do not have gets 420, and only what is missing is named', async () => {
  const { peer, pass, calls } = await rig();
  peer.send(invite({ headers: ['Require: timer, sec-agree', 'Require: 100rel'] }));
  await pass(40);
  expect(peer.statuses()).toEqual([420]);
  expect(peer.response().headers.first('Unsupported')).toBe('sec-agree');
  expect(calls).toEqual([]);
});

test('a request of a dialog that is none of ours gets 481, an ACK nothing', async () => {
  const { peer, pass, wire } = await rig();
  const to = '<sip:100@parley.example>;tag=unknown';
  for (const method of ['BYE', 'INFO', 'UPDATE', 'PRACK', 'REFER', 'NOTIFY', 'INVITE', 'OPTIONS']) peer.send(requestText({ method, to }));
  await pass(40);
  expect(peer.received.map((message) => message.kind === 'response' && message.status)).toEqual(Array.from({ length: 8 }, () => 481));
  const before = wire.carried.length;
  peer.send(requestText({ method: 'ACK', to }));
  await pass(40);
  expect(wire.carried).toHaveLength(before + 1);
});

test('requests out of their order are refused, and those of another user within the dialog are served', async () => {
  const all = await rig();
  const { to } = await answered(all);
  all.peer.send(requestText({ method: 'INFO', cseq: 5, to, uri: 'sip:somebody-else@192.0.2.100' }));
  all.peer.send(requestText({ method: 'INFO', cseq: 4, to }));
  await all.pass(40);
  expect(all.peer.statuses('INFO')).toEqual([200, 500]);
});

test('the far end hangs up, and says why', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all);
  all.peer.send(requestText({ method: 'BYE', cseq: 2, to, headers: ['Reason: Q.850;cause=16'] }));
  await all.pass(40);
  expect(all.peer.statuses('BYE')).toEqual([200]);
  expect(await dialog.ended).toEqual({ by: 'them', cause: 'Q.850;cause=16' });
  expect(all.agent.core.dialogs.size).toBe(0);
  all.peer.send(requestText({ method: 'INFO', cseq: 3, to }));
  await all.pass(40);
  expect(all.peer.statuses('INFO')).toEqual([481]);
});

test('both hang up at once, and both are answered', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all);
  dialog.bye('Q.850;cause=16');
  all.peer.send(requestText({ method: 'BYE', cseq: 2, to }));
  await all.pass(40);
  expect(all.peer.statuses('BYE')).toEqual([200]);
  expect(all.peer.request('BYE').headers.first('Reason')).toBe('Q.850;cause=16');
  expect(await dialog.ended).toEqual({ by: 'us', cause: 'Q.850;cause=16' });
});

test('digits that come by INFO are told, in both spellings', async () => {
  const all = await rig();
  const digits: unknown[] = [];
  const { to } = await answered(all, { ...quiet, onInfoDigit: (digit, ms) => digits.push([digit, ms]) });
  const info = (cseq: number, type: string, body: string) =>
    requestText({ method: 'INFO', cseq, to, headers: [`Content-Type: ${type}`], body }).replace('Content-Type: application/sdp\r\n', '');
  all.peer.send(info(2, 'application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n'));
  all.peer.send(info(3, 'application/dtmf', '#'));
  all.peer.send(info(4, 'application/dtmf-relay', 'Signal= 10\r\n'));
  all.peer.send(info(5, 'application/something', 'x'));
  all.peer.send(requestText({ method: 'INFO', cseq: 6, to, headers: ['Info-Package: foo'] }));
  await all.pass(40);
  expect(digits).toEqual([
    ['5', 160],
    ['#', undefined],
    ['*', undefined],
  ]);
  expect(all.peer.statuses('INFO')).toEqual([200, 200, 200, 415, 469]);
});

test('a call takes the place of another (Replaces), which is ended when it is answered', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all);
  const tag = /tag=([^;]+)/.exec(to)?.[1] ?? '';
  const second = { callId: 'call-2', from: '<sip:carol@far.example>;tag=carol', branch: 'two' };
  all.peer.send(invite({ ...second, headers: [`Replaces: call-1;to-tag=${tag};from-tag=far-tag`, 'Require: replaces'] }));
  await all.pass(40);
  expect(all.calls[1]?.replaces).toBe(dialog);
  void all.calls[1]?.answer(answer, quiet).catch(() => {});
  await all.pass(40);
  expect((await dialog.ended).by).toBe('us');
  expect(all.peer.request('BYE').callId).toBe('call-1');
});

test('a Replaces of nothing is refused', async () => {
  const { peer, pass, calls } = await rig();
  peer.send(invite({ headers: ['Replaces: nothing;to-tag=a;from-tag=b'] }));
  peer.send(invite({ callId: 'other', branch: 'b', headers: ['Replaces: nothing'] }));
  await pass(40);
  expect(peer.statuses().filter((status) => status > 100)).toEqual([481, 400]);
  expect(calls).toEqual([]);
});

test('more calls than there may be are refused with a time to come again', async () => {
  const { peer, pass, calls } = await rig({ mostCalls: 1 });
  peer.send(invite());
  peer.send(invite({ callId: 'two', branch: 'two' }));
  await pass(40);
  expect(calls).toHaveLength(1);
  expect(peer.response().status).toBe(503);
  expect(peer.response().headers.first('Retry-After')).toBe('5');
});

test('a body of several parts has its description found', async () => {
  const { peer, pass, call } = await rig();
  const body = `--x\r\nContent-Type: application/isup\r\n\r\nbinary\r\n--x\r\nContent-Type: application/sdp\r\n\r\n${offer}--x--\r\n`;
  peer.send(
    invite({ body }).replace(
      'Content-Type: application/sdp\r\nContent-Length',
      'Content-Type: multipart/mixed;boundary=x\r\nContent-Length',
    ),
  );
  await pass(40);
  expect(call().offer).toBe(offer);
});

test('the agent ends what is under way when it closes', async () => {
  const all = await rig();
  const { dialog } = await answered(all);
  all.peer.send(invite({ callId: 'ringing', branch: 'ringing' }));
  await all.pass(40);
  const closing = all.agent.close();
  all.peer.send(invite({ callId: 'late', branch: 'late' }));
  await all.pass(1100);
  await closing;
  expect(all.peer.request('BYE').callId).toBe('call-1');
  // That which rang, and that which came while the agent ended.
  expect(
    new Set(
      all.peer
        .responses()
        .filter(({ status }) => status === 503)
        .map(({ callId }) => callId),
    ),
  ).toEqual(new Set(['ringing', 'late']));
  expect(await dialog.ended).toEqual({ by: 'us' });
});
