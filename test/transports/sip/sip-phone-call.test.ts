// A SIP call as a telephone call: its media and its dialog begin and end together, whichever of them goes first.
import { expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { type CallEnd, CallError, type CallEvents } from '../../../src/transports/calls/call.ts';
import {
  type Cancelled,
  CallFailure,
  type DialogEvents,
  type IncomingCall,
  type OutgoingEvents,
  type ReferResult,
  type SipAgent,
  type SipDialog,
} from '../../../src/transports/sip/agent.ts';
import type { MediaCall, PhoneMedia } from '../../../src/transports/sip/media/phone-media.ts';
import { incomingPhoneCall, placePhoneCall } from '../../../src/transports/sip/phone-calls.ts';
import { SipPhoneCall } from '../../../src/transports/sip/sip-phone-call.ts';

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

/** What the session's side is told. */
function told() {
  const ends: CallEnd[] = [];
  const digits: string[] = [];
  const events: CallEvents = {
    onSound() {},
    onOpen() {},
    onMessage() {},
    onPlayed() {},
    onTaken() {},
    onDigit: (digit) => digits.push(digit),
    onEnd: (end) => ends.push(end),
  };
  return { ends, digits, events };
}

/** Media whose making, answers and end are the test's. */
function fakeMedia() {
  const seen = { closed: 0, accepted: [] as string[], played: 0, pressed: [] as string[] };
  const made: { events?: CallEvents; refusal?: CallError; waits?: Promise<void>; badAnswer?: CallError } = {};
  const sound = {
    sdp: 'v=0 ours',
    silentMs: 7,
    accept(answer: string) {
      seen.accepted.push(answer);
      return made.badAnswer ? Promise.reject(made.badAnswer) : Promise.resolve();
    },
    renegotiate: (offer: string) =>
      offer === 'bad' ? Promise.reject(new CallError('rejected', 'No.', { status: 415 })) : Promise.resolve('v=0 answer'),
    reoffer: () => Promise.resolve('v=0 offer'),
    play: () => (seen.played += 1),
    clear() {},
    close: () => (seen.closed += 1),
    sendDigits(digits: string) {
      seen.pressed.push(digits);
      return Promise.resolve();
    },
  } as unknown as MediaCall;
  async function begin(events: CallEvents): Promise<MediaCall> {
    made.events = events;
    await made.waits;
    if (made.refusal) throw made.refusal;
    return sound;
  }
  const media = {
    answer: (_offer: string, _how: unknown, events: CallEvents) => begin(events),
    offer: (_how: unknown, events: CallEvents) => begin(events),
  } as unknown as PhoneMedia;
  return { seen, made, sound, media };
}

function fakeDialog(lateAnswer?: string) {
  const refers: { readonly target: string; readonly came: PromiseWithResolvers<ReferResult> }[] = [];
  const seen = { byes: 0, refers };
  const dialog = {
    remote: '"A" <sip:+15550001@far.example:5070>;tag=1',
    lateAnswer,
    bye: () => (seen.byes += 1),
    refer(target: string) {
      const came = Promise.withResolvers<ReferResult>();
      refers.push({ target, came });
      return came.promise;
    },
  } as unknown as SipDialog;
  return { seen, dialog };
}

/** A call that is up. */
function up() {
  const side = told();
  const media = fakeMedia();
  const far = fakeDialog();
  const phone = new SipPhoneCall(side.events, silentLog);
  phone.sounds(media.sound);
  phone.answered(far.dialog);
  return { phone, side, media, far };
}

test('when the far side hangs up, the media ends and the end is told once', () => {
  const { phone, side, media, far } = up();
  phone.dialogEvents.onBye?.({ by: 'them' });
  phone.mediaEvents.onEnd('crashed');
  phone.close();
  expect([side.ends, media.seen.closed, far.seen.byes]).toEqual([['closed'], 1, 1]);
});

test.each([
  ['timer', 'lost'],
  ['lost', 'lost'],
  ['them', 'closed'],
] as const)('a dialog that ended by %s is a call that was %s', (by, end) => {
  const { phone, side } = up();
  phone.dialogEvents.onBye?.({ by });
  expect(side.ends).toEqual([end]);
});

test('when the media dies, the far side is hung up', () => {
  const { phone, side, far } = up();
  phone.mediaEvents.onEnd('crashed');
  expect([side.ends, far.seen.byes]).toEqual([['crashed'], 1]);
});

test('nothing is told after we have hung up', () => {
  const { phone, side, media, far } = up();
  phone.close();
  phone.close();
  phone.dialogEvents.onBye?.({ by: 'us' });
  phone.dialogEvents.onInfoDigit?.('5', undefined);
  expect([side.ends, side.digits, media.seen.closed, far.seen.byes]).toEqual([[], [], 1, 1]);
});

test('a call whose media died before it was answered is withdrawn, and hung up if it is answered all the same', () => {
  const side = told();
  const media = fakeMedia();
  const far = fakeDialog();
  const phone = new SipPhoneCall(side.events, silentLog);
  let withdrawn = 0;
  phone.sounds(media.sound, () => (withdrawn += 1));
  phone.mediaEvents.onEnd('crashed');
  phone.answered(far.dialog);
  expect([side.ends, withdrawn, media.seen.closed, far.seen.byes]).toEqual([['crashed'], 1, 1, 1]);
});

test('media that comes after the end of its call is closed', () => {
  const { events } = told();
  const media = fakeMedia();
  const phone = new SipPhoneCall(events, silentLog);
  phone.close();
  phone.sounds(media.sound);
  expect(media.seen.closed).toBe(1);
});

test('before its media and after its end a call is silent, and has no keys to press', async () => {
  const { events } = told();
  const early = new SipPhoneCall(events, silentLog);
  early.play(new Uint8Array(2));
  expect(early.silentMs).toBe(0);
  await expect(early.sendDigits('1')).rejects.toThrow(CallError);
  const { phone, media } = up();
  expect(phone.silentMs).toBe(7);
  await phone.sendDigits('12');
  phone.close();
  phone.play(new Uint8Array(2));
  await expect(phone.sendDigits('3')).rejects.toThrow(CallError);
  expect([media.seen.pressed, media.seen.played, phone.silentMs]).toEqual([['12'], 0, 0]);
});

test('other descriptions are answered by the media, with its status where it refuses, and with 488 after the end', async () => {
  const { phone } = up();
  const { onSession } = phone.dialogEvents;
  expect(await onSession('good', 're-invite')).toBe('v=0 answer');
  expect(await onSession(undefined, 're-invite')).toBe('v=0 offer');
  expect(await onSession('bad', 'update')).toEqual({ status: 415 });
  phone.close();
  expect(await onSession('good', 're-invite')).toEqual({ status: 488 });
});

test('a late answer that cannot be used breaks nothing, before the media or with it', async () => {
  const { phone, media, side } = up();
  media.made.badAnswer = new CallError('rejected', 'No.', { status: 488 });
  phone.dialogEvents.onLateAnswer?.('v=0 late');
  phone.close();
  expect(() => phone.dialogEvents.onLateAnswer?.('v=0 later')).not.toThrow();
  await settle();
  expect([media.seen.accepted, side.ends]).toEqual([['v=0 late'], []]);
});

test.each([
  [{ outcome: 'accepted', status: 200 }, { outcome: 'transferred' }],
  [
    { outcome: 'refused', status: 405 },
    { outcome: 'refused', status: 405, reason: 'The far side does not hand calls over (405).' },
  ],
  [
    { outcome: 'failed', status: 486 },
    { outcome: 'refused', status: 486, reason: 'Whom the far side called did not answer (486).' },
  ],
] as const)('a REFER that came to %j', async (result, outcome) => {
  const { phone, far } = up();
  const transfer = phone.transfer('sip:desk@pbx.example', new AbortController().signal);
  expect(far.seen.refers[0]?.target).toBe('sip:desk@pbx.example');
  far.seen.refers[0]?.came.resolve(result);
  expect(await transfer).toEqual(outcome);
});

test("a number that a call is handed over to is a user of the far side's domain", () => {
  const { phone, far } = up();
  void phone.transfer('tel:+15559', new AbortController().signal);
  expect(far.seen.refers[0]?.target).toBe('sip:+15559@far.example');
});

test('a transfer that the dialog cannot do is refused with its status', async () => {
  const { phone, far } = up();
  const transfer = phone.transfer('sip:a@b', new AbortController().signal);
  far.seen.refers[0]?.came.reject(new CallFailure(491, 'another transfer of this call is under way'));
  expect(await transfer).toMatchObject({ outcome: 'refused', status: 491 });
  phone.close();
  expect(await phone.transfer('sip:a@b', new AbortController().signal)).toMatchObject({ outcome: 'refused' });
  expect(far.seen.refers).toHaveLength(1);
});

/** A call that came in. */
function comeIn(offer: string | undefined, lateAnswer?: string) {
  const media = fakeMedia();
  const far = fakeDialog(lateAnswer);
  const seen = { rejected: [] as number[], answers: [] as string[], events: undefined as DialogEvents | undefined };
  const answering: { failure?: CallFailure } = {};
  let cancel: (cancelled: Cancelled) => void = () => {};
  const call = {
    callId: 'call-1',
    from: '"A" <sip:+15550001@far.example>;tag=1',
    to: '<sip:100@parley.example>',
    requestUri: 'sip:100@parley.example',
    headers: [],
    source: { address: '192.0.2.1', port: 5060, transport: 'udp' },
    trunk: 'office',
    offer,
    ring() {},
    reject: (status: number) => seen.rejected.push(status),
    onCancel: (task: typeof cancel) => (cancel = task),
    answer(sdp: string, events: DialogEvents) {
      seen.answers.push(sdp);
      seen.events = events;
      return answering.failure ? Promise.reject(answering.failure) : Promise.resolve(far.dialog);
    },
  } as unknown as IncomingCall;
  const parts = { media: media.media, log: silentLog, how: () => ({ srtp: 'off', secureSignalling: false }) as never };
  return { phone: incomingPhoneCall(call, parts), media, far, seen, answering, cancel: () => cancel({ by: 'caller' }) };
}

test('an INVITE is a call that says who calls whom, by which trunk and how its sound is carried', () => {
  const { phone } = comeIn('v=0\r\nm=audio 4000 RTP/SAVP 0\r\n');
  expect(phone).toMatchObject({ carrier: 'sip', from: '+15550001', to: '100', carrierId: 'call-1', trunk: 'office', media: 'srtp' });
  expect(comeIn('v=0\r\nm=audio 4000 RTP/AVP 0\r\n').phone.media).toBe('rtp');
});

test('a caller who takes the call back is gone', () => {
  const { phone, cancel } = comeIn('v=0');
  expect(phone.gone.aborted).toBe(false);
  cancel();
  expect(phone.gone.aborted).toBe(true);
});

test('a description that cannot be agreed upon refuses the INVITE with its status', async () => {
  const { phone, media, seen } = comeIn('v=0');
  media.made.refusal = new CallError('rejected', 'No codec of ours.', { status: 415 });
  await expect(phone.answer(told().events)).rejects.toBe(media.made.refusal);
  expect([seen.rejected, seen.answers]).toEqual([[415], []]);
});

test('a caller who is gone by the time of the answer leaves no media', async () => {
  const { phone, media, answering } = comeIn('v=0');
  answering.failure = new CallFailure(487, 'the caller has gone');
  const { events } = told();
  await expect(phone.answer(events)).rejects.toMatchObject({ name: 'CallError', reason: 'unavailable' });
  expect(media.seen.closed).toBe(1);
});

test('an INVITE without an offer has our offer answered by its acknowledgement', async () => {
  const { phone, media, seen } = comeIn(undefined, 'v=0 theirs');
  await phone.answer(told().events);
  expect([seen.answers, media.seen.accepted]).toEqual([['v=0 ours'], ['v=0 theirs']]);
});

test('an acknowledgement whose answer cannot be used ends the dialog, too', async () => {
  const { phone, media, far } = comeIn(undefined, 'v=0 nonsense');
  media.made.badAnswer = new CallError('rejected', 'No.', { status: 488 });
  await expect(phone.answer(told().events)).rejects.toBe(media.made.badAnswer);
  expect([far.seen.byes, media.seen.closed]).toEqual([1, 1]);
});

/** A call that is placed. */
function placing() {
  const media = fakeMedia();
  const far = fakeDialog();
  const seen = { invites: 0, cancels: 0 };
  const at: { events?: OutgoingEvents } = {};
  const agent = {
    invite(_target: unknown, _offer: string, events: OutgoingEvents) {
      seen.invites += 1;
      at.events = events;
      return { id: '1', callId: 'c', cancel: () => (seen.cancels += 1) };
    },
  } as unknown as SipAgent;
  const givenUp = new AbortController();
  const side = told();
  const parts = { media: media.media, log: silentLog, how: () => ({ srtp: 'off', secureSignalling: false }) as never };
  const place = () => placePhoneCall(agent, { uri: 'sip:1@b', from: 'sip:2@a' }, side.events, givenUp.signal, parts);
  return { media, far, seen, at, givenUp, place, side };
}

test('a call that is placed is there when it is answered', async () => {
  const { place, at, far, media, seen } = placing();
  const placed = place();
  await settle();
  at.events?.onAnswered(far.dialog, 'v=0 theirs');
  const phone = await placed;
  expect(media.seen.accepted).toEqual(['v=0 theirs']);
  phone.close();
  expect([far.seen.byes, media.seen.closed, seen.cancels]).toEqual([1, 1, 0]);
});

test('a call that fails says with which status, and leaves no media', async () => {
  const { place, at, media } = placing();
  const placed = place();
  await settle();
  at.events?.onFailed({ status: 486, reason: '', headers: [] });
  await expect(placed).rejects.toMatchObject({ failure: { status: 486, reason: 'The call failed with status 486.' } });
  expect(media.seen.closed).toBe(1);
});

test('a call that is given up while it rings is taken back', async () => {
  const { place, at, givenUp, seen } = placing();
  const placed = place();
  await settle();
  givenUp.abort();
  expect(seen.cancels).toBe(1);
  at.events?.onFailed({ status: 487, reason: 'Request Terminated', headers: [] });
  await expect(placed).rejects.toMatchObject({ failure: { status: 487 } });
});

test('a call that is given up before its media is there is not placed', async () => {
  const { place, media, givenUp, seen } = placing();
  const made = Promise.withResolvers<void>();
  media.made.waits = made.promise;
  const placed = place();
  givenUp.abort();
  made.resolve();
  await expect(placed).rejects.toMatchObject({ failure: { status: 487 } });
  expect([seen.invites, media.seen.closed]).toEqual([0, 1]);
});

test('a call whose media dies while it rings is taken back', async () => {
  const { place, at, media, seen, side } = placing();
  const placed = place();
  await settle();
  media.made.events?.onEnd('crashed');
  expect([seen.cancels, side.ends]).toEqual([1, ['crashed']]);
  at.events?.onFailed({ status: 487, reason: 'Request Terminated', headers: [] });
  await expect(placed).rejects.toMatchObject({ failure: { status: 487 } });
});

test('a call whose answer cannot be used is hung up', async () => {
  const { place, at, far, media } = placing();
  media.made.badAnswer = new CallError('rejected', 'No.', { status: 488 });
  const placed = place();
  await settle();
  at.events?.onAnswered(far.dialog, 'v=0 nonsense');
  await expect(placed).rejects.toBe(media.made.badAnswer);
  expect([far.seen.byes, media.seen.closed]).toEqual([1, 1]);
});
