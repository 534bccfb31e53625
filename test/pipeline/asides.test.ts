// What is said beside the answer, carried out: a small model's words, the voice's sound, and how both are called off.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { fromBytes } from '../../src/media/pcm.ts';
import { noise, openRig, quiet, type Rig, type RigOptions, scene, tone } from '../rig.ts';

const rule = { enabled: true, decider_kind: 'rule' };
const llm = { enabled: true, small_model: 'small' };
const filler = { enabled: true, enable_filler_on_first_assistant_reply: true };

function open(providerData: Record<string, unknown>, options: RigOptions = {}): Rig {
  return openRig({ ...options, configure: (config) => void (config.providerData = providerData) });
}

/** The user speaks, long enough to be acknowledged. */
async function speakOn(rig: Rig): Promise<void> {
  await rig.hear(scene(300, 1000), 640);
  await rig.wait(1000);
}

/** The sound of all acknowledgements. */
function heard(rig: Rig): Int16Array {
  const bytes = rig.all('response.backchannel.audio.delta').map(({ delta }) => Buffer.from(delta, 'base64'));
  return fromBytes(new Uint8Array(Buffer.concat(bytes)));
}

const reasons = (rig: Rig) => rig.all('response.backchannel.skipped').map(({ reason }) => reason);

describe('an acknowledgement', () => {
  test('F41 S56 S57 volume_gain: is the voice’s sound, made quieter, at 24 kHz, whatever the session’s format is', async () => {
    const rig = openRig({
      configure: (config) => {
        config.providerData = { backchannel: { ...rule, volume_gain: 0.5, allowed_phrases: ['I see'] } };
        config.audio.output.format = { type: 'audio/pcmu' };
      },
    });
    await speakOn(rig);
    expect(rig.tts.last.texts).toEqual(['I see']);
    expect(rig.tts.last.options).toMatchObject({ voice: 'Dennis', speed: 1 });
    const sound = tone(300, 24_000);
    rig.tts.last.speak(sound.subarray(0, 3000), 24_000);
    await rig.settle();
    expect(rig.all('response.backchannel.audio.delta')).toEqual([]);
    rig.tts.last.speak(sound.subarray(3000), 24_000);
    rig.tts.last.finish();
    await rig.settle();
    expect(heard(rig)).toEqual(sound.map((sample) => Math.round(sample / 2)));
    expect(rig.all('response.backchannel.audio.done')).toEqual([
      { type: 'response.backchannel.audio.done', backchannel_id: 'bc_1', phrase: 'I see' },
    ]);
    expect(rig.all('response.backchannel.audio.delta')[0]?.backchannel_id).toBe('bc_1');
    expect(rig.transport.audio).toEqual([]);
    expect(rig.all('conversation.item.added')).toEqual([]);
  });

  test('F41 is never louder than sound can be, and another rate is brought to 24 kHz', async () => {
    const rig = open({ backchannel: { ...rule, volume_gain: 4 } });
    await speakOn(rig);
    rig.tts.last.speak(tone(300, 16_000, 30_000), 16_000);
    rig.tts.last.finish();
    await rig.settle();
    const samples = heard(rig);
    expect(samples).toHaveLength(7200);
    expect(Math.max(...samples)).toBe(32_767);
    expect(Math.min(...samples)).toBe(-32_768);
  });

  test.each([
    ['S58 volume_gain of nothing', { ...rule, volume_gain: 0 }, tone(300, 24_000)],
    ['S58 a phrase the voice has no sound for', rule, quiet(0)],
  ])('%s: no_sound', async (_why, backchannel, sound) => {
    const rig = open({ backchannel });
    await speakOn(rig);
    rig.tts.last.speak(sound, 24_000);
    rig.tts.last.finish();
    await rig.settle();
    expect(reasons(rig)).toEqual(['no_sound']);
    expect(heard(rig)).toEqual(quiet(0));
  });

  test('F41 is what the small model says, asked with its own settings', async () => {
    const rig = open({ backchannel: { ...llm, temperature: 0.3, max_tokens: 4 }, user_id: 'ann' });
    await speakOn(rig);
    expect(rig.llm.last.options).toEqual({
      model: 'small',
      temperature: 0.3,
      maxOutputTokens: 4,
      behalf: { user: 'ann' },
      origin: { key: 'key_1', session: 'sess_1' },
    });
    rig.llm.last.text('"Ri', 'ght."');
    rig.llm.last.end();
    await rig.settle();
    expect(rig.tts.last.texts).toEqual(['Right']);
  });

  test('S58 a model that fails is told of, and only whoever looks for it is told more', async () => {
    const rig = open({ backchannel: llm });
    await speakOn(rig);
    rig.llm.last.fail(new EngineError('fake', 'rate_limited', 'too many'));
    await rig.settle();
    expect(reasons(rig)).toEqual(['failed']);
    expect(rig.logged.map(({ level }) => level)).toEqual(['debug']);
    expect(rig.transport.closes).toEqual([]);
  });

  test('S58 a fault of ours is logged as one, and the session lives', async () => {
    const rig = open({ backchannel: rule });
    await speakOn(rig);
    rig.tts.last.fail(new TypeError('a bug'));
    await rig.settle();
    expect(reasons(rig)).toEqual(['failed']);
    expect(rig.logged).toMatchObject([{ level: 'error', fields: { err: new TypeError('a bug') } }]);
    expect(rig.transport.closes).toEqual([]);
  });

  test('S58 a model that goes on and on is not listened to, nor a voice', async () => {
    const rig = open({ backchannel: llm });
    await speakOn(rig);
    rig.llm.last.text('word '.repeat(100));
    await rig.settle();
    expect(rig.llm.last.signal.aborted).toBe(true);
    expect(reasons(rig)).toEqual(['phrase_not_allowed']);

    const other = open({ backchannel: rule });
    await speakOn(other);
    for (let second = 0; second < 16; second += 1) other.tts.last.speak(noise(1000, 24_000), 24_000);
    await other.settle();
    expect(reasons(other)).toEqual(['failed']);
  });

  test('F41 is called off when an answer begins, and by output_audio_buffer.clear: its engine is let go', async () => {
    for (const event of ['response.create', 'output_audio_buffer.clear']) {
      const rig = open({ backchannel: rule });
      await speakOn(rig);
      rig.client({ type: event });
      await rig.settle();
      expect(rig.tts.calls[0]?.signal.aborted).toBe(true);
      rig.tts.calls[0]?.speak(tone(300, 24_000), 24_000);
      rig.tts.calls[0]?.finish();
      await rig.settle();
      expect(heard(rig)).toEqual(quiet(0));
    }
  });

  test('F41 ends with its session', async () => {
    const rig = open({ backchannel: llm });
    await speakOn(rig);
    rig.transport.end();
    await rig.settle();
    expect(rig.llm.last.signal.aborted).toBe(true);
  });
});

describe('a filler', () => {
  test('F42 is the first sound of the answer, in the format of the answer', async () => {
    const rig = openRig({
      configure: (config) => {
        config.providerData = { responsiveness: filler };
        config.audio.output.format = { type: 'audio/pcm', rate: 16_000 };
      },
    });
    await rig.says('How far is the moon?');
    await rig.wait(1200);
    expect(rig.tts.last.texts).toEqual(['Let me see.']);
    rig.tts.last.speak(noise(200, 16_000), 16_000, [{ text: 'Let', startMs: 0, endMs: 200 }]);
    rig.tts.last.finish();
    await rig.settle();
    rig.llm.last.text('Far.');
    rig.llm.last.end();
    await rig.settle();
    rig.tts.last.speak(noise(100, 16_000), 16_000, [{ text: 'Far.', startMs: 0, endMs: 100 }]);
    rig.tts.last.finish();
    await rig.settle();
    expect(rig.transport.audio.map(({ place, bytes }) => [place.item, bytes.length])).toEqual([
      ['item_2', 6400],
      ['item_2', 3200],
    ]);
    expect(rig.last('response.done').response.output).toMatchObject([
      { id: 'item_2', status: 'completed', content: [{ type: 'output_audio', transcript: 'Let me see. Far.' }] },
    ]);
  });

  test('F42 has no directions read out by a voice that cannot follow them', async () => {
    const rig = open({ responsiveness: { ...filler, pause_text: '[sigh] Hm.' }, tts: { language: 'de' } });
    await rig.says('How far is the moon?');
    await rig.wait(1200);
    expect(rig.tts.last.texts).toEqual(['Let me see. Hm.']);
    expect(rig.tts.last.options).toMatchObject({ language: 'de' });
  });

  test('F42 comes from the small model while the other one is still thinking', async () => {
    const rig = open({ responsiveness: { ...filler, small_model: 'small' } });
    await rig.says('How far is the moon?');
    await rig.wait(1200);
    expect(rig.llm.calls.map(({ options }) => options.model)).toEqual(['openai/gpt-4o-mini', 'small']);
    rig.llm.last.text('Moment bitte.');
    rig.llm.last.end();
    await rig.settle();
    expect(rig.tts.last.texts).toEqual(['Moment bitte.']);
  });

  test('F42 is called off by the answer, and by the end of the response: its engine is let go', async () => {
    const happen = [(rig: Rig) => rig.llm.last.text('Far. '), (rig: Rig) => rig.client({ type: 'response.cancel' })];
    for (const task of happen) {
      const rig = open({ responsiveness: filler });
      await rig.says('How far is the moon?');
      await rig.wait(1200);
      task(rig);
      await rig.settle();
      expect(rig.tts.calls[0]?.signal.aborted).toBe(true);
    }
  });
});
