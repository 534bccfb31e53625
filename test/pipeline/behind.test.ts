// A detector of voice activity that cannot follow: the session leaves windows out instead of falling behind, and turns begin and end in time.
import { describe, expect, test } from 'vitest';
import { VAD_WINDOW } from '../../src/engines/engine.ts';
import { openRig, type Rig, scene } from '../rig.ts';

const windowMs = 32;
const warnings = (rig: Rig) => rig.logged.filter(({ level, message }) => level === 'warn' && message.includes('cannot follow'));

/** Speaks in real time to a detector that answers only one window where it should answer so many. */
async function speakTo(rig: Rig, sound: Int16Array, slowness: number): Promise<void> {
  rig.vad.held = true;
  for (let window = 0; (window + 1) * VAD_WINDOW <= sound.length; window++) {
    rig.clock.advance(windowMs);
    if (window % slowness === slowness - 1) rig.vad.stream.answer();
    rig.sound(sound.subarray(window * VAD_WINDOW, (window + 1) * VAD_WINDOW));
    await rig.settle();
  }
}

describe('B1: a detector that is too slow', () => {
  test.each([2, 4])(
    'by %d times does not let a session fall behind: speech is noticed and turns end in time, minute after minute',
    async (slowness) => {
      const rig = openRig();
      const told: string[] = [];
      rig.transport.onEvent = ({ type }) => {
        if (type.startsWith('input_audio_buffer.speech')) told.push(`${type.slice(26)} ${Math.round(rig.clock.now())}`);
      };
      // A minute in which the detector falls behind, then a second and a half of speech.
      await speakTo(rig, scene(60_000, 1500, 3000), slowness);
      expect(told.map((line) => line.split(' ')[0])).toEqual(['started', 'stopped']);
      const [started = 0, stopped = 0] = told.map((line) => Number(line.split(' ')[1]));
      // What is decided by an answer waits for it, behind two others at the most.
      const mostMs = 480 + 3 * slowness * windowMs;
      expect(started - 60_000).toBeLessThan(mostMs);
      // 500 ms of silence end a turn.
      expect(stopped - 61_500).toBeGreaterThan(300);
      expect(stopped - 61_500).toBeLessThan(500 + mostMs);
      expect(warnings(rig)).toHaveLength(1);
    },
  );

  test('and that hangs altogether costs none of what is said meanwhile: it is heard when the detector is back', async () => {
    const rig = openRig();
    await speakTo(rig, scene(500), 1);
    rig.vad.stream.answer(2);
    // A whole turn, of which the detector hears nothing as long as it hangs.
    await speakTo(rig, scene(1000, 1500, 2500), 1_000_000);
    expect(rig.turns).toEqual([]);
    // It was asked no more than what it can look at when it is back.
    expect(rig.vad.stream.waiting).toBeLessThanOrEqual(10);
    rig.vad.stream.answer(100);
    rig.vad.held = false;
    await rig.settle();
    const turn = (item: string) => [`started ${item}`, `stopped ${item}`, `committed ${item}`];
    const told = () => rig.turns.map((line) => line.replace(/ \d+/, ''));
    expect(told()).toEqual(turn('item_1'));
    expect(Math.abs((rig.times.started[0] ?? 0) - (500 + 1000 - 300))).toBeLessThan(100);
    await rig.hear(scene(200, 800, 1000));
    expect(told()).toEqual([...turn('item_1'), ...turn('item_2')]);
    expect(Math.abs((rig.times.started[1] ?? 0) - (500 + 5000 + 200 - 300))).toBeLessThan(100);
  });

  test('for a while costs nothing of a question that was sent at once', async () => {
    const rig = openRig();
    rig.vad.held = true;
    await rig.hear(scene(300, 2000, 1000), 3300);
    // One answer comes in a time in which the whole question has been said, then all others.
    rig.clock.advance(3000);
    rig.vad.stream.answer();
    await rig.settle();
    rig.vad.held = false;
    rig.vad.stream.answer(100);
    await rig.settle();
    expect(rig.turns.map((line) => line.replace(/ \d+/, ''))).toEqual(['started item_1', 'stopped item_1', 'committed item_1']);
  });

  test('is not what a client makes of one that sends a minute at once: none of it is left out', async () => {
    const rig = openRig();
    rig.vad.held = true;
    await rig.hear(scene(500, 59_000, 900), 32_000);
    for (let round = 0; round < 1900; round++) {
      rig.clock.advance(10);
      rig.vad.stream.answer();
    }
    await rig.settle();
    expect(rig.vad.stream.pushed).toBe(Math.floor(60_400 / windowMs));
    expect(warnings(rig)).toEqual([]);
    expect(rig.times.stopped).toHaveLength(1);
  });

  test('is not what a late loop makes of one that answers in time: none of it is left out', async () => {
    const rig = openRig();
    rig.vad.held = true;
    const sound = scene(480, 1536, 1536);
    // The loop stands still for 384 ms at a time, and has three pieces of sound to hear before it gets to the answers.
    const late = 12;
    for (let at = 0, piece = 1; at < sound.length; at += late * VAD_WINDOW, piece++) {
      rig.clock.advance(late * windowMs);
      rig.sound(sound.subarray(at, at + late * VAD_WINDOW));
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      if (piece % 3 > 0) continue;
      rig.vad.stream.answer(100);
      await rig.settle();
      rig.vad.stream.answer(100);
      await rig.settle();
    }
    expect(warnings(rig)).toEqual([]);
    expect(rig.vad.stream.pushed).toBe(Math.floor(sound.length / VAD_WINDOW));
    expect(rig.turns.map((line) => line.replace(/ \d+/, ''))).toEqual(['started item_1', 'stopped item_1', 'committed item_1']);
  });

  test('is not what a client makes of one whose clock runs a little fast', async () => {
    const rig = openRig();
    for (let second = 0; second < 600; second++) {
      rig.clock.advance(990);
      await rig.hear(scene(1000));
    }
    rig.vad.held = true;
    await speakTo(rig, scene(3000), 4);
    // Whoever is taken for six seconds ahead would be waited for.
    expect(rig.vad.stream.waiting).toBeLessThanOrEqual(10);
  });
});
