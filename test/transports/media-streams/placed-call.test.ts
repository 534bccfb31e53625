// A call that a provider places for this server: answered, refused, given up at each moment, and its stream that comes too late.
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { CallEvents } from '../../../src/transports/calls/call.ts';
import type { AnsweredBy } from '../../../src/transports/calls/phone-call.ts';
import { type Expected, placeStreamCall } from '../../../src/transports/media-streams/placed-call.ts';
import type { CallProgress } from '../../../src/transports/media-streams/progress.ts';
import type { PlaceOutcome, Placing } from '../../../src/transports/media-streams/rest/provider-rest.ts';
import { Ringing, settle } from '../../telephony/phone-rig.ts';

const events = {} as CallEvents;

/** A stream that comes for a call that was placed. */
class Stream extends Ringing {
  readonly names: string[] = [];
  knowAs(callId: string): void {
    this.names.push(callId);
  }
}

function placing({ asksForMachine = false } = {}) {
  const clock = new ManualClock();
  const outcome = Promise.withResolvers<PlaceOutcome>();
  const seen = { hungUp: [] as string[], revoked: 0, asked: [] as Placing[], ringMs: 0 };
  let expected: Expected | undefined;
  const heard: { ringing: number; answeredBy: AnsweredBy[] } = { ringing: 0, answeredBy: [] };
  const rings = () => void (heard.ringing += 1);
  const givenUp = new AbortController();
  const placed = placeStreamCall({ to: '+15552345678', from: '+15550001111' }, events, givenUp.signal, rings, {
    provider: {
      carrier: 'twilio',
      placedFormat: { type: 'audio/pcmu' },
      rest: {
        place(asked) {
          seen.asked.push(asked);
          return outcome.promise;
        },
        transfer: () => Promise.resolve({ outcome: 'transferred' }),
        hangUp(id) {
          seen.hungUp.push(id);
          return Promise.resolve(undefined);
        },
      },
    },
    publicUrl: 'https://voice.example.com',
    clock,
    log: silentLog,
    answeredBy: asksForMachine ? (who) => heard.answeredBy.push(who) : undefined,
    expect(ringMs, each) {
      seen.ringMs = ringMs;
      expected = each;
      return { token: 'token-1', statusUrl: 'https://voice.example.com/events?call=1', revoke: () => (seen.revoked += 1) };
    },
  });
  placed.catch(() => {});
  const ring = async () => {
    outcome.resolve({ outcome: 'placed', callId: 'CA1' });
    await settle();
  };
  const arrive = (call: Stream) => expected?.arrived(call);
  const tell = (told: CallProgress) => expected?.told(told);
  return { clock, outcome, seen, heard, givenUp, placed, ring, arrive, tell };
}

test('the stream that comes with its token is the call, answered', async () => {
  const { placed, ring, arrive, seen, clock } = placing();
  await ring();
  expect(seen.asked).toEqual([
    {
      to: '+15552345678',
      from: '+15550001111',
      invitation: { publicUrl: 'https://voice.example.com', token: 'token-1' },
      ringSeconds: 45,
      statusUrl: 'https://voice.example.com/events?call=1',
    },
  ]);
  expect(seen.ringMs).toBe(45_000);
  const stream = new Stream();
  arrive(stream);
  expect(await placed).toBe(stream.call);
  clock.advance(100_000);
  await settle();
  expect([seen.hungUp, stream.rejected]).toEqual([[], []]);
});

const busy = { kind: 'ended', failure: { status: 486, reason: 'The line is busy.' } } as const;

test('that it rings, and who has answered, is told as the provider tells it, also after the answer', async () => {
  const { placed, ring, arrive, tell, heard, seen } = placing({ asksForMachine: true });
  await ring();
  expect(seen.asked).toMatchObject([{ detectMachine: true }]);
  tell({ kind: 'ringing' });
  arrive(new Stream());
  await placed;
  tell({ kind: 'answered_by', who: 'machine' });
  expect(heard).toEqual({ ringing: 1, answeredBy: ['machine'] });
});

test.each(['before', 'after'] as const)(
  'an end that the provider tells %s it says which call it is is the end, and nothing is hung up',
  async (when) => {
    const { placed, ring, tell, seen } = placing();
    if (when === 'before') tell(busy);
    await ring();
    if (when === 'after') tell(busy);
    await expect(placed).rejects.toMatchObject({ failure: busy.failure });
    expect([seen.hungUp, seen.revoked]).toEqual([[], 1]);
  },
);

test('an end that is told once its stream is here is the stream’s own affair', async () => {
  const { placed, ring, arrive, tell } = placing();
  await ring();
  const stream = new Stream();
  arrive(stream);
  tell(busy);
  expect(await placed).toBe(stream.call);
});

test('a stream that does not say which call it is is told so', async () => {
  const { placed, ring, arrive } = placing();
  await ring();
  const stream = new Stream();
  arrive(stream);
  await placed;
  expect(stream.names).toEqual(['CA1']);
});

test('a stream may be faster than the answer of the provider', async () => {
  const { placed, ring, arrive } = placing();
  const stream = new Stream();
  arrive(stream);
  await ring();
  expect(await placed).toBe(stream.call);
});

test('what the provider refuses is refused with its status, and its token holds no longer', async () => {
  const { placed, outcome, seen } = placing();
  outcome.resolve({ outcome: 'refused', failure: { status: 404, reason: 'No such number.' } });
  await expect(placed).rejects.toMatchObject({ failure: { status: 404 } });
  expect([seen.revoked, seen.hungUp]).toEqual([1, []]);
});

test('a call that nobody answers within a minute is hung up', async () => {
  const { placed, ring, clock, seen } = placing();
  await ring();
  clock.advance(59_999);
  await settle();
  expect(seen.hungUp).toEqual([]);
  clock.advance(1);
  await expect(placed).rejects.toMatchObject({ failure: { status: 408 } });
  expect([seen.hungUp, seen.revoked]).toEqual([['CA1'], 1]);
});

test('a call that is given up while it rings is hung up', async () => {
  const { placed, ring, givenUp, seen } = placing();
  await ring();
  givenUp.abort();
  await expect(placed).rejects.toMatchObject({ failure: { status: 487 } });
  expect([seen.hungUp, seen.revoked]).toEqual([['CA1'], 1]);
});

test('a call that is given up before the provider has said which it is, is hung up then', async () => {
  const { placed, ring, givenUp, seen } = placing();
  givenUp.abort();
  await settle();
  expect(seen.hungUp).toEqual([]);
  await ring();
  await expect(placed).rejects.toMatchObject({ failure: { status: 487 } });
  expect(seen.hungUp).toEqual(['CA1']);
});

test.each(['before', 'after'] as const)('a stream that comes %s its call was given up is closed', async (when) => {
  const { placed, ring, arrive, givenUp } = placing();
  const stream = new Stream();
  if (when === 'before') arrive(stream);
  givenUp.abort();
  await ring();
  if (when === 'after') arrive(stream);
  await expect(placed).rejects.toMatchObject({ failure: { status: 487 } });
  await settle();
  expect([stream.rejected, stream.answers]).toEqual([[480], 0]);
});

test('whoever has answered and gone leaves nothing at the provider', async () => {
  const { placed, ring, arrive, seen } = placing();
  await ring();
  const stream = new Stream();
  stream.leave();
  arrive(stream);
  await expect(placed).rejects.toMatchObject({ reason: 'unavailable' });
  expect(seen.hungUp).toEqual(['CA1']);
});

test('sound in another format than was agreed upon is no call', async () => {
  const { placed, ring, arrive, seen } = placing();
  await ring();
  const stream = Object.assign(new Stream(), { speaker: { format: { type: 'audio/pcm', rate: 16_000 }, lagMs: 60 } as const });
  arrive(stream);
  await expect(placed).rejects.toMatchObject({ failure: { status: 488 } });
  await settle();
  expect([stream.rejected, stream.answers, seen.hungUp]).toEqual([[480], 0, ['CA1']]);
});
