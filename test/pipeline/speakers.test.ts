// Who spoke when: the recogniser times what it heard, which is no pauses; the client wants the times of the item.
import { describe, expect, test } from 'vitest';
import type { Segment, Transcript } from '../../src/engines/engine.ts';
import { type Recognised, speakersOf } from '../../src/pipeline/speakers.ts';
import { serverVadDefaults } from '../../src/protocol/session-config.ts';
import { openRig, type RigOptions, scene } from '../rig.ts';
import type { Transcription } from './fake-engines.ts';

function segment(startMs: number, endMs: number, speaker = 'speaker_0'): Segment {
  return { text: 'Words.', startMs, endMs, speaker };
}

function transcript(...segments: Segment[]): Transcript {
  return { text: 'Words.', words: [], segments };
}

const ms = 16;

/** Of a recogniser that heard the input between these moments. */
function recognised(told: Transcript, ...stretches: [fromMs: number, toMs: number][]): Recognised {
  return { transcript: told, stretches: stretches.map(([fromMs, toMs]) => ({ from: fromMs * ms, to: toMs * ms })) };
}

const asking: RigOptions = {
  configure: (config) => {
    config.providerData = { stt: { voice_profile: true } };
  },
};

describe('speakersOf', () => {
  test('puts what was said in its place on the timeline of the item, over the pauses that the recogniser did not hear', () => {
    const told = transcript(segment(300, 900), segment(1000, 1400), segment(1450, 1800, 'speaker_1'));
    expect(speakersOf([recognised(told, [1000, 2000], [2500, 4000])], 700, 4000).segments).toEqual([
      { ...segment(600, 1200) },
      { ...segment(1800, 2200) },
      { ...segment(2250, 2600, 'speaker_1') },
    ]);
  });

  test('ends with its stretch what ends there, though the next one begins at the same moment for the recogniser', () => {
    const told = transcript(segment(300, 1000), segment(1000, 9000));
    expect(speakersOf([recognised(told, [1000, 2000], [2500, 4000])], 1000, 9000).segments).toEqual([
      segment(300, 1000),
      segment(1500, 9000),
    ]);
  });

  test('puts those of a second recogniser where that one began', () => {
    const parts = [recognised(transcript(segment(0, 500)), [1000, 2000]), recognised(transcript(segment(100, 500)), [2500, 4000])];
    expect(speakersOf(parts, 1000, 3000).segments).toEqual([segment(0, 500), segment(1600, 2000)]);
  });

  test('keeps the times within the item, whose sound may begin after that of the stretch', () => {
    const [only] = speakersOf([recognised(transcript(segment(100, 1900)), [700, 2700])], 1000, 1500).segments ?? [];
    expect(only).toMatchObject({ startMs: 0, endMs: 1500 });
  });

  test('tells nothing where nothing is known', () => {
    expect(speakersOf([recognised({ text: 'Words.', words: [] }, [0, 1000])], 0, 2000)).toEqual({});
  });

  test('names each language once that was spoken, whichever recogniser heard it', () => {
    const spoken = (...languages: string[]) => recognised({ ...transcript(), languages });
    expect(speakersOf([spoken('en'), spoken('de', 'en')], 0, 2000).languages).toEqual(['en', 'de']);
    expect(speakersOf([spoken()], 0, 2000).languages).toEqual([]);
    expect(speakersOf([recognised(transcript())], 0, 2000)).not.toHaveProperty('languages');
  });

  test('takes the voice profile of the last recogniser that has one', () => {
    const profile = (label: string) => recognised({ ...transcript(), voiceProfile: { vocalStyle: [{ label, confidence: 0.5 }] } });
    const parts = [profile('loud'), profile('whisper'), recognised(transcript())];
    expect(speakersOf(parts, 0, 3000).voiceProfile).toEqual({ vocal_style: [{ label: 'whisper', confidence: 0.5 }] });
  });
});

test('S14 segments are timed from the beginning of the item, over its pauses', async () => {
  const rig = openRig({ turnDetection: { ...serverVadDefaults, silence_duration_ms: 1500 } });
  // A recogniser hears some 1.4 s until the second time that it is asked, of 3 s that were spoken.
  const last = (call: Transcription) => call.samples.length / ms - 900;
  rig.stt.script = (call) => call.say('Words.', [], { segments: [segment(300, 800), segment(last(call), last(call) + 500, 'speaker_1')] });
  // Speech at 1000 and at 2800 ms; the item begins 300 ms before its onset, and so does what is heard of it.
  await rig.hear(scene(1000, 600, 1200, 600, 1800), 640);
  const [first, second] = rig.all('conversation.item.input_audio_transcription.segment');
  expect(first).toMatchObject({ speaker: 'speaker_0', start: 0.3, end: 0.8 });
  expect(second?.speaker).toBe('speaker_1');
  // The sound ended some 230 ms after the speech: 3630 ms. 692 is where the item begins.
  expect(second?.start).toBeGreaterThan(3.63 - 0.9 - 0.692 - 0.05);
  expect(second?.start).toBeLessThan(3.63 - 0.9 - 0.692 + 0.05);
});

test('S62 the recogniser is asked for a voice profile only if the client asks', async () => {
  const rig = openRig(asking);
  await rig.hear(scene(300, 500, 800));
  expect(rig.stt.calls[0]?.options.voiceProfile).toBe(true);
  const plain = openRig();
  await plain.hear(scene(300, 500, 800));
  expect(plain.stt.calls[0]?.options).not.toHaveProperty('voiceProfile');
});
