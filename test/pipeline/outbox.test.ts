// The line to a client over one connection after another: what is sent again, what is counted, who waits, and what is kept.
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { Outbox } from '../../src/pipeline/outbox.ts';
import { OutboxRing } from '../../src/pipeline/outbox-ring.ts';
import { RealtimeError } from '../../src/protocol/errors.ts';
import type { ServerEvent } from '../../src/protocol/server-events.ts';
import type { AudioPlace, Ending, Inbound, OutgoingEvent, Transport } from '../../src/transports/transport.ts';
import { Channel } from '../../src/lib/channel.ts';
import { settled } from '../rig.ts';
import type { Speaker } from '../../src/protocol/audio-format.ts';
import { callSpeaker } from '../call-speaker.ts';

const lost: Ending = { by: 'client', code: 1006, reason: '', lost: { silentMs: 0 } };
const left: Ending = { by: 'client', code: 1000, reason: '' };

/** A connection that only writes down. */
class Connection implements Transport {
  readonly inbound = new Channel<Inbound>(100);
  /** Ids of events, and `id:bytes` of sound. */
  readonly got: string[] = [];
  readonly events: OutgoingEvent[] = [];
  readonly closes: string[] = [];
  readonly speaker?: Speaker;
  readonly arrival = Promise.withResolvers<boolean>();
  ending: Ending | undefined;
  gone = false;
  silentMs = 0;

  constructor(speaker?: Speaker) {
    if (speaker) this.speaker = speaker;
  }

  send(event: OutgoingEvent): void {
    this.events.push(event);
    this.got.push(event.event_id ?? '?');
  }

  sendAudio({ eventId }: AudioPlace, bytes: Uint8Array): void {
    this.got.push(`${eventId}:${bytes.length}`);
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  arrived(): Promise<boolean> {
    return this.arrival.promise;
  }

  close(code: number, reason: string): void {
    this.closes.push(`${code} ${reason}`);
    this.end({ by: 'server', code, reason });
  }

  end(ending: Ending): void {
    this.ending ??= ending;
    this.gone = true;
    if (ending.lost) this.inbound.drop();
    else this.inbound.close();
  }
}

/** Of the session's events, those that carry sound among them. */
let ids = countingIds();

/** A line that nobody reads yet. */
function unread(waitMs = 30_000, first = new Connection()) {
  const clock = new ManualClock();
  const told: string[] = [];
  const state = { mayWait: true, tokens: 0, arrived: 0 };
  const outbox = new Outbox(first, {
    clock,
    ids: (ids = countingIds()),
    sessionId: 'sess_1',
    owner: {
      waitMs,
      offer() {
        state.tokens += 1;
        const token = state.tokens;
        return { resume: { token: `token_${token}`, seconds: 30 }, arrived: () => (state.arrived = token) };
      },
      lost() {
        told.push('lost');
        return state.mayWait;
      },
      back: () => told.push('back'),
      over: () => told.push('over'),
    },
  });
  return { clock, first, outbox, told, state };
}

function rig(waitMs?: number, first?: Connection) {
  const opened = unread(waitMs, first);
  const taken: Inbound[] = [];
  const reading = (async () => {
    for await (const inbound of opened.outbox.inbound) taken.push(inbound);
    taken.push({ kind: 'digit', digit: 'end' });
  })();
  return { ...opened, taken, reading };
}

const event = (n: number): ServerEvent => ({ type: 'conversation.item.deleted', item_id: `item_${n}` });
const place = (format: AudioPlace['format'] = { type: 'audio/pcm', rate: 24_000 }): AudioPlace => ({
  eventId: ids('event'),
  response: 'resp_1',
  item: 'item_1',
  outputIndex: 0,
  contentIndex: 0,
  format,
});
/** So many milliseconds of sound. */
const sound = (ms: number) => new Uint8Array(ms * 48);

test('events have ids and go out; a lost line is told, and what is said meanwhile waits for the client', async () => {
  const { first, outbox, taken, told } = rig();
  outbox.send(event(1));
  outbox.sendAudio(place(), sound(10));
  expect(first.got).toEqual(['event_1', 'event_2:480']);
  first.end(lost);
  await settled();
  expect(taken).toEqual([{ kind: 'lost', silentMs: 0, atMs: 0 }]);
  expect(told).toEqual(['lost']);
  expect(outbox.gone).toBe(false);
  outbox.send(event(2));
  outbox.sendAudio(place(), sound(20));

  const second = new Connection();
  outbox.attach(second, { lastEvent: 'event_1' });
  await settled();
  // 30 ms of sound have not come there: nothing is sent before the session has taken that in.
  expect(taken.at(-1)).toEqual({ kind: 'back', unreceivedMs: 30, speaker: undefined });
  expect(second.got).toEqual([]);
  outbox.send(event(3));
  outbox.resume(30);
  expect(second.events[0]).toEqual({
    type: 'session.resumed',
    event_id: 'event_6',
    session_id: 'sess_1',
    resume: { token: 'token_1', seconds: 30 },
    received: { events: 0, audio_bytes: 0 },
  });
  expect(second.got).toEqual(['event_6', 'event_2:480', 'event_3', 'event_4:960', 'event_5']);
  outbox.send(event(4));
  expect(second.got.at(-1)).toBe('event_7');
});

test('whoever has seen the greeting of a resumption, and nothing else, is sent the same again', async () => {
  const { first, outbox } = rig();
  outbox.send(event(1));
  outbox.send(event(2));
  first.end(lost);
  await settled();
  const second = new Connection();
  outbox.attach(second, { lastEvent: 'event_1' });
  outbox.resume(0);
  second.end(lost);
  await settled();
  const third = new Connection();
  outbox.attach(third, { lastEvent: second.got[0] ?? '' });
  outbox.resume(0);
  expect(third.got.slice(1)).toEqual(['event_2']);
});

test('what was taken is counted, sound and events apart; what was not, is dropped with its connection', async () => {
  const { first, outbox } = unread();
  outbox.send(event(1));
  const reader = outbox.inbound[Symbol.asyncIterator]();
  const fault = { kind: 'fault', error: new RealtimeError(null, 'no'), eventId: null } as const;
  const said: Inbound[] = [
    { kind: 'audio', bytes: sound(1) },
    { kind: 'audio', bytes: sound(1), beside: true },
    { kind: 'audio', bytes: sound(1), live: true },
    { kind: 'event', event: { type: 'response.cancel' } },
    { kind: 'event', event: { type: 'response.cancel' }, beside: true },
    fault,
    { kind: 'event', event: { type: 'response.create' } },
  ];
  for (const inbound of said) first.inbound.push(inbound);
  for (const inbound of said.slice(0, 6)) expect((await reader.next()).value).toEqual(inbound);
  first.end(lost);
  expect((await reader.next()).value).toEqual({ kind: 'lost', silentMs: 0, atMs: 0 });
  const second = new Connection();
  outbox.attach(second, { lastEvent: 'event_1' });
  outbox.resume(0);
  expect(second.events[0]).toMatchObject({ received: { events: 2, audio_bytes: 48 } });
});

test('who takes leave ends the session at once, and so does a line that may not wait', async () => {
  const leaving = rig();
  leaving.first.end(left);
  await leaving.reading;
  expect(leaving.told).toEqual(['over']);
  expect(leaving.outbox.ending).toEqual(left);
  for (const [waitMs, mayWait] of [
    [0, true],
    [30_000, false],
  ] as const) {
    const lone = rig(waitMs);
    lone.state.mayWait = mayWait;
    lone.first.end(lost);
    await lone.reading;
    expect(lone.outbox.ending).toEqual(lost);
    expect(lone.outbox.gone).toBe(true);
  }
});

test('it waits so long and no longer; who comes then is turned away', async () => {
  const { clock, first, outbox, reading, told } = rig();
  first.end(lost);
  await settled();
  clock.advance(29_999);
  expect(outbox.isWaiting).toBe(true);
  clock.advance(1);
  await reading;
  expect(told).toEqual(['lost', 'over']);
  const late = new Connection();
  outbox.attach(late, { lastEvent: 'event_1' });
  expect(late.closes).toEqual(['1008 session_not_found']);
});

test('closed while it waits, or made to give way, it is over at once', async () => {
  for (const [end, code] of [
    [(outbox: Outbox) => outbox.close(1001, 'leaving'), 1001],
    [(outbox: Outbox) => outbox.giveWay(), 1013],
  ] as const) {
    const { first, outbox, reading } = rig();
    first.end(lost);
    await settled();
    end(outbox);
    await reading;
    expect(outbox.ending?.code).toBe(code);
  }
});

test('a connection that still looks alive is closed, and what it still brings is not taken', async () => {
  const { first, outbox, taken } = rig();
  outbox.send(event(1));
  first.silentMs = 700;
  const second = new Connection();
  outbox.attach(second, { lastEvent: 'event_1' });
  first.inbound.push({ kind: 'digit', digit: '1' });
  second.inbound.push({ kind: 'digit', digit: '2' });
  await settled();
  expect(first.closes).toEqual(['1000 resumed over another connection']);
  expect(taken).toEqual([
    { kind: 'lost', silentMs: 700, atMs: 0 },
    { kind: 'back', unreceivedMs: 0, speaker: undefined },
    { kind: 'digit', digit: '2' },
  ]);
});

test('while nobody is there the voice waits once too much waits for the client, until that is there or the session over', async () => {
  for (const goesOn of [true, false]) {
    const { first, outbox } = rig();
    outbox.send(event(1));
    first.end(lost);
    await settled();
    await outbox.room();
    for (let n = 0; n < 45; n++) outbox.sendAudio(place(), sound(1000));
    let isRoom = false;
    void outbox.room().then(() => {
      isRoom = true;
    });
    await settled();
    expect(isRoom).toBe(false);
    if (goesOn) {
      outbox.attach(new Connection(), { lastEvent: 'event_1' });
      outbox.resume(0);
    } else outbox.close(1001, 'leaving');
    await settled();
    expect(isRoom).toBe(true);
  }
});

test('a session that is being closed, or failed, or whose reader has gone, is not taken up', async () => {
  const closing = rig();
  closing.first.close = () => {};
  closing.outbox.close(1008, 'session_expired');
  expect(closing.outbox.isEnding).toBe(true);
  const late = new Connection();
  closing.outbox.attach(late, { lastEvent: 'event_1' });
  expect(late.closes).toEqual(['1008 session_not_found']);

  const failing = rig();
  failing.first.inbound.fail(new Error('broken'));
  await expect(failing.reading).rejects.toThrow('broken');
  expect(failing.outbox.isEnding).toBe(true);
  failing.outbox.close(1011, 'internal error');
  expect(failing.first.closes).toEqual(['1011 internal error']);
  expect(failing.told).toEqual(['over']);
  expect(failing.outbox.ending?.code).toBe(1011);
});

test('from a WebSocket to a call: the line plays what was not heard, in the call’s own format, and events come without sound', () => {
  const { outbox } = rig();
  outbox.send(event(1));
  outbox.sendAudio(place({ type: 'audio/pcmu' }), new Uint8Array(800));
  outbox.sendAudio(place(), sound(100));
  outbox.send(event(2));
  const call = new Connection(callSpeaker);
  outbox.attach(call, { lastEvent: 'event_1' });
  outbox.resume(150);
  // 50 ms of µ-law at 8 kHz are 2,400 bytes of PCM at 24 kHz.
  expect(call.got.slice(1)).toEqual(['event_2:2400', 'event_3:4800', 'event_4']);
});

test('from a call to a WebSocket: what was not heard comes as events, behind what was seen, and again if that breaks as well', async () => {
  const { outbox } = rig(1000, new Connection(callSpeaker));
  for (let n = 0; n < 3; n++) outbox.sendAudio(place(), sound(100));
  outbox.send(event(1));
  outbox.send(event(2));
  const socket = new Connection();
  outbox.attach(socket, { lastEvent: 'event_4' });
  outbox.resume(150);
  expect(socket.got.slice(1)).toEqual(['event_2:2400', 'event_3:4800', 'event_5']);
  socket.end(lost);
  await settled();
  const next = new Connection();
  outbox.attach(next, { lastEvent: 'event_4' });
  outbox.resume(150);
  expect(next.got.slice(1)).toEqual(['event_2:2400', 'event_3:4800', 'event_5']);
});

test('the offer of a session that may be resumed goes with its creation, and only there', () => {
  const created = { type: 'session.created', session: { id: 'sess_1' } } as unknown as ServerEvent;
  const waiting = rig();
  waiting.outbox.send(created);
  expect(waiting.first.events[0]).toMatchObject({ session: { id: 'sess_1', parley: { resume: { token: 'token_1', seconds: 30 } } } });
  const off = rig(0);
  off.outbox.send(created);
  expect(off.first.events[0]).toEqual({ ...created, event_id: 'event_1' });
});

test('a new token counts from when it has arrived for certain', async () => {
  const { outbox, state } = rig();
  outbox.send(event(1));
  const second = new Connection();
  outbox.attach(second, { lastEvent: 'event_1' });
  outbox.resume(0);
  await settled();
  expect(state.arrived).toBe(0);
  second.arrival.resolve(true);
  await settled();
  expect(state.arrived).toBe(1);
});

test('a ring keeps so many bytes, the newest: who has seen the last that had to go misses nothing, who has not does', () => {
  const ring = new OutboxRing();
  for (let n = 0; n < 400; n++) ring.push({ kind: 'sound', id: `event_${n}`, place: place(), bytes: sound(1000), timestamps: undefined });
  expect(ring.bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(ring.bytes).toBeGreaterThan(8 * 1024 * 1024 - 50_000);
  const kept = Array.from({ length: 400 }, (_, n) => ring.after(`event_${n}`)?.length);
  const firstKept = kept.findIndex((length) => length !== undefined);
  expect(firstKept).toBeGreaterThan(200);
  expect(kept.slice(firstKept)).toEqual(Array.from({ length: 400 - firstKept }, (_, n) => 399 - firstKept - n));
  expect(ring.after('event_0')).toBeUndefined();
  expect(ring.after('event_x')).toBeUndefined();
});

test('large events are weighed by their text, and one that is larger than the ring is not kept', () => {
  const ring = new OutboxRing();
  ring.push({ kind: 'event', id: 'event_1', event: event(1) });
  ring.push({
    kind: 'event',
    id: 'event_2',
    event: { type: 'conversation.item.deleted', item_id: 'x'.repeat(9 * 1024 * 1024) },
  });
  expect(ring.bytes).toBe(0);
  expect(ring.after('event_1')).toBeUndefined();
  expect(ring.after('event_2')).toEqual([]);
});
