// One telephone call from its first ring to its end: what each of those who may decide about it can do in each of its states, and what is told.
import { expect, test } from 'vitest';
import { errors } from '../../src/protocol/errors.ts';
import { CallError, type CallEvents } from '../../src/transports/calls/call.ts';
import { type PhoneCall, PhoneError } from '../../src/transports/calls/phone-call.ts';
import { byCaller, byFault, byUs, FakeCall, legRig, Ringing, session, settle } from './phone-rig.ts';

const decideMs = 20_000;
const never = new AbortController().signal;

/** A call that has been answered. */
async function talking(parts: Parameters<typeof legRig>[0] = {}) {
  const rig = legRig(parts);
  const ringing = new Ringing();
  const { begin, end } = session();
  rig.leg.ring(ringing, decideMs);
  await rig.leg.answer(begin);
  return { ...rig, ringing, call: ringing.call, end };
}

test('a call rings, is answered and ends, and each is told once with who calls whom', async () => {
  const { leg, clock, told, types, happened, ringing, end } = await talking();
  expect([ringing.rung, leg.state]).toEqual([1, 'talking']);
  clock.advance(4400);
  end(byCaller);
  expect(types()).toEqual(['ringing', 'answered', 'ended']);
  const about = { call_id: 'rtc_1', direction: 'inbound', from: '+15550001', to: '+15550002', carrier: 'twilio' };
  expect(told.map(({ data }) => data)).toEqual([about, about, { ...about, cause: 'far_side_hung_up', duration_seconds: 4 }]);
  expect([leg.state, happened.over]).toEqual(['over', 1]);
});

test.each([
  [byCaller, 'far_side_hung_up'],
  [byUs, 'hung_up'],
  [byFault, 'lost'],
  [undefined, 'hung_up'],
])('a call that ended as %j was %s', async (ending, cause) => {
  const { end, told } = await talking();
  end(ending);
  expect(told.at(-1)?.data).toMatchObject({ cause });
});

test('only a recorded call that was answered has the name of a recording', async () => {
  const answered = await talking({ recorded: true });
  answered.end(byCaller);
  expect(answered.told.at(-1)?.data).toMatchObject({ recording: 'rtc_1.wav' });
  const refused = legRig({ recorded: true });
  refused.leg.ring(new Ringing(), decideMs);
  refused.leg.reject(486);
  expect(refused.told.at(-1)?.data).not.toHaveProperty('recording');
});

test('a caller who is not decided about in time hears 480, and no timer is left of one who was', async () => {
  const late = legRig();
  const ringing = new Ringing();
  late.leg.ring(ringing, decideMs);
  late.clock.advance(decideMs - 1);
  expect(ringing.rejected).toEqual([]);
  late.clock.advance(1);
  expect(ringing.rejected).toEqual([480]);
  expect(late.told.at(-1)?.data).toMatchObject({ cause: 'not_answered', duration_seconds: 0 });
  const answered = await talking();
  answered.clock.advance(decideMs * 2);
  expect([answered.leg.state, answered.ringing.rejected]).toEqual(['talking', []]);
});

test('a caller who gives up while it rings has cancelled, and cannot be answered or rejected any more', async () => {
  const { leg, told, types, happened } = legRig();
  const ringing = new Ringing();
  leg.ring(ringing, decideMs);
  ringing.leave();
  expect(types()).toEqual(['ringing', 'ended']);
  expect(told.at(-1)?.data).toMatchObject({ cause: 'cancelled' });
  expect([leg.decided.aborted, happened.over]).toEqual([true, 1]);
  await expect(leg.answer(session().begin)).rejects.toThrow(CallError);
  leg.reject(486);
  expect([ringing.answers, ringing.rejected]).toEqual([0, []]);
});

test('a caller who had gone before the call was taken has cancelled', () => {
  const { leg, told } = legRig();
  const ringing = new Ringing();
  ringing.leave();
  leg.ring(ringing, decideMs);
  expect(leg.state).toBe('over');
  expect(told.at(-1)?.data).toMatchObject({ cause: 'cancelled' });
});

test('a caller who gives up while it is answered has cancelled', async () => {
  const { leg, told, types } = legRig();
  const ringing = new Ringing();
  ringing.answering = Promise.withResolvers();
  leg.ring(ringing, decideMs);
  const answered = leg.answer(session().begin);
  ringing.leave();
  await expect(answered).rejects.toThrow('The caller has hung up.');
  expect(types()).toEqual(['ringing', 'ended']);
  expect(told.at(-1)?.data).toMatchObject({ cause: 'cancelled' });
});

test('a call that is answered by two at once is answered by the first', async () => {
  const { leg, types } = legRig();
  const ringing = new Ringing();
  leg.ring(ringing, decideMs);
  const outcomes = await Promise.allSettled([leg.answer(session().begin), leg.answer(session().begin)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect([ringing.answers, ringing.rejected, types()]).toEqual([1, [], ['ringing', 'answered']]);
});

test('a call that ends before its answer is known is told of as ended, and not as answered afterwards', async () => {
  const { leg, types, happened } = legRig();
  const ringing = new Ringing();
  ringing.answering = Promise.withResolvers<PhoneCall>();
  const { begin, end } = session();
  leg.ring(ringing, decideMs);
  const answered = leg.answer(begin);
  end(byCaller);
  ringing.answering.resolve(ringing.call);
  await answered;
  expect([types(), leg.state, happened.over]).toEqual([['ringing', 'ended'], 'over', 1]);
});

test.each([
  [new CallError('rejected', 'The description has no audio.', { status: 488 }), 488],
  [new CallError('full', 'All ports are taken.'), 503],
  [new CallError('unavailable', 'The media worker died.'), 500],
  [new Error('No session is to be had.'), 503],
])('a caller who cannot be answered because of %s hears %i', async (fault, status) => {
  const { leg, told } = legRig();
  const ringing = new Ringing();
  leg.ring(ringing, decideMs);
  await expect(leg.answer(() => Promise.reject(fault))).rejects.toBe(fault);
  expect(ringing.rejected).toEqual([status]);
  expect(told.at(-1)?.data).toMatchObject({ cause: 'failed' });
});

test('a call whose session fails after the answer is closed', async () => {
  const { leg, told } = legRig();
  const ringing = new Ringing();
  leg.ring(ringing, decideMs);
  const { begin } = session();
  const failing = leg.answer(async (connect, ended) => {
    await begin(connect, ended);
    throw new Error('The recording cannot begin.');
  });
  await expect(failing).rejects.toThrow('The recording cannot begin.');
  expect(ringing.call.closed).toBe(1);
  expect(told.at(-1)).toMatchObject({ type: 'realtime.call.ended', data: { cause: 'failed' } });
});

test('hanging up declines a call that rings', () => {
  const { leg, told } = legRig();
  const ringing = new Ringing();
  leg.ring(ringing, decideMs);
  leg.hangUp();
  expect([ringing.rejected, leg.state]).toEqual([[603], 'over']);
  expect(told.at(-1)?.data).toMatchObject({ cause: 'rejected' });
});

test('hanging up while a call is answered ends it as soon as it is', async () => {
  const { leg, types, told } = legRig();
  const ringing = new Ringing();
  ringing.answering = Promise.withResolvers<PhoneCall>();
  leg.ring(ringing, decideMs);
  const answered = leg.answer(session().begin);
  leg.hangUp();
  ringing.answering.resolve(ringing.call);
  await expect(answered).rejects.toThrow('hung up before it was answered');
  expect([ringing.call.closed, types()]).toEqual([1, ['ringing', 'ended']]);
  expect(told.at(-1)?.data).toMatchObject({ cause: 'hung_up' });
});

test('hanging up while a call is placed gives it up, and closes it if it was answered in that moment', async () => {
  const { leg, told, types } = legRig({ direction: 'outbound' });
  const call = new FakeCall();
  const dialled = Promise.withResolvers<PhoneCall>();
  let givenUp: AbortSignal | undefined;
  const placed = leg.connect((_events, signal) => {
    givenUp = signal;
    return dialled.promise;
  }, session().begin);
  leg.hangUp();
  expect(givenUp?.aborted).toBe(true);
  dialled.resolve(call);
  await expect(placed).rejects.toThrow(CallError);
  expect([call.closed, types()]).toEqual([1, ['ended']]);
  expect(told.at(-1)?.data).toMatchObject({ direction: 'outbound', cause: 'cancelled' });
});

test('who is at the far side now is told, and the call goes on', async () => {
  const { leg, told, types } = legRig();
  const ringing = new Ringing();
  let line: CallEvents | undefined;
  ringing.answer = (events) => {
    line = events;
    return Promise.resolve(ringing.call);
  };
  leg.ring(ringing, decideMs);
  await leg.answer(session().begin);
  line?.onPartyChanged?.('sip:carol@pbx.example.com', 'replaces');
  expect([types().at(-1), leg.state]).toEqual(['party_changed', 'talking']);
  expect(told.at(-1)?.data).toMatchObject({ call_id: 'rtc_1', from: '+15550001', party: 'sip:carol@pbx.example.com', by: 'replaces' });
});

test('a call that is placed rings over there once, and is given up while it rings', async () => {
  const { leg, types } = legRig({ direction: 'outbound' });
  const dialled = Promise.withResolvers<PhoneCall>();
  const ringing = new Ringing();
  let givenUp: AbortSignal | undefined;
  let rings = () => {};
  const placed = leg.connect((_events, signal, tell) => {
    [givenUp, rings] = [signal, tell];
    return dialled.promise;
  }, session().begin);
  expect(leg.shown.state).toBe('connecting');
  rings();
  rings();
  expect([leg.shown.state, types()]).toEqual(['ringing', ['ringing']]);
  // It is no call that could be answered here.
  await expect(leg.answer(session().begin)).rejects.toThrow('does not ring any more');
  leg.close();
  expect(givenUp?.aborted).toBe(true);
  dialled.reject(new CallError('unavailable', 'The call was given up.'));
  await expect(placed).rejects.toThrow(CallError);
  rings();
  expect([types(), ringing.answers]).toEqual([['ringing', 'ended'], 0]);
});

test('hanging up a call that talks ends its session, and one that is over stays so', async () => {
  const { leg, happened, end, types } = await talking();
  leg.hangUp();
  expect(happened.hungUp).toBe(1);
  end(byUs);
  leg.hangUp();
  end(byUs);
  expect([happened.hungUp, happened.over, types()]).toEqual([1, 1, ['ringing', 'answered', 'ended']]);
});

test('a call that was placed tells once that it rings over there, and can be given up while it does', async () => {
  const { leg, types, told } = legRig({ direction: 'outbound' });
  let givenUp: AbortSignal | undefined;
  let alert = () => {};
  const placed = leg.connect((_events, signal, rings) => {
    givenUp = signal;
    alert = rings;
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new CallError('unavailable', 'Given up.'))));
  }, session().begin);
  expect(leg.shown.state).toBe('connecting');
  alert();
  alert();
  expect([leg.shown.state, types()]).toEqual(['ringing', ['ringing']]);
  leg.hangUp();
  await expect(placed).rejects.toThrow('Given up.');
  expect([givenUp?.aborted, types(), told.at(-1)?.data]).toMatchObject([true, ['ringing', 'ended'], { cause: 'cancelled' }]);
  alert();
  expect(types()).toEqual(['ringing', 'ended']);
});

/** A call that was placed, in each of the states in which it can be hung up, and what ends it then. */
const placed = {
  async rings() {
    const rig = legRig({ direction: 'outbound' });
    const dialled = Promise.withResolvers<PhoneCall>();
    const placing = rig.leg.connect((_events, _givenUp, rings) => {
      rings();
      return dialled.promise;
    }, session().begin);
    placing.catch(() => {});
    return { ...rig, finish: () => dialled.reject(new PhoneError({ status: 487, reason: 'The call was given up.' })) };
  },
  async talks() {
    const rig = legRig({ direction: 'outbound' });
    const { begin, end } = session();
    await rig.leg.connect(() => Promise.resolve(new FakeCall()), begin);
    return { ...rig, finish: () => end(byUs) };
  },
  async 'is handed over'() {
    const rig = legRig({ direction: 'outbound' });
    const { begin, end } = session();
    const call = new FakeCall();
    await rig.leg.connect(() => Promise.resolve(call), begin);
    void rig.leg.transfer('tel:+15559', never);
    const finish = () => {
      end(byUs);
      call.transfers[0]?.came.resolve({ outcome: 'refused', reason: 'The call has ended.' });
    };
    return { ...rig, finish };
  },
};

test.each(['rings', 'talks', 'is handed over'] as const)(
  'what ends a call that %s is told, where it is more than that it was hung up',
  async (what) => {
    const limit = { cause: 'limit_reached', limit: 'seconds_per_day' } as const;
    const { leg, told, finish } = await placed[what]();
    leg.hangUp(limit);
    leg.hangUp();
    expect(leg.shown.state).toBe('ending');
    finish();
    await settle();
    expect(told.at(-1)).toMatchObject({ type: 'realtime.call.ended', data: limit });
    expect(leg.shown).toMatchObject({ state: 'ended', ...limit });
  },
);

test('a caller whose key has all its sessions open is not answered, and that is told', async () => {
  const { leg, told } = legRig();
  const ringing = new Ringing();
  leg.ring(ringing, decideMs);
  const excess = errors.limited({ limit: 'sessions', most: 1, retryAfterMs: 5000 });
  await expect(leg.answer(() => Promise.reject(excess))).rejects.toBe(excess);
  expect(ringing.rejected).toEqual([503]);
  expect(told.at(-1)?.data).toMatchObject({ cause: 'limit_reached', limit: 'sessions' });
});

test.each([
  [408, 'not_answered'],
  [480, 'not_answered'],
  [486, 'busy'],
  [487, 'cancelled'],
  [600, 'busy'],
  [603, 'rejected'],
  [404, 'failed'],
])('a call that was placed and failed with %i was %s', async (status, cause) => {
  const { leg, told } = legRig({ direction: 'outbound' });
  const failure = new PhoneError({ status, reason: 'No.' });
  await expect(leg.connect(() => Promise.reject(failure), session().begin)).rejects.toBe(failure);
  expect(told.map(({ data }) => data)).toMatchObject([{ cause, status, reason: 'No.', duration_seconds: 0 }]);
});

test('the end of the server refuses who rings with 503, gives up what is placed, and leaves what talks to its session', async () => {
  const rings = legRig();
  const ringing = new Ringing();
  rings.leg.ring(ringing, decideMs);
  rings.leg.close();
  expect(ringing.rejected).toEqual([503]);
  const talks = await talking();
  talks.leg.close();
  expect([talks.leg.state, talks.happened.hungUp]).toEqual(['talking', 0]);
  const places = legRig({ direction: 'outbound' });
  let givenUp: AbortSignal | undefined;
  void places.leg.connect((_events, signal) => {
    givenUp = signal;
    return new Promise(() => {});
  }, session().begin);
  places.leg.close();
  expect(givenUp?.aborted).toBe(true);
});

test('a caller who is taken over leaves: transferred, hung up here, and ended as transferred', async () => {
  const { leg, call, happened, types, told, end } = await talking();
  const transfer = leg.transfer('tel:+15559', never);
  expect([leg.state, call.transfers[0]?.target]).toEqual(['transferring', 'tel:+15559']);
  call.transfers[0]?.came.resolve({ outcome: 'transferred' });
  expect(await transfer).toEqual({ outcome: 'transferred' });
  expect([leg.state, happened.hungUp]).toEqual(['leaving', 1]);
  end(byUs);
  expect(types()).toEqual(['ringing', 'answered', 'transferred', 'ended']);
  expect(told.at(-2)?.data).toMatchObject({ target: 'tel:+15559' });
  expect(told.at(-1)?.data).toMatchObject({ cause: 'transferred' });
});

test('a caller who is not taken over stays, and may be handed over again', async () => {
  const { leg, call, types, told, happened } = await talking();
  const transfer = leg.transfer('tel:+15559', never);
  call.transfers[0]?.came.resolve({ outcome: 'refused', status: 486, reason: 'It is busy.' });
  expect(await transfer).toMatchObject({ outcome: 'refused', status: 486 });
  expect([leg.state, happened.hungUp, types().at(-1)]).toEqual(['talking', 0, 'transfer_failed']);
  expect(told.at(-1)?.data).toMatchObject({ target: 'tel:+15559', status: 486, reason: 'It is busy.' });
  void leg.transfer('tel:+15558', never);
  expect(call.transfers.map(({ target }) => target)).toEqual(['tel:+15559', 'tel:+15558']);
});

test('while a transfer is under way there is no other', async () => {
  const { leg, call } = await talking();
  void leg.transfer('tel:+15559', never);
  expect(await leg.transfer('tel:+15558', never)).toEqual({
    outcome: 'refused',
    reason: 'Another transfer of this call is under way.',
  });
  expect(call.transfers).toHaveLength(1);
});

test.each([
  [{ outcome: 'transferred' } as const, 'transferred', 'transferred'],
  [{ outcome: 'refused', reason: 'Nobody answered.' } as const, 'transfer_failed', 'far_side_hung_up'],
])('of a caller who hangs up before the transfer came to %j, that is told first and the end afterwards', async (outcome, type, cause) => {
  const { leg, clock, call, end, types, told, happened } = await talking();
  clock.advance(3000);
  const transfer = leg.transfer('tel:+15559', never);
  end(byCaller);
  expect([types().at(-1), happened.over]).toEqual(['answered', 0]);
  clock.advance(10_000);
  call.transfers[0]?.came.resolve(outcome);
  await transfer;
  expect(types().slice(2)).toEqual([type, 'ended']);
  expect(told.at(-1)?.data).toMatchObject({ cause, duration_seconds: 3 });
  expect([happened.over, happened.hungUp]).toEqual([1, 0]);
});

test('a carrier that breaks in the middle of a transfer has refused it', async () => {
  const { leg, call, told } = await talking();
  const transfer = leg.transfer('tel:+15559', never);
  call.transfers[0]?.came.reject(new Error('a secret of the house'));
  expect(await transfer).toEqual({ outcome: 'refused', reason: 'The carrier could not hand the call over.' });
  expect(leg.state).toBe('talking');
  expect(JSON.stringify(told)).not.toContain('secret');
});

test('a call that rings or is over is neither handed over nor has keys pressed', async () => {
  const { leg } = legRig();
  const ringing = new Ringing();
  leg.ring(ringing, decideMs);
  expect(await leg.transfer('tel:+15559', never)).toMatchObject({ outcome: 'refused' });
  await expect(leg.sendDigits('1')).rejects.toThrow(CallError);
  ringing.leave();
  await settle();
  expect(await leg.transfer('tel:+15559', never)).toMatchObject({ outcome: 'refused' });
  const talks = await talking();
  await talks.leg.sendDigits('12#');
  expect(talks.call.pressed).toEqual(['12#']);
});
