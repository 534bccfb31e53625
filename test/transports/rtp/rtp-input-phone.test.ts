// A telephone's packets as one unbroken sound: other clocks than Opus has, keys and noise among the packets, networks and clocks that are
// bad for minutes. The decoder of these tests writes what it was asked for into the samples.
import { expect, test } from 'vitest';
import { type Arrival, RtpInput } from '../../../src/transports/rtp/rtp-input.ts';
import { FRAME_SAMPLES, type VoiceDecoder } from '../../../src/transports/rtp/voice.ts';

const TICKS = 160;
const GUESSED = 1000;
const LOUD = 5000;
/** A quiet frame's payload. */
const QUIET = 255;

const decoder: VoiceDecoder = {
  length: ([n]) => (n === undefined ? 0 : FRAME_SAMPLES),
  decode: ([n = 0]) => new Int16Array(FRAME_SAMPLES).fill(n === QUIET ? 1 : LOUD + n),
  recover: (_packet, samples) => new Int16Array(samples).fill(GUESSED),
  conceal: (samples) => new Int16Array(samples).fill(GUESSED),
  free() {},
};

class Rig {
  frames: string[] = [];
  samples = 0;
  nowMs = 0;
  readonly input = new RtpInput(
    decoder,
    (sound) => {
      this.samples += sound.length;
      for (let at = 0; at + FRAME_SAMPLES <= sound.length; at += FRAME_SAMPLES) this.frames.push(nameOf(sound[at] as number));
    },
    { clockRateHz: 8000, mostJumpMs: 1000, silence: (samples) => new Int16Array(samples).fill(7) },
  );

  packet(n: number, more: Partial<Arrival> = {}): Arrival {
    return { ssrc: 7, sequenceNumber: (100 + n) & 0xffff, timestamp: (5000 + n * TICKS) >>> 0, payload: Uint8Array.of(n % 200), ...more };
  }

  come(n: number, more: Partial<Arrival> = {}): this {
    this.input.push(this.packet(n, more), this.nowMs);
    return this;
  }

  pass(ms: number): this {
    for (let at = 0; at < ms; at += 20) {
      this.nowMs += 20;
      this.input.tick(this.nowMs);
    }
    return this;
  }

  get heard(): string {
    return this.frames.join(' ');
  }
}

function nameOf(value: number): string {
  if (value === 7) return '-';
  if (value === GUESSED) return '?';
  return value >= LOUD ? String(value - LOUD) : 'quiet';
}

test('timestamps of 8 kHz count: a gap of theirs is silence of that length, a lost packet is guessed', () => {
  const rig = new Rig().come(0).come(1).come(4, { sequenceNumber: 102 });
  expect(rig.heard).toBe('0 1 - - 4');
  rig.come(6, { sequenceNumber: 104 }).pass(60);
  expect(rig.heard).toBe('0 1 - - 4 ? 6');
});

test('packets of a key take their places and are silent; sound goes on where it belongs', () => {
  const rig = new Rig().come(0);
  for (let n = 1; n <= 8; n++) rig.pass(20).come(n, { mute: true, timestamp: 5000 + TICKS });
  rig.pass(20).come(9);
  expect(rig.heard).toBe(`0 ${'- '.repeat(8)}9`);
});

test('a key that is held for long is silence in real time', () => {
  const rig = new Rig().come(0);
  for (let n = 1; n <= 100; n++) rig.pass(20).come(n, { mute: true, timestamp: 5000 + TICKS });
  expect(rig.frames.length).toBeGreaterThanOrEqual(99);
  rig.pass(20).come(101);
  expect(rig.frames.filter((frame) => frame !== '-')).toEqual(['0', '101']);
  // A frame more where the last packet came after its tick.
  expect(rig.frames.length).toBeLessThanOrEqual(103);
});

test('a packet lost before a key is silence and no guess', () => {
  const rig = new Rig()
    .come(0)
    .come(2, { mute: true, timestamp: 5000 + TICKS })
    .pass(60)
    .come(3);
  expect(rig.heard).toBe('0 - - 3');
});

test('a sender that says it is silent is heard so at once, and not twice', () => {
  const rig = new Rig().come(0).pass(20).come(1, { mute: true, resting: true });
  rig.pass(200);
  expect(rig.frames).toHaveLength(1 + 8);
  rig.come(11, { sequenceNumber: 102 });
  expect(rig.heard).toBe(`0 ${'- '.repeat(10)}11`);
  // The rest is over: a pause of less than 300 ms is the network's.
  rig.pass(280);
  expect(rig.frames).toHaveLength(12);
});

test('another stream from the same place is heard from its third packet on, with all three, when the first has stopped', () => {
  const rig = new Rig().come(0).pass(20).come(1);
  const other = (n: number) =>
    rig.pass(20).come(0, { ssrc: 8, sequenceNumber: 9000 + n, timestamp: 77_777 + n * TICKS, payload: Uint8Array.of(50 + n) });
  other(0);
  other(1);
  expect(rig.heard).toBe('0 1');
  other(2);
  expect(rig.heard).toBe('0 1 50 51 52');
});

test('of two streams at once the first is heard', () => {
  const rig = new Rig().come(0);
  for (let n = 1; n < 50; n++) {
    rig.pass(20).come(n);
    rig.come(n, { ssrc: 8, payload: Uint8Array.of(199) });
  }
  expect(rig.frames).not.toContain('199');
  expect(rig.frames).toHaveLength(50);
});

test('a timestamp that jumps by more than a second is another beginning and no silence', () => {
  const rig = new Rig()
    .come(0)
    .pass(20)
    .come(1, { timestamp: 5000 + TICKS + 8000 * 3600 });
  rig.pass(20).come(2, { timestamp: 5000 + 2 * TICKS + 8000 * 3600 });
  expect(rig.heard).toBe('0 1 2');
});

test('numbers that jump by thousands are followed at once', () => {
  const rig = new Rig()
    .come(0)
    .pass(20)
    .come(1, { sequenceNumber: 14_151 + 100 });
  expect(rig.pass(20).come(2, { sequenceNumber: 14_152 + 100 }).heard).toBe('0 1 2');
});

/** A repeatable chance. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Network {
  readonly clockPpm: number;
  readonly loss: number;
  readonly jitterMs: number;
  readonly minutes: number;
}

/** Packets of a talker who pauses, over such a network. Tells how late each was heard, and how far sound and time came apart. */
function talk({ clockPpm, loss, jitterMs, minutes }: Network) {
  const random = chance(1);
  const rig = new Rig();
  const frameMs = 20 / (1 + clockPpm / 1e6);
  const frames = Math.round((minutes * 60_000) / frameMs);
  const arrivals: { atMs: number; n: number }[] = [];
  for (let n = 0; n < frames; n++) if (random() >= loss) arrivals.push({ atMs: n * frameMs + 30 + random() * jitterMs, n });
  // 40 ms of jitter put packets out of order by themselves: two frames.
  arrivals.sort((a, b) => a.atMs - b.atMs);
  const late: number[] = [];
  const apartMs: number[] = [];
  let next = 0;
  for (rig.nowMs = 0; rig.nowMs < minutes * 60_000; rig.nowMs += 20) {
    while (next < arrivals.length && (arrivals[next] as { atMs: number }).atMs <= rig.nowMs) {
      const { n, atMs } = arrivals[next++] as { n: number; atMs: number };
      const isTalking = n % 500 < 350;
      rig.input.push(rig.packet(n, { payload: Uint8Array.of(isTalking ? 1 + (n % 199) : QUIET) }), atMs);
    }
    rig.input.tick(rig.nowMs);
    const heard = rig.frames.findLast((frame) => /^\d+$/.test(frame));
    const spoken = Math.floor((rig.nowMs - 30) / frameMs);
    if (heard !== undefined && spoken % 500 > 20 && spoken % 500 < 340) late.push((((spoken - Number(heard) + 1) % 199) + 199) % 199);
    apartMs.push(rig.samples / 24 - rig.nowMs);
    rig.frames = rig.frames.slice(-20);
  }
  return { late, apartMs };
}

test.each([
  ['an even clock', 0],
  ['a clock 200 ppm fast', 200],
  ['a clock 200 ppm slow', -200],
])('ten minutes with %s, 5 percent of loss, 40 ms of jitter and disorder: delay does not grow, positions stay time', (_what, clockPpm) => {
  const { late, apartMs } = talk({ clockPpm, loss: 0.05, jitterMs: 40, minutes: 10 });
  const share = (list: number[], from: number, to: number) => list.slice(list.length * from, list.length * to).toSorted((a, b) => a - b);
  const p99 = (list: number[]) => list[Math.floor(list.length * 0.99)] as number;
  // 100 ms apart are put right; the jitter and a loss that is waited for come on top.
  // In frames: jitter of two, a loss that is waited for, and the tick; the last minute is no later than the first.
  expect(p99(share(late, 0, 0.1))).toBeLessThanOrEqual(6);
  expect(p99(share(late, 0.9, 1))).toBeLessThanOrEqual(p99(share(late, 0, 0.1)) + 1);
  const [atFirst] = [share(apartMs, 0, 0.1)].map((first) => first[first.length >> 1] as number);
  for (const apart of share(apartMs, 0.1, 1)) expect(Math.abs(apart - (atFirst as number))).toBeLessThan(240);
});

test('half an hour with a clock 200 ppm off comes no further apart than ten minutes', () => {
  for (const clockPpm of [200, -200]) {
    const { apartMs } = talk({ clockPpm, loss: 0, jitterMs: 10, minutes: 30 });
    expect(Math.abs(apartMs.at(-1) as number)).toBeLessThan(250);
  }
});
