// The parts of a stream's sound on their own: formats as bytes, and a caller's sound that comes in bursts.
import { expect, test } from 'vitest';
import { decodeALaw, decodeMuLaw } from '../../../src/media/g711.ts';
import { fromBytes } from '../../../src/media/pcm.ts';
import { InboundSound } from '../../../src/transports/media-streams/inbound-sound.ts';
import { soundBytes } from '../../../src/transports/media-streams/sound-bytes.ts';

const decoders = {
  'audio/pcmu': decodeMuLaw,
  'audio/pcma': decodeALaw,
  'audio/pcm': fromBytes,
} as const;

test.each(['audio/pcmu', 'audio/pcma'] as const)('%s: what is quiet is so by the samples that the codes stand for', (type) => {
  const { isQuiet, silence } = soundBytes({ type });
  const codes = Array.from({ length: 256 }, (_, code) => code);
  const quiet = codes.filter((code) => isQuiet(Uint8Array.of(code)));
  const below = codes.filter((code) => Math.abs(decoders[type](Uint8Array.of(code))[0] ?? 0) <= 200);
  expect(quiet).toEqual(below);
  expect(decoders[type](silence(160)).every((sample) => Math.abs(sample) <= 8)).toBe(true);
  expect(isQuiet(silence(160))).toBe(true);
});

test('16-bit samples: what is quiet, loud either way, and silent', () => {
  const { isQuiet, silence, of, frameBytes, from } = soundBytes({ type: 'audio/pcm', rate: 44_100 });
  const bytes = (...samples: number[]) => from(Int16Array.from(samples));
  expect([bytes(0, 200, -200), bytes(0, 201), bytes(-201), bytes(-32_768)].map(isQuiet)).toEqual([true, false, false, false]);
  expect(silence(4)).toEqual(new Uint8Array(4));
  // Whole samples, whatever the time.
  expect([of(20), of(1), of(0.01), frameBytes]).toEqual([1764, 88, 0, 1764]);
});

/** Frames of mu-law into an input, on a clock of its own; each byte says which frame it is of. */
function input(gapMs = 20): {
  sound: InboundSound;
  given: Uint8Array[];
  frame(at: number, extra?: object): Parameters<InboundSound['push']>[0];
} {
  const given: Uint8Array[] = [];
  const bytes = soundBytes({ type: 'audio/pcmu' });
  const sound = new InboundSound({ bytes, gapMs, nowMs: 0, onSound: (each) => given.push(each) });
  return { sound, given, frame: (at, extra = {}) => ({ bytes: new Uint8Array(160).fill(at % 60), ...extra }) };
}

const lengthMs = (given: Uint8Array[]) => given.reduce((sum, each) => sum + each.length, 0) / 8;

test('what a network held back comes all at once; then quiet frames are left out until sound and time agree again', () => {
  const { sound, given, frame } = input();
  for (let ms = 20; ms <= 1000; ms += 20) sound.tick(ms);
  // Silence was given meanwhile; now all 50 frames are here, without times.
  expect(lengthMs(given)).toBe(980);
  for (let at = 0; at < 50; at++) sound.push(frame(at), 1000);
  expect(lengthMs(given)).toBe(1980);
  const silent = { bytes: new Uint8Array(160).fill(0xff) };
  for (let at = 0; at < 100; at++) sound.push(silent, 1000 + (at + 1) * 20);
  const ahead = lengthMs(given) - 3000;
  expect(ahead).toBeLessThanOrEqual(120);
  expect(ahead).toBeGreaterThanOrEqual(0);
});

test('sound without end at once is heard for ten seconds beyond its time, and not further', () => {
  const { sound, given, frame } = input();
  for (let at = 0; at < 5000; at++) sound.push(frame(at + 1), 20);
  expect(lengthMs(given)).toBeLessThanOrEqual(10_100);
  expect(lengthMs(given)).toBeGreaterThanOrEqual(9900);
});

test('times that jump by more than ten seconds say nothing, a gap of less is silence of its length', () => {
  const { sound, given, frame } = input();
  sound.push(frame(1, { atMs: 0 }), 20);
  sound.push(frame(2, { atMs: 3_600_000 }), 40);
  expect(lengthMs(given)).toBe(40);
  sound.push(frame(3, { atMs: 3_600_020 }), 60);
  expect(lengthMs(given)).toBe(60);
  sound.push(frame(4, { atMs: 3_609_040 }), 9080);
  expect(lengthMs(given)).toBe(9080);
  sound.push(frame(5, { atMs: 5 }), 9100);
  sound.push(frame(6, { atMs: 25 }), 9120);
  expect(lengthMs(given)).toBe(9120);
});

test('a count that begins anew is a new beginning, and what waited for its turn is heard before it', () => {
  const { sound, given, frame } = input();
  sound.push(frame(1, { order: 1000 }), 20);
  sound.push(frame(2, { order: 1002 }), 40);
  expect(lengthMs(given)).toBe(20);
  sound.push(frame(3, { order: 1 }), 60);
  expect(given.map(([first]) => first)).toEqual([1, 0xff, 2, 3]);
  sound.push(frame(4, { order: 2 }), 80);
  expect(given.map(([first]) => first)).toEqual([1, 0xff, 2, 3, 4]);
});

test('frames that wait for one that never comes are bounded in number', () => {
  const { sound, given, frame } = input();
  sound.push(frame(1, { order: 1 }), 0);
  for (let order = 3; order <= 60; order++) sound.push(frame(order, { order }), 0);
  // The fifty-first gave the missing one up.
  expect(lengthMs(given)).toBe(60 * 20);
});

test('the same frame twice is heard once', () => {
  const { sound, given, frame } = input();
  for (const order of [1, 2, 2, 1, 3]) sound.push(frame(order, { order }), order * 20);
  expect(given.map(([first]) => first)).toEqual([1, 2, 3]);
});
