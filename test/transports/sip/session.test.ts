// An answered call's session: changes from both sides at once, refreshes, and certain provisional responses.
import { expect, test } from 'vitest';
import type { DialogEvents } from '../../../src/transports/sip/agent.ts';
import { agreeAsServer, agreedAsClient } from '../../../src/transports/sip/session-interval.ts';
import { responseTo } from '../../../src/transports/sip/build.ts';
import { parseMessage, type SipRequest } from '../../../src/transports/sip/message.ts';
import { answer, answered, failureOf, offer, quiet, requestText, responseText, rig } from './rig.ts';

const held = offer.replace('m=audio', 'a=sendonly\r\nm=audio');

test('a re-INVITE is answered with what the session says, and its answer is repeated until the ACK', async () => {
  const all = await rig();
  const asked: unknown[] = [];
  const events: DialogEvents = {
    onSession: (theirs, kind) => {
      asked.push([theirs, kind]);
      return Promise.resolve(answer);
    },
  };
  const { to } = await answered(all, events);
  all.peer.send(requestText({ cseq: 2, to, body: held, contact: '<sip:alice@192.0.2.1:5099>' }));
  await all.pass(600);
  expect(asked).toEqual([[held, 're-invite']]);
  expect(all.peer.statuses()).toEqual([100, 200, 100, 200, 200]);
  all.peer.send(requestText({ method: 'ACK', cseq: 2, to, branch: 'ack2' }));
  await all.pass(5000);
  expect(all.peer.statuses()).toHaveLength(5);
});

test('the target is where the last re-INVITE says', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all);
  all.peer.send(requestText({ cseq: 2, to, body: held, contact: '<sip:alice@192.0.2.1:5060;moved>' }));
  await all.pass(40);
  dialog.bye();
  await all.pass(40);
  expect(all.peer.request('BYE').uri).toBe('sip:alice@192.0.2.1:5060;moved');
});

test('a re-INVITE without an offer gets ours, and its ACK brings the answer', async () => {
  const all = await rig();
  const late: string[] = [];
  const { to } = await answered(all, {
    onSession: (theirs) => Promise.resolve(theirs === undefined ? offer : answer),
    onLateAnswer: (sdp) => late.push(sdp),
  });
  all.peer.send(requestText({ cseq: 2, to }));
  await all.pass(40);
  expect(all.peer.response().body.toString()).toBe(offer);
  all.peer.send(requestText({ method: 'ACK', cseq: 2, to, branch: 'ack2', body: answer }));
  await all.pass(40);
  expect(late).toEqual([answer]);
});

test('a change that is refused leaves the call as it is', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all, { onSession: () => Promise.resolve({ status: 488 }) });
  all.peer.send(requestText({ cseq: 2, to, body: held }));
  await all.pass(40);
  expect(all.peer.response().status).toBe(488);
  all.peer.send(requestText({ method: 'ACK', cseq: 2, to, branch: 'INVITE-2' }));
  await all.pass(40);
  dialog.bye();
  expect(await dialog.ended).toEqual({ by: 'us' });
});

test('a failure of ours in answering is 500, and the call lives', async () => {
  const all = await rig();
  const { to } = await answered(all, { onSession: () => Promise.reject(new Error('a bug')) });
  all.peer.send(requestText({ method: 'UPDATE', cseq: 2, to, body: held }));
  all.peer.send(requestText({ method: 'OPTIONS', cseq: 3, to }));
  await all.pass(40);
  expect(all.peer.statuses('UPDATE')).toEqual([500]);
  expect(all.peer.statuses('OPTIONS')).toEqual([200]);
});

test('an offer that comes while ours waits is refused with 491, and ours is made again when theirs is', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all);
  const changing = dialog.reinvite(held);
  await all.pass(40);
  const ours = all.peer.request('INVITE');
  all.peer.send(requestText({ cseq: 2, to, body: held }));
  all.peer.send(requestText({ method: 'UPDATE', cseq: 3, to, body: held }));
  await all.pass(40);
  expect(all.peer.response().status).toBe(491);
  expect(all.peer.statuses('UPDATE')).toEqual([491]);
  all.peer.send(requestText({ method: 'ACK', cseq: 2, to, branch: 'INVITE-2' }));
  all.peer.send(responseText(ours, 491));
  // We have not made the Call-ID: up to two seconds (section 14.1).
  await all.pass(2100);
  const again = all.peer.request('INVITE');
  expect(again.cseq.number).toBe(ours.cseq.number + 1);
  all.peer.send(responseText(again, 200, { body: answer }));
  await all.pass(40);
  expect(await changing).toBe(answer);
  expect(all.peer.requests('ACK').at(-1)?.cseq.number).toBe(again.cseq.number);
});

test('a second offer before the first has its answer is refused with 500 and a time', async () => {
  const all = await rig();
  const waiting: ((sdp: string) => void)[] = [];
  const { to } = await answered(all, { onSession: () => new Promise((resolve) => waiting.push(resolve)) });
  all.peer.send(requestText({ method: 'UPDATE', cseq: 2, to, body: held }));
  all.peer.send(requestText({ cseq: 3, to, body: held }));
  await all.pass(40);
  expect(all.peer.response().status).toBe(500);
  expect(Number(all.peer.response().headers.first('Retry-After'))).toBeLessThanOrEqual(10);
  waiting[0]?.(answer);
  await all.pass(40);
  expect(all.peer.statuses('UPDATE')).toEqual([200]);
});

test('a refused change of ours is told with its status, and one that the far end knows nothing of ends the call', async () => {
  const all = await rig();
  const { dialog } = await answered(all);
  const first = failureOf(dialog.reinvite(held));
  await all.pass(40);
  all.peer.send(responseText(all.peer.request('INVITE'), 488));
  await all.pass(40);
  expect(await first).toMatchObject({ status: 488 });
  const second = failureOf(dialog.reinvite(held));
  await all.pass(40);
  all.peer.send(responseText(all.peer.request('INVITE'), 481));
  await all.pass(40);
  expect(await second).toMatchObject({ status: 481 });
  expect(await dialog.ended).toEqual({ by: 'lost' });
});

test('a re-INVITE can be taken back while it waits; the answer that comes too late changes nothing', async () => {
  const all = await rig();
  const waiting: ((sdp: string) => void)[] = [];
  const { dialog, to } = await answered(all, { onSession: () => new Promise((resolve) => waiting.push(resolve)) });
  all.peer.send(requestText({ cseq: 2, to, body: held }));
  all.peer.send(requestText({ method: 'CANCEL', cseq: 2, to, branch: 'INVITE-2' }));
  await all.pass(40);
  expect(all.peer.response().status).toBe(487);
  expect(all.peer.statuses('CANCEL')).toEqual([200]);
  all.peer.send(requestText({ method: 'ACK', cseq: 2, to, branch: 'INVITE-2' }));
  waiting[0]?.(answer);
  await all.pass(60_000);
  expect(all.peer.requests('BYE')).toEqual([]);
  dialog.bye();
});

test('a change that waits when the call ends is answered still', async () => {
  const all = await rig();
  const { to } = await answered(all, { onSession: () => new Promise(() => {}) });
  all.peer.send(requestText({ cseq: 2, to, body: held }));
  await all.pass(40);
  all.peer.send(requestText({ method: 'BYE', cseq: 3, to }));
  await all.pass(40);
  expect(all.peer.statuses('BYE')).toEqual([200]);
  expect(all.peer.response().status).toBe(487);
  all.peer.send(requestText({ method: 'ACK', cseq: 2, to, branch: 'INVITE-2' }));
  await all.pass(40_000);
  expect(all.agent.core.table.size).toBe(0);
});

test('we refresh the session at half of its interval, with UPDATE where the far end takes it', async () => {
  const all = await rig({ sessionExpiresS: 600 });
  const { dialog } = await answered(all, quiet, { headers: ['Supported: timer', 'Allow: INVITE, UPDATE'] });
  expect(all.peer.response().headers.first('Session-Expires')).toBe('600;refresher=uas');
  await all.pass(300_100);
  const update = all.peer.request('UPDATE');
  expect(update.headers.first('Session-Expires')).toBe('600;refresher=uac');
  expect(update.body).toHaveLength(0);
  all.peer.send(responseText(update, 200, { headers: ['Session-Expires: 600;refresher=uac'] }));
  await all.pass(300_100);
  expect(all.peer.requests('UPDATE').filter(({ cseq }) => cseq.number === update.cseq.number + 1).length).toBeGreaterThan(0);
  dialog.bye();
});

test('we refresh with a re-INVITE of the same description where UPDATE is not taken', async () => {
  const all = await rig({ sessionExpiresS: 600 });
  await answered(all);
  await all.pass(300_100);
  expect(all.peer.requests('UPDATE')).toEqual([]);
  expect(all.peer.request('INVITE').body.toString()).toBe(answer);
});

test('a session whose caller wants to refresh it and does not is ended before its interval is over', async () => {
  const all = await rig();
  const { dialog } = await answered(all, quiet, { headers: ['Supported: timer', 'Session-Expires: 300;refresher=uac'] });
  expect(all.peer.response().headers.first('Session-Expires')).toBe('300;refresher=uac');
  expect(all.peer.response().headers.lists('Require', 'timer')).toBe(true);
  await all.pass(267_000);
  expect(all.peer.requests('BYE')).toEqual([]);
  await all.pass(1500);
  expect(all.peer.request('BYE').headers.first('Reason')).toContain('timer');
  expect(await dialog.ended).toEqual({ by: 'timer' });
});

test('a refresh of theirs keeps the session up', async () => {
  const all = await rig();
  const { to } = await answered(all, quiet, { headers: ['Supported: timer', 'Session-Expires: 300;refresher=uac'] });
  await all.pass(200_000);
  all.peer.send(requestText({ method: 'UPDATE', cseq: 2, to, headers: ['Supported: timer', 'Session-Expires: 300;refresher=uac'] }));
  await all.pass(200_000);
  expect(all.peer.statuses('UPDATE')).toEqual([200]);
  expect(all.peer.requests('BYE')).toEqual([]);
});

test('a far end that does not answer our refresh has lost the call', async () => {
  const all = await rig({ sessionExpiresS: 600 });
  const { dialog } = await answered(all, quiet, { headers: ['Allow: UPDATE'] });
  await all.pass(300_100 + 32_100);
  expect(await dialog.ended).toEqual({ by: 'lost' });
});

test('an interval below our least is refused with what we agree to (422)', async () => {
  const { peer, pass, calls } = await rig();
  peer.send(requestText({ body: offer, headers: ['Supported: timer', 'Session-Expires: 60'] }));
  await pass(40);
  expect(peer.response().status).toBe(422);
  expect(peer.response().headers.first('Min-SE')).toBe('90');
  expect(calls).toEqual([]);
});

test('who refreshes follows table 2 of RFC 4028', () => {
  const wish = { wantedS: 1800, leastS: 90 };
  const asks = (...headers: string[]) => {
    const agreement = agreeAsServer(read(requestText({ headers })), wish);
    return agreement.kind === 'agreed' ? [agreement.interval.refresher, agreement.headers.some(({ name }) => name === 'Require')] : [];
  };
  expect(asks()).toEqual(['us', false]);
  expect(asks('Supported: timer')).toEqual(['us', false]);
  expect(asks('Supported: timer', 'Session-Expires: 600')).toEqual(['us', false]);
  expect(asks('Supported: timer', 'Session-Expires: 600;refresher=uac')).toEqual(['them', true]);
  expect(asks('k: timer', 'x: 600;refresher=uas')).toEqual(['us', false]);
  // Put in by a proxy for a caller that knows no timers.
  expect(asks('Session-Expires: 600;refresher=uac')).toEqual(['us', false]);
  const says = (value: string) => agreedAsClient(responseTo(read(requestText({})), 200, { headers: [{ name: 'Session-Expires', value }] }));
  expect(says('600;refresher=uac')).toEqual({ seconds: 600, refresher: 'us' });
  expect(says('600;refresher=uas')).toEqual({ seconds: 600, refresher: 'them' });
});

test('ringing is told for certain where the caller requires it, one after the other, and the answer waits', async () => {
  const { peer, pass, call } = await rig();
  peer.send(requestText({ body: offer, headers: ['Require: 100rel'] }));
  await pass(40);
  call().ring();
  call().progress(answer);
  void call()
    .answer(answer, quiet)
    .catch(() => {});
  await pass(1600);
  // The first, at 0, 500 and 1500 ms, until it is acknowledged.
  expect(peer.statuses()).toEqual([100, 180, 180, 180]);
  const number = Number(peer.response().headers.first('RSeq'));
  const to = peer.response().headers.first('To') ?? '';
  peer.send(requestText({ method: 'PRACK', cseq: 2, to, headers: [`RAck: ${number + 1} 1 INVITE`] }));
  peer.send(requestText({ method: 'PRACK', cseq: 3, to, headers: [`RAck: ${number} 1 INVITE`] }));
  await pass(40);
  expect(peer.statuses('PRACK')).toEqual([481, 200]);
  expect(peer.response().status).toBe(183);
  expect(Number(peer.response().headers.first('RSeq'))).toBe(number + 1);
  peer.send(requestText({ method: 'PRACK', cseq: 4, to, headers: [`RAck: ${number + 1} 1 INVITE`] }));
  await pass(40);
  expect(peer.response().status).toBe(200);
});

test('a description that is never acknowledged ends the call', async () => {
  const { peer, pass, call } = await rig();
  peer.send(requestText({ body: offer, headers: ['Supported: 100rel'] }));
  await pass(40);
  call().ring();
  call().progress(answer);
  await pass(32_200);
  expect(peer.response().status).toBe(504);
});

test('without 100rel nothing provisional is repeated', async () => {
  const { peer, pass, call } = await rig();
  peer.send(requestText({ body: offer }));
  await pass(40);
  call().progress(answer);
  await pass(5000);
  expect(peer.statuses()).toEqual([100, 183]);
  expect(peer.response().headers.first('RSeq')).toBeUndefined();
});

function read(text: string): SipRequest {
  const parsed = parseMessage(Buffer.from(text), 'datagram');
  if (parsed.kind !== 'message' || parsed.message.kind !== 'request') throw new Error('no request');
  return parsed.message;
}
