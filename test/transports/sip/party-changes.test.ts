// Somebody else takes the far side's place in a call: asked for by a REFER, or by an INVITE that replaces it. The call and its sound stay.
import { expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { type CallEnd, CallError, type CallEvents } from '../../../src/transports/calls/call.ts';
import type { PhoneCall } from '../../../src/transports/calls/phone-call.ts';
import type { MediaCall, PhoneMedia } from '../../../src/transports/sip/media/phone-media.ts';
import { incomingPhoneCall, type SipPhoneParts } from '../../../src/transports/sip/phone-calls.ts';
import { answer, offer, Peer, requestText, responseText, rig, type RequestText } from './rig.ts';

const reoffered = offer.replace('4000', '7000');

/** A call that is answered, with media that says what was agreed upon. */
async function talking({ may = true, srtp = false, leads = true } = {}) {
  const all = await rig();
  const agreed: string[] = [];
  const sound = {
    sdp: answer,
    media: srtp ? 'srtp' : 'rtp',
    async accept(sdp: string) {
      if (sdp.includes('bad')) throw new CallError('rejected', 'No.', { status: 488 });
      agreed.push(`accepted ${portIn(sdp)}`);
    },
    async renegotiate(sdp: string) {
      if (sdp.includes('bad')) throw new CallError('rejected', 'No.', { status: 415 });
      agreed.push(`answered ${portIn(sdp)}`);
      return answer;
    },
    reoffer: async () => reoffered,
    close: () => agreed.push('closed'),
  } as unknown as MediaCall;
  const ends: CallEnd[] = [];
  const parties: string[] = [];
  const asked: string[] = [];
  const events: CallEvents = {
    onSound() {},
    onOpen() {},
    onMessage() {},
    onPlayed() {},
    onTaken() {},
    onDigit() {},
    onReferred(target) {
      asked.push(target);
      return may ? target : undefined;
    },
    onPartyChanged: (party, by) => parties.push(`${by} ${party}`),
    onEnd: (end) => ends.push(end),
  };
  const media = { answer: async () => sound } as unknown as PhoneMedia;
  const follow: SipPhoneParts['follow'] = ({ target, headers, encrypted }, from) =>
    leads && !encrypted ? (sdp, outgoing) => all.agent.invite({ uri: target, from, headers }, sdp, outgoing) : undefined;
  const how = () => ({ srtp: 'off', secureSignalling: false }) as const;
  const parts: SipPhoneParts = { media, log: silentLog, how, follow };
  all.peer.send(requestText({ body: offer }));
  await all.pass(100);
  const answering = incomingPhoneCall(all.call(), parts).answer(events);
  await all.pass(100);
  const to = all.peer.response().headers.first('To') ?? '';
  all.peer.send(requestText({ method: 'ACK', to, branch: 'ack', body: '' }));
  await all.pass(100);
  const call: PhoneCall = await answering;
  const other = new Peer(all.wire, { host: '192.0.2.60', port: 5060 });
  return { ...all, call, to, agreed, ends, parties, asked, other };
}

type Talking = Awaited<ReturnType<typeof talking>>;

function portIn(sdp: string): string {
  return /m=audio (\d+)/.exec(sdp)?.[1] ?? '';
}

/** An INVITE of somebody else who takes the place of the first caller. */
function replacing({ to }: Talking, more: RequestText = {}): string {
  const ours = /tag=([^;]+)/.exec(to)?.[1];
  const headers = [`Replaces: call-1;to-tag=${ours};from-tag=far-tag`];
  const from = '<sip:carol@far.example>;tag=carol';
  return requestText({ callId: 'call-2', branch: 'second', from, headers, body: offer.replace('4000', '6000'), ...more });
}

async function refer(all: Talking, target = '<sip:carol@192.0.2.60?Replaces=id%40z%3Bto-tag%3Da%3Bfrom-tag%3Db>') {
  all.peer.send(requestText({ method: 'REFER', cseq: 2, to: all.to, headers: [`Refer-To: ${target}`] }));
  await all.pass(100);
}

const notified = ({ peer }: Talking) => peer.requests('NOTIFY').map(({ body }) => body.toString().trim());

async function acknowledgeNotify({ peer, pass }: Talking): Promise<void> {
  for (const notify of peer.requests('NOTIFY')) peer.send(responseText(notify, 200));
  await pass(100);
}

test('who replaces the caller goes on with the call: its sound moves over, and the caller is hung up', async () => {
  const all = await talking();
  all.peer.send(replacing(all));
  await all.pass(100);
  const [, response] = all.peer.responses().filter(({ status }) => status === 200);
  const from = '<sip:carol@far.example>;tag=carol';
  all.peer.send(requestText({ method: 'ACK', callId: 'call-2', branch: 'ack-2', from, to: response?.headers.first('To') ?? '' }));
  await all.pass(100);
  expect(all.agreed).toEqual(['answered 6000']);
  expect(all.peer.request('BYE').callId).toBe('call-1');
  expect(all.calls).toHaveLength(1);
  expect(all.parties).toEqual(['replaces sip:carol@far.example']);
  all.peer.send(responseText(all.peer.request('BYE'), 200));
  await all.pass(100);
  expect([all.ends, all.agent.calls]).toEqual([[], 1]);
  const to = response?.headers.first('To') ?? '';
  all.peer.send(requestText({ method: 'BYE', callId: 'call-2', cseq: 2, from, to }));
  await all.pass(100);
  expect([all.ends, all.agreed.at(-1), all.agent.calls]).toEqual([['closed'], 'closed', 0]);
});

test('who cannot be understood replaces nobody, and the caller talks on with the sound agreed upon anew', async () => {
  const all = await talking();
  all.peer.send(replacing(all, { body: `${offer}a=bad\r\n` }));
  await all.pass(100);
  expect(all.peer.statuses()).toContain(415);
  const again = all.peer.requests('INVITE').at(-1);
  expect(again?.callId).toBe('call-1');
  all.peer.send(responseText(again as never, 200, { body: answer }));
  await all.pass(100);
  expect([all.agreed, all.ends, all.parties]).toEqual([['accepted 5000'], [], []]);
});

test('who replaces the caller and never acknowledges leaves no call', async () => {
  const all = await talking();
  all.peer.send(replacing(all));
  await all.pass(100);
  all.peer.send(responseText(all.peer.request('BYE'), 200));
  await all.pass(33_000);
  expect(all.ends).toEqual(['lost']);
});

test('a caller who has us call somebody else is told, and left, when that one has answered', async () => {
  const all = await talking();
  await refer(all);
  expect(all.asked).toEqual(['sip:carol@192.0.2.60']);
  expect(all.peer.statuses('REFER')).toEqual([202]);
  const invite = all.other.request('INVITE');
  expect(invite.headers.first('Replaces')).toBe('id@z;to-tag=a;from-tag=b');
  expect(invite.headers.first('Referred-By')).toBe('<sip:alice@far.example>');
  expect(portIn(invite.body.toString())).toBe('7000');
  all.other.send(responseText(invite, 180));
  await all.pass(100);
  expect([all.agreed, notified(all)]).toEqual([[], ['SIP/2.0 100 Trying']]);
  all.other.send(responseText(invite, 200, { body: answer }));
  await all.pass(100);
  expect(notified(all)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 200 OK']);
  await acknowledgeNotify(all);
  expect([all.agreed, all.parties, all.ends]).toEqual([['accepted 5000'], ['refer sip:carol@192.0.2.60'], []]);
  // Its answer names that Contact.
  const byes = () => all.peer.requests('BYE').map(({ callId }) => callId);
  expect(byes()).toEqual(['call-1']);
  all.call.close();
  await all.pass(100);
  expect(byes()).toEqual(['call-1', invite.callId]);
});

test('a caller who leaves at once is waited for no longer than whom we call', async () => {
  const all = await talking();
  await refer(all);
  all.peer.send(requestText({ method: 'BYE', cseq: 3, to: all.to }));
  await all.pass(100);
  expect(all.ends).toEqual([]);
  all.other.send(responseText(all.other.request('INVITE'), 200, { body: answer }));
  await all.pass(100);
  expect([all.ends, all.parties]).toEqual([[], ['refer sip:carol@192.0.2.60']]);
});

test.each([
  ['stays where it was', false, []],
  ['ends where the caller has left meanwhile', true, ['closed']],
] as const)('whom we call and who does not answer changes nothing: the call %s', async (_what, leaves, ends) => {
  const all = await talking();
  await refer(all);
  if (leaves) all.peer.send(requestText({ method: 'BYE', cseq: 3, to: all.to }));
  all.other.send(responseText(all.other.request('INVITE'), 486));
  await all.pass(100);
  expect(notified(all)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 486 Busy Here']);
  expect([all.agreed, all.ends, all.parties]).toEqual([leaves ? ['closed'] : [], ends, []]);
});

test('a call that ends here is not followed any further', async () => {
  const all = await talking();
  await refer(all);
  all.other.send(responseText(all.other.request('INVITE'), 180));
  await all.pass(100);
  all.call.close();
  await all.pass(100);
  expect(all.other.requests('CANCEL')).toHaveLength(1);
  // It is answered all the same.
  all.other.send(responseText(all.other.request('INVITE'), 200, { body: answer }));
  await all.pass(100);
  expect(all.peer.requests('BYE').map(({ callId }) => callId)).toContain(all.other.request('INVITE').callId);
  expect(all.agreed).toEqual(['closed']);
});

test.each([
  ['where it may not be', { may: false }],
  ['where no way leads there', { leads: false }],
  ['where the keys of its sound would be read on the way', { srtp: true }],
])('a caller has us call nobody %s', async (_where, options) => {
  const all = await talking(options);
  await refer(all);
  expect(all.peer.statuses('REFER')).toEqual([603]);
  expect(all.other.received).toEqual([]);
});

test('one change at a time: nobody replaces a caller who has us call somebody else, and nobody else is called meanwhile', async () => {
  const all = await talking();
  await refer(all);
  all.peer.send(replacing(all));
  all.peer.send(requestText({ method: 'REFER', cseq: 3, to: all.to, headers: ['Refer-To: <sip:dora@192.0.2.60>'] }));
  await all.pass(100);
  expect(all.peer.statuses()).toContain(481);
  expect(all.peer.statuses('REFER')).toEqual([202, 603]);
  expect(all.other.requests('INVITE')).toHaveLength(1);
});

test('a call says how somebody takes our place in it, while it is up', async () => {
  const all = await talking();
  const ours = /tag=([^;]+)/.exec(all.to)?.[1];
  expect(all.call.replaceable).toEqual({ target: 'sip:alice@192.0.2.1:5060', replaces: `call-1;to-tag=far-tag;from-tag=${ours}` });
  void all.call.transfer('sip:bob@192.0.2.60', new AbortController().signal, 'x@y;to-tag=1;from-tag=2');
  await all.pass(100);
  expect(all.peer.request('REFER').headers.first('Refer-To')).toBe('<sip:bob@192.0.2.60?Replaces=x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2>');
  all.call.close();
  expect(all.call.replaceable).toBeUndefined();
});
