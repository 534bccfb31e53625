// Transfers (RFC 3515): the result is what the NOTIFY tells, and whoever transfers to us hears what became of it.
import { expect, test } from 'vitest';
import { HeaderList } from '../../../src/transports/sip/header-list.ts';
import { referTarget, referTo, replacedDialog } from '../../../src/transports/sip/refer.ts';
import { answered, quiet, requestText, responseText, rig, type Rig } from './rig.ts';

const notify = (to: string, cseq: number, fragment: string, state = 'active', event = 'refer') =>
  requestText({
    method: 'NOTIFY',
    cseq,
    to,
    headers: [`Event: ${event}`, `Subscription-State: ${state}`, 'Content-Type: message/sipfrag'],
    body: fragment,
  }).replace('Content-Type: application/sdp\r\n', '');

async function transferring(all: Rig) {
  const { dialog, to } = await answered(all);
  const result = dialog.refer('tel:+4930123');
  await all.pass(40);
  const refer = all.peer.request('REFER');
  all.peer.send(responseText(refer, 202));
  await all.pass(40);
  return { dialog, to, result, refer };
}

test('a transfer is accepted when whom the far end calls has answered', async () => {
  const all = await rig();
  const { to, result, refer } = await transferring(all);
  expect(refer.headers.first('Refer-To')).toBe('<tel:+4930123>');
  all.peer.send(notify(to, 2, 'SIP/2.0 100 Trying\r\n'));
  all.peer.send(notify(to, 3, 'SIP/2.0 180 Ringing\r\n'));
  all.peer.send(notify(to, 4, 'SIP/2.0 200 OK\r\n', 'terminated;reason=noresource'));
  await all.pass(40);
  expect(all.peer.statuses('NOTIFY')).toEqual([200, 200, 200]);
  expect(await result).toEqual({ outcome: 'accepted', status: 200 });
});

test('a transfer has failed when that call has, whatever the REFER was answered with', async () => {
  const all = await rig();
  const { to, result } = await transferring(all);
  all.peer.send(notify(to, 2, 'SIP/2.0 486 Busy Here\r\n', 'terminated;reason=noresource'));
  await all.pass(40);
  expect(await result).toEqual({ outcome: 'failed', status: 486 });
});

test('a transfer that the far end does not do is refused', async () => {
  const all = await rig();
  const { dialog } = await answered(all);
  const result = dialog.refer('sip:x@y.example', { replaces: 'id@z;to-tag=a;from-tag=b' });
  await all.pass(40);
  expect(all.peer.request('REFER').headers.first('Refer-To')).toBe('<sip:x@y.example?Replaces=id%40z%3Bto-tag%3Da%3Bfrom-tag%3Db>');
  all.peer.send(responseText(all.peer.request('REFER'), 603));
  await all.pass(40);
  expect(await result).toEqual({ outcome: 'refused', status: 603 });
});

test('the result of a transfer may come after the far end has hung up, and nothing but it is heard then', async () => {
  const all = await rig();
  const { to, result } = await transferring(all);
  all.peer.send(requestText({ method: 'BYE', cseq: 2, to }));
  all.peer.send(requestText({ method: 'INFO', cseq: 3, to }));
  await all.pass(40);
  expect(all.peer.statuses('INFO')).toEqual([481]);
  all.peer.send(notify(to, 4, 'SIP/2.0 200 OK\r\n', 'terminated'));
  await all.pass(40);
  expect(await result).toEqual({ outcome: 'accepted', status: 200 });
  expect(all.agent.core.dialogs.size).toBe(0);
});

test('a call that is over is transferred nowhere', async () => {
  const all = await rig();
  const { dialog } = await answered(all);
  dialog.bye();
  await expect(dialog.refer('sip:x@y.example')).rejects.toThrow(/over/);
  await all.pass(40);
  expect(all.peer.requests('REFER')).toEqual([]);
});

test('a transfer that nothing is heard of has failed, and keeps nothing', async () => {
  const all = await rig();
  const { to, result } = await transferring(all);
  all.peer.send(requestText({ method: 'BYE', cseq: 2, to }));
  await all.pass(32_100);
  expect(await result).toEqual({ outcome: 'failed', status: 408 });
  expect(all.agent.core.dialogs.size).toBe(0);
});

test('a subscription that ends without a result is a failure, and events that nobody asked for are refused', async () => {
  const all = await rig();
  const { to, result } = await transferring(all);
  all.peer.send(notify(to, 2, 'x', 'active', 'presence'));
  all.peer.send(notify(to, 3, 'SIP/2.0 100 Trying\r\n', 'terminated;reason=giveup'));
  await all.pass(40);
  all.peer.send(notify(to, 4, 'SIP/2.0 200 OK\r\n'));
  await all.pass(40);
  expect(await result).toEqual({ outcome: 'failed', status: 487 });
  expect(all.peer.statuses('NOTIFY')).toEqual([489, 200, 481]);
});

test('one transfer of a call at a time', async () => {
  const all = await rig();
  const { dialog } = await transferring(all);
  await expect(dialog.refer('sip:other@y.example')).rejects.toThrow(/under way/);
});

test('a transfer that is asked of us is agreed to first, and told with its result', async () => {
  const all = await rig();
  const asked: unknown[] = [];
  let done = (_status: number) => {};
  const { to } = await answered(all, {
    ...quiet,
    onRefer: (target, replaces) => {
      asked.push([target, replaces]);
      return new Promise((resolve) => {
        done = resolve;
      });
    },
  });
  const refers = 'Refer-To: <sip:carol@y.example?Replaces=id%40z%3Bto-tag%3Da%3Bfrom-tag%3Db&Route=%3Csip:evil%3E>';
  all.peer.send(requestText({ method: 'REFER', cseq: 2, to, headers: [refers] }));
  await all.pass(40);
  expect(asked).toEqual([['sip:carol@y.example', 'id@z;to-tag=a;from-tag=b']]);
  expect(all.peer.statuses('REFER')).toEqual([202]);
  expect(all.peer.request('NOTIFY').body.toString()).toBe('SIP/2.0 100 Trying\r\n');
  all.peer.send(responseText(all.peer.request('NOTIFY'), 200));
  done(486);
  await all.pass(40);
  const last = all.peer.request('NOTIFY');
  expect(last.body.toString()).toBe('SIP/2.0 486 Busy Here\r\n');
  expect(last.headers.first('Event')).toBe('refer;id=2');
  expect(last.headers.first('Subscription-State')).toMatch(/^terminated/);
});

test('a transfer that is asked of us is declined where nobody does it, and refused where it names nobody', async () => {
  const all = await rig();
  const { to } = await answered(all);
  all.peer.send(requestText({ method: 'REFER', cseq: 2, to, headers: ['Refer-To: <sip:carol@y.example>'] }));
  all.peer.send(requestText({ method: 'REFER', cseq: 3, to }));
  all.peer.send(requestText({ method: 'REFER', cseq: 4, to, headers: ['Refer-To: <sip:a@b>, <sip:c@d>'] }));
  await all.pass(40);
  expect(all.peer.statuses('REFER')).toEqual([603, 400, 400]);
});

test('a call names itself as its far end has to, for a transfer with consultation', async () => {
  const all = await rig();
  const { dialog, to } = await answered(all);
  const ours = /tag=([^;]+)/.exec(to)?.[1];
  expect(dialog.replacesValue).toBe(`call-1;to-tag=far-tag;from-tag=${ours}`);
});

test('what is written into Refer-To is read from it', () => {
  const value = referTo('sip:a@b.example;x=1', 'c@d;to-tag=1;from-tag=2');
  expect(referTarget(new HeaderList([{ name: 'Refer-To', value }]))).toEqual({
    uri: 'sip:a@b.example;x=1',
    replaces: 'c@d;to-tag=1;from-tag=2',
  });
  expect(replacedDialog('c@d;to-tag=1;from-tag=2;early-only')).toEqual({ callId: 'c@d', localTag: '1', remoteTag: '2', earlyOnly: true });
  expect(replacedDialog('c@d;to-tag=1')).toBeUndefined();
  expect(() => referTo('nobody', undefined)).toThrow(/no sip, sips or tel URI/);
});
