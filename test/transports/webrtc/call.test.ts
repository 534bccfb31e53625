// The bounds of one call, as its worker keeps them: with a clock that is moved by hand, and a real peer at the other end where one is needed.
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type CallDuties, WorkerCall } from '../../../src/transports/webrtc/call.ts';
import type { CallMedia } from '../../../src/transports/webrtc/media.ts';
import type { FromWorker } from '../../../src/transports/rtp/media-messages.ts';
import { encodeSilence } from '../../../src/transports/rtp/opus.ts';
import { readOffer } from '../../../src/transports/webrtc/sdp.ts';
import { bindSocketsSafely } from '../../../src/transports/webrtc/werift-sockets.ts';
import { Caller, until } from './caller.ts';
import { anywhere, audio, data, offer } from './offers.ts';
import { portsOf, sendAs, Stranger, unsigned } from './strangers.ts';

let silence: Uint8Array;
let nowMs = 0;
const told: FromWorker[] = [];
const calls: WorkerCall[] = [];
const callers: Caller[] = [];

beforeAll(async () => {
  bindSocketsSafely();
  silence = await encodeSilence();
});

afterEach(async () => {
  await Promise.all([...callers.splice(0).map((caller) => caller.hangUp()), ...calls.splice(0).map((call) => call.close())]);
  told.length = 0;
  nowMs = 0;
});

async function answer(text: string): Promise<{ call: WorkerCall; sdp: string }> {
  const duties: CallDuties = { silence, nowMs: () => nowMs, tell: (message) => told.push(message), ended: () => void call.close() };
  const read = readOffer(text, anywhere);
  const options = { addresses: ['127.0.0.1'], portRange: undefined, tcp: false, iceServers: [] };
  const call = await WorkerCall.create(1, read, options, duties);
  calls.push(call);
  return { call, sdp: await call.answer(read) };
}

/** A call with a real peer, up to the open channel. */
async function connect(): Promise<{ call: WorkerCall; caller: Caller }> {
  let call: WorkerCall | undefined;
  const media: Pick<CallMedia, 'answer'> = {
    async answer(text) {
      const answered = await answer(text);
      call = answered.call;
      return {
        sdp: answered.sdp,
        mostMessageBytes: 0,
        takenBytes: 0,
        waitingBytes: 0,
        send: () => false,
        play() {},
        clear() {},
        close() {},
      };
    },
  };
  const caller = await Caller.call(media as CallMedia);
  callers.push(caller);
  await until('the channel is open', () => told.some(({ kind }) => kind === 'open'));
  return { call: call as WorkerCall, caller };
}

const ends = () => told.filter(({ kind }) => kind === 'ended');
const lost = [{ kind: 'ended', call: 1, end: 'lost' }];

test('a caller that has not come within thirty seconds is lost', async () => {
  const { call } = await answer(offer(audio(), data()));
  call.tick(30_000, 0);
  expect(ends()).toEqual([]);
  call.tick(30_001, 0);
  call.tick(30_021, 0);
  expect(ends()).toEqual(lost);
});

test('a connection from which nothing comes for fifteen seconds is lost; with a sign of life it is not', async () => {
  const { call, caller } = await connect();
  const look = () => {
    for (let i = 0; i < 10; i++) call.tick(nowMs, 0);
  };
  look();
  nowMs = 14_000;
  const before = told.filter(({ kind }) => kind === 'sound').length;
  await until('sound comes', () => told.filter(({ kind }) => kind === 'sound').length > before);
  look();
  nowMs = 28_000;
  look();
  expect(ends()).toEqual([]);
  // The cable is cut: no goodbye.
  caller.mute();
  for (const { connection } of caller.peer.iceTransports) connection.send = async () => {};
  await new Promise((resolve) => setTimeout(resolve, 100));
  look();
  nowMs = 60_000;
  look();
  expect(ends()).toEqual(lost);
});

test('what strangers send is no sign of life, nor what others send in the name of the caller', async () => {
  const { call, caller } = await connect();
  const look = () => {
    for (let i = 0; i < 10; i++) call.tick(nowMs, 0);
  };
  caller.mute();
  for (const { connection } of caller.peer.iceTransports) connection.send = async () => {};
  await new Promise((resolve) => setTimeout(resolve, 100));
  look();
  nowMs = 14_000;
  const stranger = new Stranger();
  for (const datagram of Object.values(unsigned)) {
    for (const port of portsOf(caller.call.sdp)) await stranger.send(datagram, port);
    await sendAs(caller, datagram);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  stranger.close();
  look();
  expect(ends()).toEqual([]);
  nowMs = 15_001;
  look();
  expect(ends()).toEqual(lost);
});

test('a caller that sends messages faster than they are taken is thrown out', async () => {
  const { call, caller } = await connect();
  await caller.write(Array.from({ length: 500 }, (_, n) => `a${n}`));
  await until('they came', () => told.filter(({ kind }) => kind === 'message').length === 500);
  call.do({ kind: 'taken', call: 1, messages: 500 });
  await caller.write(Array.from({ length: 1024 }, (_, n) => `b${n}`));
  await until('they came', () => told.filter(({ kind }) => kind === 'message').length === 1524);
  expect(ends()).toEqual([]);
  caller.channel?.send('one more');
  await until('it is over', () => ends().length > 0);
  expect(ends()).toEqual(lost);
});

test('time that the pacer leaves out passes for the listener, too, and no packet is missing', async () => {
  const { call, caller } = await connect();
  for (const leftOut of [0, 0, 5, 0]) call.tick(nowMs, leftOut);
  await until('four packets came', () => caller.heard.length === 4);
  const [first, ...rest] = caller.heard.map(({ timestamp, sequenceNumber }) => ({ timestamp, sequenceNumber }));
  const [atTimestamp, atSequence] = [first?.timestamp ?? 0, first?.sequenceNumber ?? 0];
  expect(rest).toEqual([1, 7, 8].map((frames, i) => ({ timestamp: atTimestamp + frames * 960, sequenceNumber: atSequence + i + 1 })));
});

test('a call that was closed does nothing any more', async () => {
  const { call } = await answer(offer(audio()));
  await call.close();
  await call.close();
  call.do({ kind: 'play', call: 1, samples: new Int16Array(480) });
  call.do({ kind: 'clear', call: 1 });
  call.tick(60_000, 0);
  expect(told).toEqual([]);
});

test('E29: a caller whose microphone is on has not been heard from since its last packet, though it was looked at right before that', async () => {
  const { call, caller } = await connect();
  const heardAt = () => told.flatMap((message) => (message.kind === 'sound' ? [message.heardAtMs] : []));
  const look = () => {
    for (let tick = 0; tick < 10; tick++) call.tick(nowMs, 0);
  };
  await until('its sound comes', () => heardAt().length > 0);
  expect(heardAt()[0]).toBe(0);
  await until('it has come for a while', () => {
    nowMs += 20;
    call.tick(nowMs, 0);
    return heardAt().length > 20;
  });
  look();
  const before = heardAt().length;
  await until('a packet more comes', () => heardAt().length > before);
  caller.mute();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const brokenMs = nowMs;
  look();
  for (let tick = 0; tick < 50; tick++) {
    nowMs += 20;
    call.tick(nowMs, 0);
  }
  const silent = told.flatMap((message) => (message.kind === 'silent' ? [message.ms] : []));
  expect(silent.at(-1)).toBeGreaterThan(900);
  expect(heardAt().at(-1)).toBe(brokenMs);
});
