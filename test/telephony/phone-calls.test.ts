// The telephone calls there are: which route a new one takes, who may decide about it and how, and what is left of it when it is over.
import { expect, test } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { errors } from '../../src/protocol/errors.ts';
import { type PhoneCall, PhoneError } from '../../src/transports/calls/phone-call.ts';
import { byCaller, callsRig, FakeCall, party, Ringing, settle } from './phone-rig.ts';

const atOnce = { name: 'desk', numbers: ['+15550002'], session: { instructions: 'Be brief.' } };
const after = { name: 'slow', numbers: ['+15550003'], answer: { after_ms: 2000 } };
const asks = { name: 'asks', numbers: ['+15550004'], answer: 'webhook', session: { instructions: 'Of the route.' } };

/** A log that keeps what is said in it. */
function watched() {
  const said: string[] = [];
  const keep = (_fields: unknown, text?: string) => void said.push(text ?? '');
  return { said, log: Object.assign(Object.create(silentLog) as typeof silentLog, { error: keep, warn: keep, info: keep }) };
}

/** A call that somebody has been asked about. */
async function asked(parts: Parameters<typeof callsRig>[1] = {}) {
  const rig = callsRig([asks], parts);
  const ringing = new Ringing('+15550004');
  const taken = rig.calls.take(ringing);
  await settle();
  return { ...rig, ringing, taken };
}

test('a call to a number that no route serves hears 404, and leaves nothing', async () => {
  const { calls, told } = callsRig([atOnce]);
  const ringing = new Ringing('+15559999');
  await calls.take(ringing);
  expect([ringing.rejected, calls.size, told]).toEqual([[404], 0, []]);
});

test('a route that answers at once has the call answered with its session', async () => {
  const { calls, prepared, types } = callsRig([atOnce]);
  const ringing = new Ringing();
  await calls.take(ringing);
  expect(prepared).toMatchObject([
    { id: 'rtc_1', owner: 'key-1', route: { name: 'desk' }, patches: [{ instructions: 'Be brief.' }, {}], speaker: ringing.speaker },
  ]);
  expect([ringing.answers, types()]).toEqual([1, ['ringing', 'answered']]);
});

test('a route that answers after a while lets it ring until then', async () => {
  const { calls, clock } = callsRig([after]);
  const ringing = new Ringing('+15550003');
  void calls.take(ringing);
  await settle();
  clock.advance(1999);
  await settle();
  expect(ringing.answers).toBe(0);
  clock.advance(1);
  await settle();
  expect(ringing.answers).toBe(1);
});

test.each(['leaves', 'is rejected', 'is accepted'] as const)(
  'a caller who %s meanwhile is not answered by the route as well',
  async (what) => {
    const { said, log } = watched();
    const { calls, clock, prepared } = callsRig([after], { log });
    const ringing = new Ringing('+15550003');
    const taken = calls.take(ringing);
    await settle();
    if (what === 'leaves') ringing.leave();
    else if (what === 'is rejected') calls.reject('rtc_1', 'key-1', 486);
    else await calls.accept('rtc_1', 'key-1', {});
    // It is not waited for the time of the route.
    await taken;
    clock.advance(30_000);
    await settle();
    expect(prepared).toHaveLength(what === 'is accepted' ? 1 : 0);
    expect(ringing.answers).toBe(what === 'is accepted' ? 1 : 0);
    expect(said.filter((each) => each.includes('could not'))).toEqual([]);
  },
);

test('a caller who cannot be given a session hears 500, and the operator is told', async () => {
  const { said, log } = watched();
  const prepare = () => {
    throw errors.modelNotFound('model', 'nobody/nothing');
  };
  const { calls, told } = callsRig([atOnce], { log, prepare });
  const ringing = new Ringing();
  await calls.take(ringing);
  expect([ringing.rejected, calls.size]).toEqual([[500], 0]);
  expect(said).toContain('a telephone call could not be answered');
  expect(told.at(-1)?.data).toMatchObject({ cause: 'rejected' });
});

test('whatever breaks while a call is taken, the caller hears 500 and nothing is thrown', async () => {
  const { said, log } = watched();
  const ownerOf = () => {
    throw new Error('There is no key.');
  };
  const { calls } = callsRig([atOnce], { log, ownerOf });
  const ringing = new Ringing();
  await calls.take(ringing);
  expect([ringing.rejected, said]).toEqual([[500], ['a telephone call could not be taken']]);
});

test('a call that waits for a decision asks for it with its id and its fields', async () => {
  const { asked: questions, ringing, calls, types } = await asked();
  const headers = [
    { name: 'From', value: ringing.from },
    { name: 'To', value: ringing.to },
  ];
  expect(questions.map(({ event }) => event)).toEqual([
    { type: 'realtime.call.incoming', data: { call_id: 'rtc_1', sip_headers: headers } },
  ]);
  expect([calls.list('key-1')[0]?.state, types()]).toEqual(['ringing', ['ringing']]);
});

test.each(['failed', 'nobody'] as const)('a caller about whom %s was asked hears 503', async (outcome) => {
  const { asked: questions, ringing, taken, calls } = await asked();
  questions[0]?.came.resolve(outcome);
  await taken;
  expect([ringing.rejected, calls.size]).toEqual([[503], 0]);
});

test('who was asked and says nothing for 20 seconds is too late, and the caller hears 480', async () => {
  const { asked: questions, ringing, clock, calls } = await asked();
  questions[0]?.came.resolve('delivered');
  clock.advance(19_999);
  expect(ringing.rejected).toEqual([]);
  clock.advance(1);
  expect([ringing.rejected, questions[0]?.signal.aborted]).toEqual([[480], true]);
  expect(await calls.accept('rtc_1', 'key-1', {})).toBe(false);
});

test('accepting answers with the session over that of the route, and ends the asking', async () => {
  const { asked: questions, calls, prepared, ringing, taken } = await asked();
  expect(await calls.accept('rtc_1', 'key-1', { instructions: 'Of the webhook.' })).toBe(true);
  expect(prepared[0]?.patches).toEqual([{ instructions: 'Of the route.' }, { instructions: 'Of the webhook.' }]);
  expect(questions[0]?.signal.aborted).toBe(true);
  await taken;
  expect([ringing.answers, ringing.rejected]).toEqual([1, []]);
});

test('a session that cannot be used leaves the call ringing, so that it can be accepted again', async () => {
  const refusal = errors.invalid('session.audio.output.voice', 'There is no such voice.');
  let isBad = true;
  const { calls, ringing } = await asked({
    prepare() {
      if (isBad) throw refusal;
      return async (connect) => void (await connect({} as never));
    },
  });
  await expect(calls.accept('rtc_1', 'key-1', {})).rejects.toBe(refusal);
  expect([calls.list('key-1')[0]?.state, ringing.rejected]).toEqual(['ringing', []]);
  isBad = false;
  expect(await calls.accept('rtc_1', 'key-1', {})).toBe(true);
});

test('of two who accept at once one does', async () => {
  const { calls, ringing, prepared } = await asked();
  expect(await Promise.all([calls.accept('rtc_1', 'key-1', {}), calls.accept('rtc_1', 'key-1', {})])).toEqual([true, false]);
  expect([ringing.answers, prepared.length]).toEqual([1, 1]);
});

test('whoever decides after the caller has left decides about nothing', async () => {
  const { calls, ringing, told } = await asked();
  ringing.leave();
  expect(await calls.accept('rtc_1', 'key-1', {})).toBe(false);
  expect(calls.reject('rtc_1', 'key-1', 486)).toBe(false);
  expect(calls.hangUp('rtc_1', 'key-1')).toBe(false);
  expect(await calls.transfer('rtc_1', 'key-1', 'tel:+1')).toBeUndefined();
  expect([ringing.rejected, told.at(-1)?.data]).toMatchObject([[], { cause: 'cancelled' }]);
});

test('a caller who leaves while accepting is under way is told to whoever accepts', async () => {
  const { calls, ringing } = await asked();
  ringing.answering = Promise.withResolvers<PhoneCall>();
  const accepting = calls.accept('rtc_1', 'key-1', {});
  ringing.leave();
  await expect(accepting).rejects.toMatchObject({ reason: 'unavailable' });
  expect(calls.size).toBe(0);
});

test('rejecting says the status to the caller, once', async () => {
  const { calls, ringing } = await asked();
  expect([calls.reject('rtc_1', 'key-1', 486), calls.reject('rtc_1', 'key-1', 603)]).toEqual([true, false]);
  expect(ringing.rejected).toEqual([486]);
});

test('a key has nothing to do with the calls of another', async () => {
  const { calls, ringing } = await asked();
  expect(calls.list('key-2')).toEqual([]);
  expect(await calls.accept('rtc_1', 'key-2', {})).toBe(false);
  expect(calls.reject('rtc_1', 'key-2', 486)).toBe(false);
  expect(calls.hangUp('rtc_1', 'key-2')).toBe(false);
  expect(await calls.transfer('rtc_1', 'key-2', 'tel:+1')).toBeUndefined();
  expect([ringing.rejected, ringing.answers, calls.list('key-1').length]).toEqual([[], 0, 1]);
});

test('the list shows each call with how long it has been there', async () => {
  const { calls, clock, sessions } = callsRig([atOnce]);
  await calls.take(new Ringing());
  clock.advance(7000);
  const shown = {
    id: 'rtc_1',
    direction: 'inbound',
    carrier: 'twilio',
    from: '+15550001',
    to: '+15550002',
    route: 'desk',
    state: 'talking',
    seconds: 7,
    began_at: 1_700_000_000,
    answered_at: 1_700_000_000,
  };
  expect(calls.list('key-1')).toEqual([shown]);
  sessions.get('rtc_1')?.end(byCaller);
  expect([calls.list('key-1'), calls.size]).toEqual([[], 0]);
});

test('of calls that ring there are a thousand at most', async () => {
  const { calls } = callsRig([asks]);
  for (let number = 0; number < 1000; number++) void calls.take(new Ringing('+15550004'));
  await settle();
  const last = new Ringing('+15550004');
  await calls.take(last);
  expect([last.rejected, calls.size]).toEqual([[503], 1000]);
});

/** A call that is placed, whose answer the test gives. */
function placing() {
  const rig = callsRig([]);
  const dialled = Promise.withResolvers<PhoneCall>();
  const seen: { givenUp?: AbortSignal; ended: number; rings: () => void } = { ended: 0, rings: () => {} };
  const place = () =>
    rig.calls.place(
      {
        party,
        speaker: { format: { type: 'audio/pcmu' }, lagMs: 60 },
        dial(_events, givenUp, rings) {
          Object.assign(seen, { givenUp, rings });
          return dialled.promise;
        },
      },
      {
        owner: 'key-1',
        route: undefined,
        session: { instructions: 'Ask for the order.' },
        detectMachine: true,
        ended: () => (seen.ended += 1),
      },
    );
  return { ...rig, dialled, seen, place };
}

test('a call that is placed belongs to the key, and is told of when it rings, is answered and ends', async () => {
  const { calls, place, dialled, prepared, sessions, seen, types } = placing();
  expect(place()).toBe('rtc_1');
  expect(calls.list('key-1')).toMatchObject([{ direction: 'outbound', state: 'connecting' }]);
  expect(prepared).toMatchObject([{ patches: [{ instructions: 'Ask for the order.' }] }]);
  seen.rings();
  expect([calls.list('key-1')[0]?.state, types()]).toEqual(['ringing', ['ringing']]);
  expect([await calls.accept('rtc_1', 'key-1', {}), calls.reject('rtc_1', 'key-1', 486)]).toEqual([false, false]);
  dialled.resolve(new FakeCall());
  await settle();
  expect([calls.list('key-1')[0]?.state, types()]).toEqual(['talking', ['ringing', 'answered']]);
  sessions.get('rtc_1')?.end(byCaller);
  expect([seen.ended, calls.size, types()]).toEqual([1, 0, ['ringing', 'answered', 'ended']]);
});

test('a call that is placed and not answered ends, and its place is free again', async () => {
  const { calls, place, dialled, seen, told } = placing();
  place();
  dialled.reject(new PhoneError({ status: 486, reason: 'Busy.' }));
  await settle();
  expect([seen.ended, calls.size, told.at(-1)?.data]).toMatchObject([1, 0, { cause: 'busy', status: 486, reason: 'Busy.' }]);
});

test.each(['hangUp', 'close'] as const)('a call that is placed is given up by %s', (how) => {
  const { calls, place, seen } = placing();
  place();
  calls[how]('rtc_1', 'key-1');
  expect(seen.givenUp?.aborted).toBe(true);
});

test('a session that cannot be used is thrown, and there is no call', () => {
  const refusal = errors.invalid('session.audio', 'No.');
  const rig = callsRig([], {
    prepare() {
      throw refusal;
    },
  });
  const dialling = {
    party,
    speaker: { format: { type: 'audio/pcmu' } as const, lagMs: 60 },
    dial: () => Promise.reject(new Error('not asked for')),
  };
  let ended = 0;
  expect(() =>
    rig.calls.place(dialling, { owner: 'key-1', route: undefined, session: {}, detectMachine: false, ended: () => (ended += 1) }),
  ).toThrow(refusal);
  expect([rig.calls.size, ended, rig.told]).toEqual([0, 0, []]);
});

test('when the server ends, whoever rings hears 503', async () => {
  const { calls, ringing } = await asked();
  calls.close();
  expect([ringing.rejected, calls.size]).toEqual([[503], 0]);
});
