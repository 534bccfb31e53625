// providerData.stt at the ear: what the recogniser is told, how loud speech must be, and that a change loses no sound.
import { describe, expect, test } from 'vitest';
import { semanticVadDefaults, serverVadDefaults, type SessionConfig } from '../../src/protocol/session-config.ts';
import { openRig, type Rig, type RigOptions, scene } from '../rig.ts';

const ms = 16;

function born(stt: Record<string, unknown>, more: (config: SessionConfig) => void = () => {}): RigOptions {
  return {
    configure: (config) => {
      config.providerData = { stt };
      more(config);
    },
  };
}

async function update(rig: Rig, stt: Record<string, unknown>): Promise<void> {
  rig.client({ type: 'session.update', session: { providerData: { stt } } });
  await rig.settle();
}

/** A rig whose detector finds everything a little likely. */
function faint(options: RigOptions): Rig {
  const rig = openRig(options);
  rig.vad.judge = (window) => (window.some((sample) => Math.abs(sample) > 300) ? 0.4 : 0.02);
  return rig;
}

describe('providerData.stt', () => {
  test('F38 providerData.stt: prompt and language_hints are hints for the recogniser', async () => {
    const rig = openRig(born({ prompt: 'Parley, Inworld', language_hints: ['de'] }));
    await rig.hear(scene(300, 500, 800));
    expect(rig.stt.calls[0]?.options).toMatchObject({ prompt: 'Parley, Inworld', language: 'de' });
    const several = openRig(born({ language_hints: ['de', 'en'] }));
    await several.hear(scene(300, 500, 800));
    expect(several.stt.calls[0]?.options).not.toHaveProperty('language');
    expect(several.stt.calls[0]?.options).toMatchObject({ languages: ['de', 'en'] });
  });

  test("transcription's own language comes first, and its prompt stands beside the other", async () => {
    const rig = openRig(
      born({ prompt: 'Parley', language_hints: ['de'] }, (config) => {
        config.audio.input.transcription = { model: 'parley/test', language: 'fr', prompt: 'Taxi' };
      }),
    );
    await rig.hear(scene(300, 500, 800));
    expect(rig.stt.calls[0]?.options).toMatchObject({ prompt: 'Taxi\nParley', language: 'fr' });
  });

  test('F22 F23: keywords are words to know, and the one language counts that is named, in either way', async () => {
    const hinted = (transcription: object, stt: Record<string, unknown> = {}) =>
      openRig(
        born(stt, (config) => {
          config.audio.input.transcription = { model: 'parley/test', ...transcription };
        }),
      );
    const rig = hinted({ keywords: ['Parley', 'time zone'], languages: ['fr'], prompt: 'Taxi' }, { language_hints: ['it'] });
    await rig.hear(scene(300, 500, 800));
    expect(rig.stt.calls[0]?.options).toMatchObject({
      prompt: 'Taxi\nParley, time zone',
      vocabulary: ['Parley', 'time zone'],
      language: 'fr',
    });
    const several = hinted({ languages: ['fr', 'de'] }, { language_hints: ['it'] });
    await several.hear(scene(300, 500, 800));
    expect(several.stt.calls[0]?.options).not.toHaveProperty('language');
    expect(several.stt.calls[0]?.options).toMatchObject({ languages: ['fr', 'de'] });
    const any = hinted({ language: 'auto' });
    await any.hear(scene(300, 500, 800));
    expect(any.stt.calls[0]?.options).not.toHaveProperty('language');
    expect(any.stt.calls[0]?.options).toMatchObject({ languages: [] });
    const named = hinted({ language: 'de', languages: ['fr'] });
    await named.hear(scene(300, 500, 800));
    expect(named.stt.calls[0]?.options).toMatchObject({ language: 'de' });
    const bare = hinted({ keywords: ['Parley'] });
    await bare.hear(scene(300, 500, 800));
    expect(bare.stt.calls[0]?.options).toEqual({
      model: 'parley/test',
      origin: { key: 'key_1', session: 'sess_1' },
      prompt: 'Parley',
      vocabulary: ['Parley'],
    });
  });

  test('without any of them the recogniser is told nothing of the kind', async () => {
    const rig = openRig();
    await rig.hear(scene(300, 500, 800));
    expect(rig.stt.calls[0]?.options).toEqual({ model: 'parley/test', origin: { key: 'key_1', session: 'sess_1' }, vocabulary: [] });
  });

  test.each([serverVadDefaults, semanticVadDefaults])('vad_threshold overrules the detection: $type', async (turnDetection) => {
    const deaf = faint({ turnDetection });
    await deaf.hear(scene(300, 500, 800));
    expect(deaf.turns).toEqual([]);
    const keen = faint({ turnDetection, ...born({ vad_threshold: 0.3 }) });
    await keen.hear(scene(300, 500, 800));
    expect(keen.turns[0]).toBe('started 0 item_1');
  });

  test('F38 providerData.stt: vad_threshold changes in the middle of an utterance, which loses no sound', async () => {
    const rig = openRig();
    const sound = scene(512, 1024, 1024);
    await rig.hear(sound.subarray(0, 1024 * ms), 640);
    await update(rig, { vad_threshold: 0.9 });
    await rig.hear(sound.subarray(1024 * ms), 640);
    expect(rig.turns).toHaveLength(3);
    expect(rig.stt.calls).toHaveLength(1);
    expect(rig.times.started).toEqual([212]);
    // Now the same sound is not loud enough.
    rig.vad.judge = (window) => (window.some((sample) => Math.abs(sample) > 300) ? 0.8 : 0.02);
    await rig.hear(scene(512, 512, 1024), 640);
    expect(rig.turns).toHaveLength(3);
  });

  test('the recogniser is told of the end in time when max_turn_silence is short', async () => {
    const rig = openRig(born({ max_turn_silence: 200 }));
    await rig.hear(scene(1000, 1000, 180), 640);
    expect(rig.turns).toHaveLength(1);
    expect(rig.stt.calls[0]?.complete).toBe(true);
  });
});
