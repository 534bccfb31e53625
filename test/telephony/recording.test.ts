// Recordings of calls: both sides on one clock, the agent's as it was sent, and a disk that fails costs nothing else.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { SetupError } from '../../src/lib/own-file.ts';
import { encodeALaw, encodeMuLaw } from '../../src/media/g711.ts';
import { fromBytes, toBytes } from '../../src/media/pcm.ts';
import { readWav } from '../../src/media/wav.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { CallRecorder, type CallRecording, recordCall } from '../../src/telephony/recording.ts';
import { recordedTolerance, StereoTimeline } from '../../src/transports/calls/stereo-timeline.ts';
import type { CallEnd, CallEvents } from '../../src/transports/calls/call.ts';
import type { PhoneCall, TransferOutcome } from '../../src/transports/calls/phone-call.ts';

const pcm8k: AudioFormat = { type: 'audio/pcm', rate: 8000 };
const frameMs = 20;
const frameSamples = 160;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'parley-recording-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A line of 8 kHz PCM that sends 20 ms every 20 ms, tells of it every 100 ms, and remembers when it sent what. */
class Line implements PhoneCall {
  readonly mostMessageBytes = 0;
  readonly takenBytes = 0;
  readonly waitingBytes = 0;
  readonly sent: { atMs: number; samples: Int16Array }[] = [];
  readonly asked: string[] = [];
  readonly #clock: ManualClock;
  readonly #events: CallEvents;
  #waiting: number[] = [];
  #gone = 0;
  #clears = 0;
  #untold = 0;

  constructor(clock: ManualClock, events: CallEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  tick(): void {
    if (this.#waiting.length === 0) return;
    const samples = Int16Array.from(this.#waiting.splice(0, frameSamples));
    this.#gone += samples.length;
    this.sent.push({ atMs: this.#clock.now() - frameMs, samples });
    this.#untold += 1;
    if (this.#untold === 5 || this.#waiting.length === 0) this.#tell();
  }

  send(): boolean {
    return false;
  }
  play(sound: Uint8Array): void {
    for (const sample of fromBytes(sound)) this.#waiting.push(sample);
  }
  clear(): void {
    this.#tell();
    this.#gone += this.#waiting.length;
    this.#waiting = [];
    this.#clears += 1;
    this.#tell();
  }
  close(): void {
    this.asked.push('close');
  }
  transfer(target: string): Promise<TransferOutcome> {
    this.asked.push(`transfer ${target}`);
    return Promise.resolve({ outcome: 'transferred' });
  }
  sendDigits(digits: string): Promise<void> {
    this.asked.push(`digits ${digits}`);
    return Promise.resolve();
  }
  end(end: CallEnd): void {
    this.#events.onEnd(end);
  }

  #tell(): void {
    this.#untold = 0;
    this.#events.onPlayed(this.#gone / 8, this.#clears, 0);
  }
}

interface Rig {
  readonly clock: ManualClock;
  readonly call: PhoneCall;
  readonly line: Line;
  readonly events: CallEvents;
  readonly recording: CallRecording;
  readonly told: string[];
  readonly path: string;
  /** So much time, with what the caller says in it: a value of samples for each frame, or nothing at all. */
  pass(ms: number, said?: (frame: number) => number | undefined): void;
}

async function rig(options: { format?: AudioFormat; into?: string; log?: Log } = {}): Promise<Rig> {
  const clock = new ManualClock();
  clock.advance(12_345);
  const into = options.into ?? folder();
  const recorder = new CallRecorder({ folder: into, clock, log: options.log ?? silentLog });
  const recording = recorder.open('rtc_1', options.format ?? pcm8k);
  const told: string[] = [];
  const own: CallEvents = {
    onSound: (sound) => void told.push(`sound ${sound.length}`),
    onOpen: () => void told.push('open'),
    onMessage: (text) => void told.push(`message ${text}`),
    onPlayed: (sentMs, clears) => void told.push(`played ${sentMs} ${clears}`),
    onTaken: () => void told.push('taken'),
    onDigit: (digit) => void told.push(`digit ${digit}`),
    onEnd: (end) => void told.push(`end ${end}`),
  };
  let line: Line | undefined;
  let events: CallEvents | undefined;
  const call = await recordCall(recording, own, (given) => {
    events = given;
    line = new Line(clock, given);
    return Promise.resolve(line);
  });
  if (!line || !events) throw new Error('not answered');
  const carried = { line, events };
  return {
    clock,
    call,
    ...carried,
    recording,
    told,
    path: join(into, 'rtc_1.wav'),
    pass(ms, said = () => undefined) {
      for (let frame = 0; frame < ms / frameMs; frame++) {
        clock.advance(frameMs);
        carried.line.tick();
        const value = said(frame);
        if (value !== undefined) carried.events.onSound(toBytes(new Int16Array(frameSamples).fill(value)));
      }
    },
  };
}

interface Stereo {
  readonly left: Int16Array;
  readonly right: Int16Array;
}

/** The sides of a finished file. */
function sides(path: string): Stereo {
  const file = readFileSync(path);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  expect([view.getUint16(22, true), view.getUint16(34, true)]).toEqual([2, 16]);
  expect([view.getUint32(4, true), view.getUint32(40, true)]).toEqual([file.length - 8, file.length - 44]);
  return split(fromBytes(file.subarray(44)));
}

function split(pairs: Int16Array): Stereo {
  return { left: pairs.filter((_, at) => at % 2 === 0), right: pairs.filter((_, at) => at % 2 === 1) };
}

/** Where something is said, in milliseconds: `[from, to, value]` of each stretch of the same value. */
function stretches(side: Int16Array): [number, number, number][] {
  const found: [number, number, number][] = [];
  for (let at = 0; at < side.length; ) {
    const begin = at;
    const value = side[at] as number;
    while (at < side.length && side[at] === value) at += 1;
    if (value !== 0) found.push([begin / 8, at / 8, value]);
  }
  return found;
}

const say = (ms: number, value: number) => toBytes(new Int16Array(ms * 8).fill(value));

describe('the sides', () => {
  test('are the caller on the left and the agent on the right, where they were in time', async () => {
    const { call, pass, recording, path } = await rig();
    pass(1000, () => 0);
    call.play(say(400, 200));
    pass(1000, (frame) => (frame < 25 ? 100 : 0));
    pass(500, () => 0);
    call.close();
    await recording.end();
    const { left, right } = sides(path);
    expect([left.length, right.length]).toEqual([20_000, 20_000]);
    expect(stretches(left)).toEqual([[1000, 1500, 100]]);
    expect(stretches(right)).toEqual([[1000, 1400, 200]]);
  });

  test('the agent’s ends where it was interrupted, though more was made', async () => {
    const { call, pass, recording, path } = await rig();
    pass(100, () => 0);
    call.play(say(30_000, 200));
    pass(730, () => 0);
    call.clear();
    call.play(say(200, 300));
    pass(1000, () => 0);
    call.close();
    await recording.end();
    expect(stretches(sides(path).right)).toEqual([
      [100, 840, 200],
      [840, 1040, 300],
    ]);
  });

  test('a caller of whom nothing comes is silence, and so is an agent who says nothing', async () => {
    const { pass, recording, path, call } = await rig();
    pass(10_000);
    call.close();
    await recording.end();
    const { left, right } = sides(path);
    expect([left.length, stretches(left), stretches(right)]).toEqual([80_000, [], []]);
  });

  test('a caller who is heard late is where he was heard, not at the beginning', async () => {
    const { pass, recording, path, call } = await rig();
    pass(1500);
    pass(500, () => 100);
    call.close();
    await recording.end();
    expect(stretches(sides(path).left)).toEqual([[1500, 2000, 100]]);
  });

  test('sound that a standstill of the connection held up is where it was said', async () => {
    const { pass, recording, path, call, events } = await rig();
    pass(1000, () => 100);
    pass(1500);
    for (let frame = 0; frame < 75; frame++) events.onSound(say(20, 200));
    pass(500, () => 300);
    call.close();
    await recording.end();
    expect(stretches(sides(path).left)).toEqual([
      [0, 1000, 100],
      [1000, 2500, 200],
      [2500, 3000, 300],
    ]);
  });

  test('sound that a standstill has cost is silence, and what follows finds its place', async () => {
    const { pass, recording, path, call } = await rig();
    pass(1000, () => 100);
    pass(1500);
    pass(6000, (frame) => (frame < 250 ? 200 : 300));
    call.close();
    await recording.end();
    expect(stretches(sides(path).left).at(-1)).toEqual([7500, 8500, 300]);
  });

  test.each([
    ['audio/pcmu', encodeMuLaw],
    ['audio/pcma', encodeALaw],
  ] as const)('of a line of %s are decoded', async (type, encode) => {
    const { events, call, clock, recording, path } = await rig({ format: { type } });
    const samples = Int16Array.from({ length: 160 }, (_, at) => Math.round(8000 * Math.sin(at / 5)));
    const coded = encode(samples);
    call.play(coded);
    // Whoever gave it may use it again.
    coded.fill(0);
    clock.advance(20);
    events.onSound(encode(samples));
    events.onPlayed(20, 0, 0);
    call.close();
    await recording.end();
    const { left, right } = sides(path);
    expect(left).toEqual(right);
    for (const [at, sample] of samples.entries()) expect(Math.abs((left[at] as number) - sample)).toBeLessThan(260);
  });

  test('whatever is said and cleared, the agent’s is what was sent, within a tenth of a second of when', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      let state = seed;
      const chance = (below: number) => {
        state = (state * 48_271) % 2_147_483_647;
        return state % below;
      };
      const { call, pass, recording, path, line, clock } = await rig();
      const startMs = clock.now();
      let value = 0;
      for (let step = 0; step < 60; step++) {
        const what = chance(5);
        if (what <= 1) {
          const sound = new Int16Array(160 * (1 + chance(60)));
          // Each frame has a value of its own, never 0.
          for (let at = 0; at < sound.length; at++) sound[at] = 1 + ((value + Math.floor(at / 160)) % 30_000);
          value += sound.length / 160;
          call.play(toBytes(sound));
        } else if (what === 2 && chance(2) === 0) call.clear();
        else pass(20 * (1 + chance(60)), () => 5);
      }
      pass(20, () => 5);
      call.close();
      await recording.end();
      const heard = stretches(sides(path).right);
      const sent = line.sent.map(({ atMs, samples }) => ({ atMs: atMs - startMs, value: samples[0] as number }));
      // What the line had not told of yet at the end is the reckoning of the last moment.
      expect(Math.abs(heard.length - sent.length), `seed ${seed}`).toBeLessThanOrEqual(1);
      for (const [index, [fromMs, , heardValue]] of heard.slice(0, sent.length).entries()) {
        expect(heardValue, `seed ${seed}`).toBe(sent[index]?.value);
        expect(Math.abs(fromMs - (sent[index]?.atMs ?? 0)), `seed ${seed} at ${fromMs}`).toBeLessThanOrEqual(100);
      }
    }
  });
});

test('words whose reports are a little late have no gap in them, and a pause that is longer has its place', () => {
  const timeline = new StereoTimeline(8000, 0, recordedTolerance);
  const tenth = () => new Int16Array(800).fill(7);
  timeline.sent(tenth(), 100, false);
  for (let at = 400; at <= 6000; at += 100) timeline.sent(tenth(), at, true);
  timeline.sent(tenth(), 9000, true);
  for (let at = 9100; at <= 12_000; at += 100) timeline.sent(tenth(), at, true);
  const { right } = split(timeline.finish(12_000));
  expect(stretches(right)).toEqual([
    [0, 5800, 7],
    [8900, 12_000, 7],
  ]);
});

describe('the file', () => {
  test('can be read at any time, as if the server had died', async () => {
    const { pass, path, recording } = await rig();
    pass(6000, () => 100);
    // The disk is given what there is once a second, behind our back.
    while ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < 64_000) await setImmediate();
    const wav = readWav(readFileSync(path));
    expect(wav.rateHz).toBe(8000);
    // The right is silent: the mean of both.
    expect(wav.samples[1000]).toBe(50);
    await recording.end();
  });

  test('is its owner’s only, and named by the call', async () => {
    const { pass, path, recording, call } = await rig();
    pass(100, () => 1);
    call.close();
    await recording.end();
    expect([recording.name, recording.kept, statSync(path).mode & 0o777]).toEqual(['rtc_1.wav', true, 0o600]);
  });

  test('a call that is not answered leaves none', async () => {
    const into = folder();
    const recording = new CallRecorder({ folder: into, clock: new ManualClock(), log: silentLog }).open('rtc_2', pcm8k);
    const refused = recordCall(recording, {} as CallEvents, () => Promise.reject(new Error('busy')));
    await expect(refused).rejects.toThrow('busy');
    expect([readdirSync(into), recording.kept]).toEqual([[], false]);
  });

  test('an id that would lead out of the folder names none', () => {
    const recorder = new CallRecorder({ folder: folder(), clock: new ManualClock(), log: silentLog });
    for (const id of ['../x', 'a/b', '', 'a.b', 'x'.repeat(129)]) expect(() => recorder.open(id, pcm8k)).toThrow('no name for a file');
  });

  test('a folder that cannot be made is said at the start', () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    expect(() => new CallRecorder({ folder: join(file, 'in'), clock: new ManualClock(), log: silentLog })).toThrow(SetupError);
  });

  test('that cannot be written is lost with one warning, and the call goes on', async () => {
    const into = folder();
    writeFileSync(join(into, 'rtc_1.wav'), 'another’s');
    const warned: object[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void warned.push(fields), child: () => log };
    const { pass, call, recording, told, line, events } = await rig({ into, log });
    pass(2000, () => 1);
    while (warned.length === 0) await setImmediate();
    pass(2000, () => 1);
    call.play(say(100, 5));
    pass(100, () => 1);
    line.end('closed');
    events.onDigit('5');
    await recording.end();
    expect(warned).toEqual([{ file: 'rtc_1.wav', reason: 'EEXIST' }]);
    expect(recording.kept).toBe(false);
    expect(readFileSync(join(into, 'rtc_1.wav'), 'utf8')).toBe('another’s');
    expect(told.filter((each) => each.startsWith('sound'))).toHaveLength(205);
    expect(told.slice(-2)).toEqual(['end closed', 'digit 5']);
  });
});

test('everything else goes on as it is, to the call and from it', async () => {
  const { call, events, line, told, recording } = await rig();
  events.onOpen();
  events.onMessage('{}');
  events.onTaken();
  events.onDigit('#');
  events.onPlayed(0, 0, 0);
  expect(told).toEqual(['open', 'message {}', 'taken', 'digit #', 'played 0 0']);
  expect(await call.transfer('tel:+15550001111', new AbortController().signal)).toEqual({ outcome: 'transferred' });
  await call.sendDigits('12#');
  expect([call.mostMessageBytes, call.takenBytes, call.waitingBytes, call.silentMs, call.send('x')]).toEqual([0, 0, 0, 0, false]);
  call.close();
  expect(line.asked).toEqual(['transfer tel:+15550001111', 'digits 12#', 'close']);
  await recording.end();
});
