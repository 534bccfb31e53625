// A call as a transport, over a stack that is none: what waits for the data channel, who hears what, and how it ends.
import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { countingIds } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { ga } from '../../../src/protocol/dialects/ga.ts';
import type { ServerEvent } from '../../../src/protocol/server-events.ts';
import type { SessionObject } from '../../../src/protocol/session-config.ts';
import { EventText } from '../../../src/transports/event-text.ts';
import { keepCalls, type Calls } from '../../../src/transports/calls/calls.ts';
import type { CallTransport } from '../../../src/transports/calls/call-transport.ts';
import { type Call, type CallEnd, CallError, type CallEvents } from '../../../src/transports/calls/call.ts';
import { fromBytes, toBytes } from '../../../src/media/pcm.ts';
import { rtcSpeaker } from '../../../src/transports/webrtc/media.ts';
import type { Inbound, Transport } from '../../../src/transports/transport.ts';
import { Channel } from '../../../src/lib/channel.ts';

class FakeCall implements Call {
  readonly sdp = 'v=0 answer';
  mostMessageBytes = 262_144;
  takenBytes = 0;
  waitingBytes = 0;
  readonly texts: { type: string; [key: string]: unknown }[] = [];
  readonly played: Int16Array[] = [];
  clears = 0;
  closed = false;
  full = false;
  silentMs = 0;
  unheardMs: number | undefined;
  send(text: string) {
    this.texts.push(JSON.parse(text));
    this.waitingBytes += text.length;
    return !this.full;
  }
  /** The far side takes so much of what waits for it. */
  take(bytes: number) {
    this.waitingBytes -= bytes;
    this.takenBytes += bytes;
    events.onTaken();
  }
  play(sound: Uint8Array) {
    this.played.push(fromBytes(sound));
  }
  clear() {
    this.clears += 1;
  }
  close() {
    this.closed = true;
  }
}

let clock: ManualClock;
let calls: Calls;
let line: FakeCall;
let events: CallEvents;
/** How the call ends before its owner has it, if it does. */
let ending: CallEnd | undefined;
const deleted: ServerEvent = { type: 'conversation.item.deleted', item_id: 'item_1' };
const place = {
  eventId: 'event_1',
  response: 'resp_1',
  item: 'item_1',
  outputIndex: 0,
  contentIndex: 0,
  format: { type: 'audio/pcm', rate: 24000 } as const,
};
let logged: object[];
/** The ids of those that have ended. */
let over: string[];
const request = { owner: 'key_1', carrier: 'webrtc', dialect: ga, speaker: rtcSpeaker } as const;

beforeEach(() => {
  clock = new ManualClock();
  line = new FakeCall();
  ending = undefined;
  logged = [];
  over = [];
  calls = keepCalls({
    clock,
    ids: countingIds(),
    log: { ...silentLog, info: (fields) => void logged.push(fields) },
    histories: { characters: 0, mostCharacters: 1_000_000 },
    onEnded: (call) => void over.push(call.id),
  });
});

async function connect(told: CallEvents): Promise<Call> {
  events = told;
  if (ending) told.onEnd(ending);
  return line;
}

async function open(): Promise<CallTransport> {
  const entered: Transport[] = [];
  const { id } = await calls.open(request, connect, (call) => entered.push(call));
  const transport = calls.find(id, 'key_1');
  expect(entered).toEqual([transport]);
  if (!transport) throw new Error('the call is not there');
  return transport;
}

/** What comes in, as far as it has. */
function listen(transport: Transport): Inbound[] {
  const heard: Inbound[] = [];
  void (async () => {
    for await (const inbound of transport.inbound) heard.push(inbound);
  })();
  return heard;
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A connection that comes in beside the call. */
class Beside implements Transport {
  readonly inbound = new Channel<Inbound>(10);
  readonly sent: ServerEvent[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly gone = false;
  send(event: ServerEvent) {
    this.sent.push(event);
  }
  sendAudio() {}
  room = () => Promise.resolve();
  close(code: number, reason: string) {
    this.closed ??= { code, reason };
    this.inbound.close();
  }
}

test('events wait for the data channel and keep their order', async () => {
  const transport = await open();
  transport.send(deleted);
  transport.send({ ...deleted, item_id: 'item_2' });
  expect(line.texts).toEqual([]);
  events.onOpen();
  transport.send({ ...deleted, item_id: 'item_3' });
  expect(line.texts.map(({ item_id }) => item_id)).toEqual(['item_1', 'item_2', 'item_3']);
  expect(line.texts[0]).toMatchObject({ type: 'conversation.item.deleted', event_id: 'event_1' });
});

test('the log has one line on each call that has ended: how long it was, and who ended it with what', async () => {
  await open();
  clock.advance(2500);
  events.onEnd('closed');
  const second = await open();
  second.close(1001, 'server shutting down');
  await open();
  events.onEnd('lost');
  expect(logged).toEqual([
    { call: 'rtc_1', by: 'key_1', durationMs: 2500, endedBy: 'client', code: 1000, reason: 'hung up' },
    { call: 'rtc_2', by: 'key_1', durationMs: 0, endedBy: 'server', code: 1001, reason: 'server shutting down' },
    { call: 'rtc_3', by: 'key_1', durationMs: 0, endedBy: 'server', code: 1011, reason: 'lost' },
  ]);
});

test('a call without a data channel leaves nothing waiting', async () => {
  line.mostMessageBytes = 0;
  const transport = await open();
  for (let index = 0; index < 20_000; index++) transport.send(deleted);
  expect(calls.size).toBe(1);
});

test('a call that cannot be had leaves none', async () => {
  const refuse = () => Promise.reject(new CallError('rejected', 'No audio.'));
  await expect(calls.open(request, refuse, () => {})).rejects.toMatchObject({ reason: 'rejected' });
  expect(calls.size).toBe(0);
});

test("S37: an answer's sound goes over the line and not over the data channel", async () => {
  const transport = await open();
  events.onOpen();
  const other = new Beside();
  transport.attach(other);
  transport.sendAudio(place, new Uint8Array(new Int16Array([1, -2, 3]).buffer));
  expect(line.played.map((samples) => [...samples])).toEqual([[1, -2, 3]]);
  expect([...line.texts, ...other.sent]).toEqual([]);
});

test('what comes in keeps its order: sound, events, what was wrong with them, and that the call was put on hold', async () => {
  const heard = listen(await open());
  events.onSound(toBytes(new Int16Array([5, 6])));
  events.onMessage('{"type":"response.cancel"}');
  events.onMessage('{"type":"response.cancel","event_id":"mine","response_id":7}');
  events.onMessage('{');
  events.onHold?.(true);
  await settle();
  expect(heard.map(({ kind }) => kind)).toEqual(['audio', 'event', 'fault', 'fault', 'hold']);
  expect(heard[4]).toEqual({ kind: 'hold', held: true, atMs: clock.now() });
  expect(heard[0]).toMatchObject({ bytes: new Uint8Array(new Int16Array([5, 6]).buffer) });
  expect(heard[2]).toMatchObject({ eventId: 'mine' });
});

test('how far the speaker is counts from all that was given, and from after the last clear', async () => {
  const transport = await open();
  events.onOpen();
  const heard = listen(transport);
  const second = new Uint8Array(48_000);
  transport.sendAudio(place, second);
  transport.sendAudio(place, second);
  events.onPlayed(500, 0, 10);
  transport.clear();
  expect(line.clears).toBe(1);
  // Said before the speaker knew of the clear.
  events.onPlayed(600, 0, 20);
  transport.sendAudio(place, second);
  events.onPlayed(2100, 1, 30);
  await settle();
  expect(heard).toEqual([
    { kind: 'played', aheadMs: 1500, atMs: 10 },
    { kind: 'played', aheadMs: 900, atMs: 30 },
  ]);
});

test('sound that was dropped before its caller could hear any does not count as sound that is still to be played', async () => {
  const transport = await open();
  const heard = listen(transport);
  const second = new Uint8Array(48_000);
  transport.sendAudio(place, second);
  transport.clear();
  events.onOpen();
  transport.sendAudio(place, second);
  events.onPlayed(400, 1, 10);
  await settle();
  expect(heard).toEqual([{ kind: 'played', aheadMs: 600, atMs: 10 }]);
});

test('a message that no browser takes becomes an error that says where to have it', async () => {
  const transport = await open();
  events.onOpen();
  transport.send({ ...deleted, item_id: 'x'.repeat(300_000) });
  expect(line.texts).toHaveLength(1);
  expect(line.texts[0]).toMatchObject({
    type: 'error',
    error: { code: 'event_too_large', message: expect.stringContaining('conversation.item.deleted') },
  });
});

test('C28: an item whose sound makes it too long comes without the sound', async () => {
  const transport = await open();
  events.onOpen();
  const item = { id: 'item_1', object: 'realtime.item', type: 'message', status: 'completed', role: 'assistant' } as const;
  const content = [{ type: 'output_audio' as const, transcript: 'Hello.', audio: 'A'.repeat(300_000) }];
  transport.send({ type: 'conversation.item.retrieved', item: { ...item, content } });
  expect(line.texts).toHaveLength(1);
  expect(line.texts[0]).toMatchObject({
    type: 'conversation.item.retrieved',
    item: { ...item, content: [{ type: 'output_audio', transcript: 'Hello.', audio_omitted: 'too_large' }] },
  });
});

test('C20: an item with an image that makes it too long comes without the image, and says so', async () => {
  const transport = await open();
  events.onOpen();
  const content = [
    { type: 'input_image' as const, image_url: `data:image/png;base64,${'A'.repeat(300_000)}`, detail: 'low' as const },
    { type: 'input_text' as const, text: 'What is it?' },
  ];
  const item = { id: 'item_1', object: 'realtime.item', type: 'message', status: 'completed', role: 'user' } as const;
  transport.send({ type: 'conversation.item.added', previous_item_id: null, item: { ...item, content } });
  expect(line.texts).toEqual([
    {
      type: 'conversation.item.added',
      event_id: expect.any(String) as string,
      previous_item_id: null,
      item: { ...item, content: [{ type: 'input_image', image_url_omitted: 'too_large', detail: 'low' }, content[1]] },
    },
  ]);
});

test('a response, a session and a list of tools that are too long come with what is left of them', async () => {
  const transport = await open();
  events.onOpen();
  const long = 'x'.repeat(300_000);
  const output = [{ id: 'item_1', type: 'function_call', arguments: long }];
  transport.send({ type: 'response.done', response: { object: 'realtime.response', id: 'resp_1', status: 'completed', output } } as never);
  const session = { object: 'realtime.session', id: 'sess_1', instructions: long, tools: [{ type: 'function', description: long }] };
  transport.send({ type: 'session.created', session } as never);
  const tools = [{ name: 'a', description: long, input_schema: {}, annotations: null }];
  const list = { id: 'item_2', type: 'mcp_list_tools' as const, server_label: 'x', tools };
  transport.send({ type: 'conversation.item.done', previous_item_id: null, item: list });
  expect(line.texts).toMatchObject([
    { type: 'response.done', response: { id: 'resp_1', status: 'completed', output: [], output_omitted: 'too_large' } },
    { type: 'session.created', session: { id: 'sess_1', instructions_omitted: 'too_large', tools: [], tools_omitted: 'too_large' } },
    { type: 'conversation.item.done', item: { id: 'item_2', tools: [], tools_omitted: 'too_large' } },
  ]);
  expect(line.texts[1]?.session).not.toHaveProperty('instructions');
});

test('an event too long for the data channel does not count against those that wait for it to open', async () => {
  const transport = await open();
  const long = 'x'.repeat(5_000_000);
  transport.send({ type: 'session.created', session: { object: 'realtime.session', id: 'sess_1', instructions: long } } as never);
  transport.send({ ...deleted, item_id: long });
  transport.send(deleted);
  events.onOpen();
  expect(line.texts.map(({ type }) => type)).toEqual(['session.created', 'error', 'conversation.item.deleted']);
  expect(calls.size).toBe(1);
});

/** An event of some 100 kB. */
const large: ServerEvent = { ...deleted, item_id: 'x'.repeat(100_000) };

test('a reader that takes nothing for 30 s while more than 1 MiB waits for it loses the call', async () => {
  const transport = await open();
  events.onOpen();
  for (let count = 0; count < 20; count++) transport.send(large);
  clock.advance(29_999);
  expect(calls.size).toBe(1);
  clock.advance(1);
  expect(calls.size).toBe(0);
  clock.advance(1000);
  expect(line.closed).toBe(true);
});

test('a reader that takes its time keeps the call', async () => {
  const transport = await open();
  events.onOpen();
  for (let count = 0; count < 100; count++) transport.send(large);
  while (line.waitingBytes > 0) {
    clock.advance(29_000);
    line.take(Math.min(line.waitingBytes, 300_000));
  }
  clock.advance(60_000);
  expect(calls.size).toBe(1);
});

test('what is asked for faster than it is read waits from 4 MiB on', async () => {
  const transport = await open();
  const heard = listen(transport);
  events.onOpen();
  for (let count = 0; count < 50; count++) transport.send(large);
  events.onMessage('{"type":"response.cancel"}');
  await settle();
  expect(heard).toEqual([]);
  line.take(1_000_000);
  await settle();
  expect(heard).toHaveLength(1);
});

test('a reader for whom no more can be kept loses the call', async () => {
  const transport = await open();
  events.onOpen();
  line.full = true;
  transport.send(deleted);
  expect(calls.size).toBe(0);
  clock.advance(1000);
  expect(line.closed).toBe(true);
});

test("E02: who comes in beside is told of the session, hears its events and may send; others' faults are not told to it", async () => {
  const transport = await open();
  const heard = listen(transport);
  events.onOpen();
  transport.send({ type: 'session.updated', session: { type: 'realtime', instructions: 'Be brief.' } } as ServerEvent);
  const other = new Beside();
  expect(transport.attach(other)).toBe(true);
  transport.send(deleted);
  expect(other.sent).toEqual([{ type: 'session.created', session: { type: 'realtime', instructions: 'Be brief.' } }, deleted]);
  other.inbound.push({ kind: 'event', event: { type: 'response.cancel' } });
  await settle();
  expect(heard).toEqual([{ kind: 'event', event: { type: 'response.cancel' }, beside: true }]);
  other.close(1000, 'bye');
  await settle();
  transport.send(deleted);
  expect(other.sent).toHaveLength(2);
  expect(calls.size).toBe(1);
});

test('E02: only the owner finds a call, and only so many may be beside it', async () => {
  const transport = await open();
  expect(calls.find('rtc_1', 'key_2')).toBeUndefined();
  expect(calls.find('rtc_9', 'key_1')).toBeUndefined();
  const others = Array.from({ length: 5 }, () => new Beside());
  expect(others.map((other) => transport.attach(other))).toEqual([true, true, true, true, false]);
});

test('E02: what comes from beside waits for its place however many want it', async () => {
  const transport = await open();
  for (let index = 0; index < 1024; index++) events.onSound(toBytes(new Int16Array([index])));
  const other = new Beside();
  transport.attach(other);
  other.inbound.push({ kind: 'event', event: { type: 'response.cancel' } });
  await settle();
  const reader = transport.inbound[Symbol.asyncIterator]();
  const first = reader.next();
  // The place that has just become free is taken by the caller's own sound.
  events.onSound(toBytes(new Int16Array([7])));
  await settle();
  await first;
  const kinds: string[] = [];
  void (async () => {
    for (let next = await reader.next(); !next.done; next = await reader.next()) kinds.push(next.value.kind);
  })();
  await settle();
  transport.send(deleted);
  expect(kinds.filter((kind) => kind === 'event')).toHaveLength(1);
  expect(other.sent).toEqual([deleted]);
});

test('A7: sound in an event from beside weighs what it is, though it was taken out of the text', async () => {
  const transport = await open();
  const audio = Buffer.alloc(9 * 1024 * 1024).toString('base64');
  const item = { type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] };
  const large = await new EventText(countingIds(), ga).readBytes(Buffer.from(JSON.stringify({ type: 'conversation.item.create', item })));
  const other = new Beside();
  for (let count = 0; count < 4; count++) other.inbound.push(large);
  transport.attach(other);
  await settle();
  // Two are more than a queue of 16 MiB takes, and the third is at its door.
  expect(other.inbound.size).toBe(1);
});

test('E02: a fault of ours in a connection beside a call ends that connection and nothing else', async () => {
  const transport = await open();
  const other = new Beside();
  transport.attach(other);
  other.inbound.fail(new Error('a fault of ours'));
  await settle();
  expect(other.closed?.code).toBe(1011);
  transport.send(deleted);
  expect([calls.size, other.sent]).toEqual([1, []]);
});

test('a call that ends while it is being answered is none', async () => {
  ending = 'lost';
  const entered: Transport[] = [];
  const { id } = await calls.open(request, connect, (call) => entered.push(call));
  expect([calls.size, calls.find(id, 'key_1')]).toEqual([0, undefined]);
  // Whoever was to hold the conversation is told by a line that is over already.
  expect(listen(entered[0] as Transport)).toEqual([]);
  await settle();
});

test('a call that is closed says its last words before the line is cut', async () => {
  const transport = await open();
  events.onOpen();
  const other = new Beside();
  transport.attach(other);
  transport.send(deleted);
  transport.close(1000, 'hung up');
  expect([line.closed, calls.size, other.closed]).toEqual([false, 0, { code: 1000, reason: 'hung up' }]);
  clock.advance(200);
  expect(line.closed).toBe(true);
});

test.each([
  ['closed', 1000, 0],
  ['lost', 1011, 1],
  ['crashed', 1011, 1],
] as const)('a call that is %s ends its session, and those beside it are told', async (end, code, errors) => {
  const transport = await open();
  let over = false;
  void (async () => {
    for await (const _ of transport.inbound);
    over = true;
  })();
  const other = new Beside();
  transport.attach(other);
  events.onEnd(end);
  await settle();
  expect([over, calls.size, other.closed?.code]).toEqual([true, 0, code]);
  expect(other.sent.filter(({ type }) => type === 'error')).toHaveLength(errors);
});

test('E29: who comes in beside is greeted with the session that a call has taken up, and never told with what it is taken up', async () => {
  const transport = await open();
  events.onOpen();
  const session = { type: 'realtime', instructions: 'Be brief.' } as unknown as SessionObject;
  transport.introduce(session);
  const other = new Beside();
  transport.attach(other);
  const resume = { token: 'secret', seconds: 30 };
  transport.send({ type: 'session.resumed', session_id: 'sess_1', resume, received: { events: 0, audio_bytes: 0 } });
  expect(other.sent).toEqual([{ type: 'session.created', session }]);
  expect(line.texts.map(({ type }) => type)).toEqual(['session.resumed']);
  const created = await open();
  created.send({ type: 'session.created', session: { ...session, parley: { resume } } });
  const later = new Beside();
  created.attach(later);
  expect(later.sent).toEqual([{ type: 'session.created', session }]);
});

test('E29: sound waits until its caller has been heard from, so that none of it is lost; what is cleared meanwhile is not played', async () => {
  const samples = (first: number) => new Uint8Array(new Int16Array([first, 0]).buffer);
  for (const heard of [() => events.onOpen(), () => events.onSound(toBytes(new Int16Array(480)))]) {
    const transport = await open();
    transport.sendAudio(place, samples(1));
    transport.clear();
    transport.sendAudio(place, samples(2));
    expect(line.played).toEqual([]);
    heard();
    transport.sendAudio(place, samples(3));
    expect(line.played.map(([first]) => first)).toEqual([2, 3]);
    line = new FakeCall();
  }
});

test('E29: a call that was lost says for how long nothing had come; one that was hung up was not lost', async () => {
  const lost = await open();
  events.onOpen();
  line.silentMs = 15_020;
  events.onEnd('lost');
  expect(lost.ending).toEqual({ by: 'server', code: 1011, reason: 'lost', lost: { silentMs: 15_020 } });
  const left = await open();
  events.onEnd('closed');
  expect(left.ending).toEqual({ by: 'client', code: 1000, reason: 'hung up' });
});

test('E29: of a caller from whom nothing has ever come nothing has been heard since the call began: sound that waits for them was not played', async () => {
  const lost = await open();
  lost.sendAudio(place, new Uint8Array(2));
  clock.advance(700);
  expect(lost.silentMs).toBe(700);
  events.onSound(toBytes(new Int16Array(480)));
  expect(lost.silentMs).toBe(0);
  const never = await open();
  clock.advance(30_000);
  events.onEnd('lost');
  expect(never.ending).toMatchObject({ lost: { silentMs: 30_000 } });
});

test('E29: of a caller who speaks all the time it is known to the frame since when nothing has come, long before that counts as silence', async () => {
  const transport = await open();
  events.onSound(toBytes(new Int16Array(480)));
  line.unheardMs = 60;
  expect(transport.silentMs).toBe(60);
  line.unheardMs = undefined;
  line.silentMs = 700;
  expect(transport.silentMs).toBe(700);
});

test('E29: what was sent has come there when the channel is empty and its far side is still heard from a second later', async () => {
  for (const [silentMs, unheardMs, comes] of [
    [0, undefined, true],
    [0, 20, true],
    [700, undefined, false],
    // It has not been heard from since: that this is no silence yet means nothing.
    [0, 1010, false],
  ] as const) {
    line = new FakeCall();
    const transport = await open();
    transport.send(deleted);
    const arrived = transport.arrived();
    events.onOpen();
    line.take(line.waitingBytes);
    line.silentMs = silentMs;
    line.unheardMs = unheardMs;
    await settle();
    clock.advance(1000);
    expect(await arrived).toBe(comes);
  }
});
