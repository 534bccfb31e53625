// What a recogniser may know beside the words: who spoke when, and what the voice is like.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions } from './rig.ts';

const segment = 'conversation.item.input_audio_transcription.segment';
const completed = 'conversation.item.input_audio_transcription.completed';
const segments = [
  { text: 'Hello.', startMs: 120.4, endMs: 500, speaker: 'speaker_0' },
  { text: 'Hi!', startMs: 700, endMs: 950, speaker: 'speaker_1' },
];
const voiceProfile = { age: [{ label: 'adult', confidence: 0.9 }], vocal_style: [{ label: 'whisper', confidence: 0.4 }] };

/** A turn whose words have come, with all there is beside them. */
function told(options: RigOptions = {}, stt: Record<string, unknown> = {}): Rig {
  const rig = new Rig(options);
  rig.client({ type: 'session.update', session: { providerData: { stt } } });
  rig.utter(800);
  rig.fact({ kind: 'transcript.final', item: 'item_1', text: 'Hello. Hi!', seconds: 1, segments, voiceProfile });
  return rig;
}

describe('conversation.item.input_audio_transcription.segment', () => {
  test('S14 tells who said what, in seconds of the item, before the transcript is completed', () => {
    const rig = told();
    expect(rig.all(segment)).toEqual([
      { type: segment, item_id: 'item_1', content_index: 0, id: 'seg_1', text: 'Hello.', speaker: 'speaker_0', start: 0.12, end: 0.5 },
      { type: segment, item_id: 'item_1', content_index: 0, id: 'seg_2', text: 'Hi!', speaker: 'speaker_1', start: 0.7, end: 0.95 },
    ]);
    const types = rig.sent.map(({ type }) => type);
    expect(types.lastIndexOf(segment)).toBe(types.indexOf(completed) - 1);
    rig.golden('speakers');
  });

  test('is not sent when transcription is off, nor by a recogniser that does not know', () => {
    const off = told({
      configure: (config) => {
        config.audio.input.transcription = null;
      },
    });
    expect(off.all(segment)).toEqual([]);
    const plain = new Rig();
    plain.utter(800);
    plain.transcript('item_1', 'Hello.');
    expect(plain.all(completed)).toHaveLength(1);
    expect(plain.all(segment)).toEqual([]);
  });
});

describe('languages of the completed transcription', () => {
  const languages = (transcription: Record<string, unknown>, heard: { text: string; languages?: string[] }) => {
    const rig = new Rig();
    rig.client({ type: 'session.update', session: { audio: { input: { transcription } } } });
    rig.utter(800);
    rig.fact({ kind: 'transcript.final', item: 'item_1', seconds: 1, ...heard });
    return rig.last(completed);
  };

  test('S12 are what the recogniser tells, for a client that named some and for the model that always tells them', () => {
    const heard = { text: 'Hallo.', languages: ['de'] };
    expect(languages({ languages: ['en', 'de'] }, heard).languages).toEqual([{ code: 'de' }]);
    expect(languages({ model: 'gpt-transcribe' }, heard).languages).toEqual([{ code: 'de' }]);
    expect(languages({ languages: ['en'] }, { text: '', languages: [] }).languages).toEqual([]);
  });

  test('S12 are the one that was listened for where the recogniser cannot tell, and none where there were no words', () => {
    expect(languages({ languages: ['en', 'de'] }, { text: 'Hello.' }).languages).toEqual([{ code: 'en' }]);
    expect(languages({ language: 'fr', languages: ['en'] }, { text: 'Salut.' }).languages).toEqual([{ code: 'fr' }]);
    expect(languages({ languages: ['en'] }, { text: '' }).languages).toEqual([]);
    expect(languages({ model: 'openai/gpt-transcribe' }, { text: 'Hello.' }).languages).toEqual([]);
  });

  test('are not told to anybody else', () => {
    expect(languages({ language: 'de' }, { text: 'Hallo.', languages: ['de'] })).not.toHaveProperty('languages');
    expect(languages({ model: 'gpt-4o-transcribe' }, { text: 'Hallo.', languages: ['de'] })).not.toHaveProperty('languages');
  });
});

describe('voiceProfile of the completed transcription', () => {
  test('S62 is told to a client that asked with providerData.stt.voice_profile', () => {
    expect(told({}, { voice_profile: true }).last(completed).providerData).toEqual({ voiceProfile });
    expect(told({}, { voiceProfile: true }).last(completed).providerData).toEqual({ voiceProfile });
  });

  test('is told to nobody else', () => {
    expect(told().last(completed)).not.toHaveProperty('providerData');
    expect(told({ inworld: true }).last(completed)).not.toHaveProperty('providerData');
    expect(told({}, { voice_profile: false }).last(completed)).not.toHaveProperty('providerData');
  });

  test('is not there where the recogniser cannot tell', () => {
    const rig = new Rig();
    rig.client({ type: 'session.update', session: { providerData: { stt: { voice_profile: true } } } });
    rig.utter(800);
    rig.transcript('item_1', 'Hello.');
    expect(rig.last(completed)).not.toHaveProperty('providerData');
  });
});
