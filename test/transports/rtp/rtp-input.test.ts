// Packets that come late, twice, in disorder or not at all, as one unbroken sound. The decoder of these tests writes what it was asked for
// into the samples; the real one has its turn in media.test.ts.
import { expect, test } from 'vitest';
import { FRAME_TICKS } from '../../../src/transports/rtp/opus.ts';
import { type Arrival, RtpInput } from '../../../src/transports/rtp/rtp-input.ts';
import { FRAME_SAMPLES, type VoiceDecoder } from '../../../src/transports/rtp/voice.ts';

/** What stands in the samples of a frame that was guessed; of one that was repeated by packet n: REPEATED + n; of packet n: LOUD + n. */
const GUESSED = 1000;
const REPEATED = 2000;
const LOUD = 5000;

const filled = (samples: number, value: number) => new Int16Array(samples).fill(value);

const decoder: VoiceDecoder = {
  length: (packet) => (packet.length === 0 ? 0 : FRAME_SAMPLES),
  decode: ([n = 0]) => filled(FRAME_SAMPLES, n === 255 ? 1 : LOUD + n),
  recover: ([n = 0], samples) => filled(samples, REPEATED + n),
  conceal: (samples) => filled(samples, GUESSED),
  free() {},
};

/** A caller whose packets are numbered from 0; the counters of RTP begin somewhere else. */
class Rig {
  readonly sound: number[] = [];
  readonly input = new RtpInput(decoder, (samples) => this.sound.push(...samples));
  nowMs = 0;
  firstSequence = 100;
  firstTimestamp = 5000;

  packet(n: number, more: Partial<Arrival> = {}): Arrival {
    return {
      ssrc: 7,
      sequenceNumber: (this.firstSequence + n) & 0xffff,
      timestamp: (this.firstTimestamp + n * FRAME_TICKS) >>> 0,
      payload: Uint8Array.of(n % 200),
      ...more,
    };
  }

  /** The packets come now, one after the other. */
  come(...numbers: number[]): this {
    for (const n of numbers) this.input.push(this.packet(n), this.nowMs);
    return this;
  }

  /** Time passes, in ticks of 20 ms. */
  pass(ms: number): this {
    for (let at = 0; at < ms; at += 20) {
      this.nowMs += 20;
      this.input.tick(this.nowMs);
    }
    return this;
  }

  /** The frames so far: 'n' for packet n, 'rn' for one it repeated, '?' for a guess, '-' for silence. */
  get frames(): string {
    expect(this.sound.length % FRAME_SAMPLES).toBe(0);
    const names: string[] = [];
    for (let at = 0; at < this.sound.length; at += FRAME_SAMPLES) {
      const value = this.sound[at] as number;
      if (value === 0) names.push('-');
      else if (value >= LOUD) names.push(String(value - LOUD));
      else if (value >= REPEATED) names.push(`r${value - REPEATED}`);
      else names.push(value === GUESSED ? '?' : 'quiet');
    }
    return names.join(' ');
  }
}

test('packets in order are heard at once', () => {
  const rig = new Rig().come(0);
  expect(rig.frames).toBe('0');
  expect(rig.pass(20).come(1).pass(20).come(2).frames).toBe('0 1 2');
});

test('packets in disorder are heard in order, as soon as they can be', () => {
  const rig = new Rig().come(0, 2, 3);
  expect(rig.frames).toBe('0');
  expect(rig.come(1).frames).toBe('0 1 2 3');
  expect(rig.come(6, 5).pass(40).come(4).frames).toBe('0 1 2 3 4 5 6');
});

test('a packet that comes twice is heard once', () => {
  expect(new Rig().come(0, 0, 1, 3, 3, 1, 2, 2, 3).frames).toBe('0 1 2 3');
});

test('a packet that is missing is waited for 50 ms, then made from what the next repeats of it', () => {
  const rig = new Rig().come(0, 2).pass(40);
  expect(rig.frames).toBe('0');
  expect(rig.pass(20).frames).toBe('0 r2 2');
  expect(rig.come(1, 3).frames).toBe('0 r2 2 3');
});

test('each gap is waited for since it was seen, not since the one before it was closed', () => {
  const rig = new Rig().come(0, 2).pass(20).come(4).pass(40);
  expect(rig.frames).toBe('0 r2 2');
  expect(rig.pass(20).frames).toBe('0 r2 2 r4 4');
});

test('some packets in a row are guessed, more than that are silence, and the last is what the next repeats of it', () => {
  expect(new Rig().come(0, 4).pass(60).frames).toBe('0 ? ? r4 4');
  expect(new Rig().come(0, 10).pass(60).frames).toBe('0 ? ? ? ? - - - - r10 10');
});

test('with very many packets waiting for one, nobody waits for it any longer', () => {
  const rig = new Rig().come(0, ...Array.from({ length: 51 }, (_, i) => i + 2));
  expect(rig.frames).toMatch(/^0 r2 2 3 .* 52$/);
});

test('counters that wrap round make no gap', () => {
  const rig = new Rig();
  rig.firstSequence = 65_534;
  rig.firstTimestamp = 2 ** 32 - 2 * FRAME_TICKS;
  expect(rig.come(0, 1, 3, 2, 4, 4, 6).pass(60).frames).toBe('0 1 2 3 4 r6 6');
});

test('time in which a sender sends nothing is silence of that length', () => {
  const rig = new Rig().come(0);
  rig.input.push(rig.packet(1, { timestamp: rig.firstTimestamp + 6 * FRAME_TICKS }), rig.nowMs);
  expect(rig.frames).toBe('0 - - - - - 1');
});

test('a caller that sends nothing is heard as silent in real time, and what the gap then says is not counted twice', () => {
  const rig = new Rig().come(0).pass(280);
  expect(rig.frames).toBe('0');
  expect(rig.pass(20).frames.split(' ')).toHaveLength(1 + 15);
  rig.pass(200);
  expect(rig.frames.split(' ')).toHaveLength(1 + 25);
  // Muted for 500 ms: the next packet says so by its timestamp.
  rig.input.push(rig.packet(1, { timestamp: rig.firstTimestamp + 26 * FRAME_TICKS }), rig.nowMs);
  expect(rig.frames).toBe(`0 ${'- '.repeat(25)}1`);
});

test('a thread that stood still has not heard silence: what came meanwhile is read after the late tick', () => {
  const rig = new Rig().come(0).pass(20);
  rig.nowMs += 1000;
  // The pacer makes up for some of the ticks at once, before anything is read.
  for (let n = 0; n < 3; n++) rig.input.tick(rig.nowMs);
  rig.come(...Array.from({ length: 51 }, (_, i) => i + 1)).pass(100);
  expect(rig.frames).toBe(Array.from({ length: 52 }, (_, n) => n).join(' '));
});

test('a caller that sends nothing is heard as silent, though every tick is late', () => {
  const rig = new Rig().come(0);
  for (let n = 0; n < 20; n++) {
    rig.nowMs += 100;
    rig.input.tick(rig.nowMs);
  }
  const silentMs = (rig.frames.split(' ').length - 1) * 20;
  expect(silentMs).toBeGreaterThanOrEqual(2000 - 100);
  expect(silentMs).toBeLessThanOrEqual(2000);
});

test('a caller that never sent a packet is not heard at all', () => {
  expect(new Rig().pass(2000).sound).toHaveLength(0);
});

test('what a network held back is all heard, and quiet frames are left out until time and sound agree again', () => {
  const rig = new Rig().come(0).pass(1000);
  const held = Array.from({ length: 50 }, (_, i) => i + 1);
  rig.come(...held);
  expect(rig.frames.split(' ').filter((frame) => frame !== '-')).toEqual([0, ...held].map(String));
  // From here on the caller is quiet: packet 255 decodes to nearly nothing.
  for (let n = 51; n < 151; n++) rig.pass(20).input.push({ ...rig.packet(n), payload: Uint8Array.of(255) }, rig.nowMs);
  const heardMs = (rig.sound.length / FRAME_SAMPLES) * 20;
  expect(Math.abs(heardMs - rig.nowMs)).toBeLessThanOrEqual(120);
});

test('a jump of hours is a silence of seconds', () => {
  const rig = new Rig().come(0);
  rig.input.push(rig.packet(1, { timestamp: rig.firstTimestamp + 48_000 * 7200 }), rig.nowMs);
  expect(rig.sound).toHaveLength(FRAME_SAMPLES * 2 + 24_000 * 5);
});

test('a timestamp that goes back makes nothing', () => {
  const rig = new Rig().come(0);
  rig.input.push(rig.packet(1, { timestamp: rig.firstTimestamp - 48_000 }), rig.nowMs);
  expect(rig.frames).toBe('0 1');
});

test('a sender that counts anew is followed', () => {
  const rig = new Rig().come(0, 1);
  rig.input.push(rig.packet(2, { sequenceNumber: 40_000 }), rig.nowMs);
  rig.input.push(rig.packet(3, { sequenceNumber: 40_001 }), rig.nowMs);
  rig.input.push(rig.packet(4, { sequenceNumber: 12 }), rig.nowMs);
  expect(rig.frames).toBe('0 1 2 3 4');
});

test('another stream is heard once the first has ended, and not before', () => {
  const rig = new Rig().come(0);
  const other = (n: number) => rig.packet(n, { ssrc: 8, sequenceNumber: 9000 + n, timestamp: n * FRAME_TICKS });
  rig.input.push(other(50), rig.nowMs);
  expect(rig.frames).toBe('0');
  rig.pass(200).input.push(other(60), rig.nowMs);
  rig.input.push(other(61), rig.nowMs);
  expect(rig.frames).toBe('0 60 61');
});

test('a caller that sends faster than any microphone is cut down to real time', () => {
  const rig = new Rig();
  for (let n = 0; n < 5000; n++) rig.come(n);
  expect(rig.sound.length / 24).toBeLessThan(10_100);
});

test('what is no Opus is no packet', () => {
  const rig = new Rig().come(0);
  rig.input.push(rig.packet(1, { payload: new Uint8Array(0) }), rig.nowMs);
  expect(rig.come(1).frames).toBe('0 1');
});
