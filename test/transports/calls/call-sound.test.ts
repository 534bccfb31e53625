// The sound of a call for those who listen live: both sides where they were in time, at a steady delay, and nobody's pause or standstill adds to it.
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { encodeMuLaw } from '../../../src/media/g711.ts';
import { toBytes } from '../../../src/media/pcm.ts';
import type { AudioFormat } from '../../../src/protocol/audio-format.ts';
import { CallSound, type SoundListener } from '../../../src/transports/calls/call-sound.ts';

const pcm8k: AudioFormat = { type: 'audio/pcm', rate: 8000 };
const frameMs = 20;
const frameSamples = 160;
/** What sound is given later by, with what its pieces add. */
const mostDelayMs = 240;

class Ear implements SoundListener {
  readonly left: number[] = [];
  readonly right: number[] = [];
  /** When each piece came, and how many pairs there were then. */
  readonly came: { readonly atMs: number; readonly pairs: number }[] = [];
  over = 0;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  hear(pairs: Int16Array): void {
    for (let at = 0; at < pairs.length; at += 2) {
      this.left.push(pairs[at] as number);
      this.right.push(pairs[at + 1] as number);
    }
    this.came.push({ atMs: this.#clock.now(), pairs: this.left.length });
  }

  end(): void {
    this.over += 1;
  }
}

/** A line that sends 20 ms every 20 ms, tells of it every 100 ms, and whose caller may say something. */
function rig(format: AudioFormat = pcm8k) {
  const clock = new ManualClock();
  const sound = new CallSound(format, clock);
  const encode = (samples: Int16Array) => (format.type === 'audio/pcmu' ? encodeMuLaw(samples) : toBytes(samples));
  let waitingMs = 0;
  let goneMs = 0;
  let clears = 0;
  let frames = 0;
  const tell = () => sound.played(goneMs, clears);
  return {
    clock,
    sound,
    /** The agent says a value for so long. */
    answer(ms: number, value: number) {
      waitingMs += ms;
      sound.given(encode(new Int16Array(ms * 8).fill(value)));
    },
    clear() {
      tell();
      goneMs += waitingMs;
      waitingMs = 0;
      clears += 1;
      tell();
    },
    /** So much time, with what the caller says in each frame; nothing comes of him where that is undefined. */
    pass(ms: number, said: (frame: number) => number | undefined = () => 0) {
      for (let frame = 0; frame < ms / frameMs; frame++) {
        clock.advance(frameMs);
        if (waitingMs > 0) {
          waitingMs -= frameMs;
          goneMs += frameMs;
          frames += 1;
          if (frames % 5 === 0 || waitingMs === 0) tell();
        }
        const value = said(frame);
        if (value !== undefined) sound.heard(encode(new Int16Array(frameSamples).fill(value)));
      }
    },
    listen() {
      const ear = new Ear(clock);
      return { ear, leave: sound.listen(ear) };
    },
  };
}

/** Where a value is, from its first to behind its last, in milliseconds. */
function where(side: readonly number[], value: number): [number, number] {
  return [side.indexOf(value) / 8, (side.lastIndexOf(value) + 1) / 8];
}

test('the caller is on the left and the agent on the right, where they were in time', () => {
  const { pass, answer, listen } = rig();
  const { ear } = listen();
  pass(400);
  pass(300, () => 1000);
  answer(500, 2000);
  pass(1000);
  expect(where(ear.left, 1000)).toEqual([400, 700]);
  const [from, to] = where(ear.right, 2000);
  expect(from).toBeGreaterThanOrEqual(700);
  expect(from).toBeLessThanOrEqual(740);
  expect(to - from).toBe(500);
});

test('sound is given at a steady delay, whoever speaks and whoever is silent', () => {
  const { pass, answer, listen } = rig();
  const { ear } = listen();
  pass(1000, () => undefined);
  answer(800, 2000);
  pass(1000, () => 5);
  answer(300, 3000);
  pass(1000, () => undefined);
  const late = ear.came.map(({ atMs, pairs }) => atMs - pairs / 8);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(200);
  expect(Math.max(...late)).toBeLessThanOrEqual(mostDelayMs);
  // And in even pieces: nobody needs a long buffer to play it.
  const gaps = ear.came.slice(1).map(({ atMs }, at) => atMs - (ear.came[at]?.atMs ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(40);
});

test('one who comes in the middle of an answer hears the rest of it, though it was made before', () => {
  const { pass, answer, listen } = rig();
  pass(200);
  answer(3000, 2000);
  pass(1000);
  const { ear } = listen();
  pass(3000);
  const [from, to] = where(ear.right, 2000);
  // Up to a tenth of a second, which the line had not told of yet.
  expect(from).toBeLessThanOrEqual(100);
  expect(to).toBeGreaterThan(1900);
  expect(to).toBeLessThanOrEqual(2100);
});

test('what an interruption has cut is not heard', () => {
  const { pass, answer, clear, listen } = rig();
  const { ear } = listen();
  pass(200);
  answer(3000, 2000);
  pass(500);
  clear();
  answer(200, 3000);
  pass(1000);
  const [from, to] = where(ear.right, 2000);
  expect(to - from).toBe(500);
  expect(where(ear.right, 3000)[0]).toBeGreaterThanOrEqual(700);
});

test('what a standstill of the caller’s network held up is left out, so that both sides stay together', () => {
  const { pass, sound, answer, listen } = rig();
  const { ear } = listen();
  pass(500, () => 100);
  // For a second nothing comes, and then all of it at once.
  pass(1000, () => undefined);
  for (let frame = 0; frame < 50; frame++) sound.heard(toBytes(new Int16Array(frameSamples).fill(200)));
  answer(400, 2000);
  pass(400, () => 300);
  pass(600);
  const [caller] = where(ear.left, 300);
  const [agent] = where(ear.right, 2000);
  expect(Math.abs(caller - agent)).toBeLessThanOrEqual(120);
  expect(caller).toBeLessThanOrEqual(1500 + 120);
});

test('the sound of G.711 is decoded, and four can listen', () => {
  const { pass, sound, listen } = rig({ type: 'audio/pcmu' });
  const ears = Array.from({ length: 4 }, () => listen());
  expect(sound.hasRoom).toBe(false);
  pass(600, () => 8000);
  for (const { ear } of ears) expect(Math.abs((ear.left.at(-1) ?? 0) - 8000)).toBeLessThan(260);
  ears[0]?.leave();
  expect(sound.hasRoom).toBe(true);
});

test('who has left hears no more, and who is there is told that the call is over', () => {
  const { pass, sound, listen } = rig();
  const [gone, there] = [listen(), listen()];
  gone.leave();
  pass(1000, () => 7);
  expect(gone.ear.left).toEqual([]);
  sound.end();
  const heard = there.ear.left.length;
  pass(1000, () => 7);
  expect([gone.ear.over, there.ear.over, there.ear.left.length]).toEqual([0, 1, heard]);
});
