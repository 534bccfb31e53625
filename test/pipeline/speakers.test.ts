// Who spoke when: the recogniser times its stretch of speech, the client wants the times of the item.
import { describe, expect, test } from 'vitest';
import type { Segment } from '../../src/engines/engine.ts';
import { speakersOf } from '../../src/pipeline/speakers.ts';
import { openRig, type RigOptions, scene } from '../rig.ts';
import type { Transcription } from './fake-engines.ts';

function segment(startMs: number, endMs: number, speaker = 'speaker_0'): Segment {
  return { text: 'Words.', startMs, endMs, speaker };
}

function transcript(...segments: Segment[]) {
  return { text: 'Words.', words: [], final: true, segments };
}

function say(call: Transcription, text: string, ...segments: Segment[]): void {
  call.give({ text, words: [], final: true, segments });
  call.finish();
}

const asking: RigOptions = {
  configure: (config) => {
    config.providerData = { stt: { voice_profile: true } };
  },
};

describe('speakersOf', () => {
  test('puts every stretch in its place on the timeline of the item', () => {
    const stretches = [
      { beganMs: 1000, transcript: transcript(segment(300, 900)) },
      { beganMs: 2500, transcript: transcript(segment(0, 400), segment(450, 800, 'speaker_1')) },
    ];
    expect(speakersOf(stretches, 700, 3000).segments).toEqual([
      { ...segment(600, 1200) },
      { ...segment(1800, 2200) },
      { ...segment(2250, 2600, 'speaker_1') },
    ]);
  });

  test('keeps the times within the item, whose sound may begin after that of the stretch', () => {
    const [only] = speakersOf([{ beganMs: 700, transcript: transcript(segment(100, 1900)) }], 1000, 1500).segments ?? [];
    expect(only).toMatchObject({ startMs: 0, endMs: 1500 });
  });

  test('tells nothing where nothing is known', () => {
    const unknown = { beganMs: 0, transcript: { text: 'Words.', words: [], final: true } };
    expect(speakersOf([unknown, { beganMs: 900, transcript: undefined }], 0, 2000)).toEqual({});
  });

  test('names each language once that was spoken in any stretch', () => {
    const spoken = (...languages: string[]) => ({ beganMs: 0, transcript: { ...transcript(), languages } });
    expect(speakersOf([spoken('en'), spoken('de', 'en')], 0, 2000).languages).toEqual(['en', 'de']);
    expect(speakersOf([spoken()], 0, 2000).languages).toEqual([]);
    expect(speakersOf([{ beganMs: 0, transcript: transcript() }], 0, 2000)).not.toHaveProperty('languages');
  });

  test('takes the voice profile of the last stretch that has one', () => {
    const profile = (label: string) => ({ ...transcript(), voiceProfile: { vocalStyle: [{ label, confidence: 0.5 }] } });
    const stretches = [
      { beganMs: 0, transcript: profile('loud') },
      { beganMs: 900, transcript: profile('whisper') },
      { beganMs: 1800, transcript: transcript() },
    ];
    expect(speakersOf(stretches, 0, 3000).voiceProfile).toEqual({ vocal_style: [{ label: 'whisper', confidence: 0.5 }] });
  });
});

test('S14 segments are timed from the beginning of the item, over its pauses', async () => {
  const rig = openRig();
  rig.stt.script = (call, index) => say(call, 'Words.', segment(300, 800, `speaker_${index}`));
  // Speech at 1000 and at 1860 ms; the item begins 300 ms before its onset, as the first stretch does.
  await rig.hear(scene(1000, 600, 260, 600, 900), 640);
  const [first, second] = rig.all('conversation.item.input_audio_transcription.segment');
  expect(first).toMatchObject({ speaker: 'speaker_0', start: 0.3, end: 0.8 });
  expect(second?.speaker).toBe('speaker_1');
  // The second stretch is heard from where the first one ended, at 1600 ms; 692 is where the item begins.
  expect(second?.start).toBeGreaterThan(1.15);
  expect(second?.start).toBeLessThan(1.3);
});

test('S62 the recogniser is asked for a voice profile only if the client asks', async () => {
  const rig = openRig(asking);
  await rig.hear(scene(300, 500, 800));
  expect(rig.stt.calls[0]?.options.voiceProfile).toBe(true);
  const plain = openRig();
  await plain.hear(scene(300, 500, 800));
  expect(plain.stt.calls[0]?.options).not.toHaveProperty('voiceProfile');
});
