// What a call says, frame by frame, and how much of it has been said. The encoder of these tests encodes nothing: its packets are the frames.
import { expect, test } from 'vitest';
import { FRAME_SAMPLES } from '../../../src/transports/rtp/voice.ts';
import { SoundOut } from '../../../src/transports/rtp/sound-out.ts';

const silence = Uint8Array.of(0);

function rig() {
  const frames: Int16Array[] = [];
  const encoder = {
    encode: (frame: Int16Array) => {
      frames.push(frame.slice());
      return Uint8Array.of(1);
    },
    free() {},
  };
  const reports: [sentMs: number, clears: number][] = [];
  const out = new SoundOut(encoder, silence, (sentMs, clears) => reports.push([sentMs, clears]));
  /** So many packets: 'first' and 'sound' for sound, 'calm' for encoded silence, 'silence' for the packet of silence. */
  const say = (packets: number) =>
    Array.from({ length: packets }, () => {
      const before = frames.length;
      const { payload, first } = out.next();
      if (frames.length === before) return payload === silence ? 'silence' : 'what?';
      if (frames.at(-1)?.every((sample) => sample === 0)) return 'calm';
      return first ? 'first' : 'sound';
    });
  return { out, frames, reports, say };
}

const loud = (ms: number) => new Int16Array(ms * 24).fill(8000);

test('a call that has nothing to say sends the one packet of silence, again and again', () => {
  const { say, frames } = rig();
  expect(say(5)).toEqual(Array.from({ length: 5 }, () => 'silence'));
  expect(frames).toHaveLength(0);
});

test('sound in pieces of any size comes in frames of 20 ms, none lost between them', () => {
  const { out, frames, say } = rig();
  const sound = Int16Array.from({ length: FRAME_SAMPLES * 10 }, (_, i) => i + 1);
  for (let at = 0, size = 1; at < sound.length; at += size, size = (size * 7 + 3) % 1111) out.play(sound.subarray(at, at + size));
  expect(say(10)).toEqual(['first', ...Array.from({ length: 9 }, () => 'sound')]);
  expect(frames.flatMap((frame) => [...frame])).toEqual([...sound]);
});

test('after sound, silence is really encoded for a while, then the packet of it does', () => {
  const { out, say } = rig();
  out.play(loud(30));
  expect(say(14)).toEqual(['first', 'sound', ...Array.from({ length: 10 }, () => 'calm'), 'silence', 'silence']);
  out.play(loud(20));
  expect(say(2)).toEqual(['first', 'calm']);
});

test('what has been sent is told every 100 ms and when it runs out', () => {
  const { out, say, reports } = rig();
  out.play(loud(250));
  say(20);
  expect(reports).toEqual([
    [100, 0],
    [200, 0],
    [250, 0],
  ]);
});

test('a clear tells what was sent right before it, then that all is gone, and fades out within 5 ms', () => {
  const { out, say, frames, reports } = rig();
  out.play(loud(1000));
  say(7);
  reports.length = 0;
  out.clear();
  expect(reports).toEqual([
    [140, 0],
    [1000, 1],
  ]);
  expect(say(3)).toEqual(['sound', 'calm', 'calm']);
  const last = frames[7] as Int16Array;
  expect(last[0]).toBe(8000);
  expect(last[60]).toBe(4000);
  expect(last.subarray(120).every((sample) => sample === 0)).toBe(true);
  expect(reports).toHaveLength(2);
});

test('what is played after a clear is counted on, and heard after the fade', () => {
  const { out, say, reports } = rig();
  out.play(loud(1000));
  say(1);
  out.clear();
  out.play(loud(40));
  expect(say(4)).toEqual(['sound', 'sound', 'sound', 'calm']);
  expect(reports.at(-1)).toEqual([1040, 1]);
});

test('a clear of silence is silent, and counted all the same', () => {
  const { out, say, reports } = rig();
  out.clear();
  expect(say(1)).toEqual(['silence']);
  expect(reports.at(-1)).toEqual([0, 1]);
});

test('of more than two minutes, the newest is dropped and counted as gone', () => {
  const { out, say, reports } = rig();
  out.play(loud(119_990));
  out.play(loud(1000));
  say(1);
  out.clear();
  expect(reports).toEqual([
    [1010, 0],
    [120_990, 1],
  ]);
});
