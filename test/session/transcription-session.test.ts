// Golden transcripts: a session that only listens. It tells turns and words, and answers nothing.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions, serverVad } from './rig.ts';
import { create, docs, update } from './served.ts';

function born(options: RigOptions = {}): Rig {
  return new Rig({
    ...options,
    configure: (config) => {
      config.type = 'transcription';
    },
  });
}

describe('a transcription session', () => {
  test('C02 F01 S03: tells of speech and its words as they come, and answers nothing', () => {
    const rig = born();
    rig.utter(800);
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'hello there my' });
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'hello there my friend' });
    rig.transcript('item_1', 'Hello there, my friend.');
    rig.hear(60_000);
    expect(rig.watch.responses.size).toBe(0);
    expect(rig.sent.map(({ type }) => type)).toEqual([
      'session.created',
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'conversation.item.input_audio_transcription.delta',
      'conversation.item.input_audio_transcription.delta',
      'conversation.item.input_audio_transcription.completed',
    ]);
    rig.golden('transcription-session');
  });

  test('F01: shows what belongs to listening, and nothing else', () => {
    const { input } = born().config.audio;
    expect(born().last('session.created').session).toEqual({
      type: 'transcription',
      id: 'sess_1',
      object: 'realtime.transcription_session',
      expires_at: 1_700_003_600,
      include: null,
      audio: { input },
    });
  });

  test('C02: may be made by the first session.update', () => {
    const rig = new Rig({
      configure: (config) => {
        config.audio.input.transcription = null;
      },
    });
    rig.client(update({ type: 'transcription', audio: { input: { transcription: { language: 'de' } } } }));
    expect(rig.last('session.updated').session).toMatchObject({
      type: 'transcription',
      object: 'realtime.transcription_session',
      audio: { input: { transcription: { model: 'whisper-1', language: 'de' } } },
    });
    rig.utter(600);
    rig.transcript('item_1', 'Guten Tag.');
    expect(rig.watch.responses.size).toBe(0);
    rig.golden('transcription-session-by-update');
  });

  test('always transcribes, even where nothing was said about it', () => {
    const rig = new Rig({
      configure: (config) => {
        config.audio.input.transcription = null;
      },
    });
    rig.client(update({ type: 'transcription' }));
    expect(rig.config.audio.input.transcription).toEqual({ model: 'whisper-1' });
  });

  test('cannot be told not to transcribe', () => {
    const rig = born();
    rig.client(update({ audio: { input: { transcription: null } } }));
    expect(rig.last('error').error).toMatchObject({ code: 'invalid_value', param: 'session.audio.input.transcription' });
    expect(rig.config.audio.input.transcription).not.toBeNull();
  });

  test('C42: refuses response.create', () => {
    const rig = born();
    rig.client({ ...create, event_id: 'ask' });
    rig.client({ ...create, response: { conversation: 'none' } });
    expect(rig.all('error').map(({ error }) => error)).toMatchObject([
      { code: 'invalid_value', param: 'type', event_id: 'ask', message: 'A transcription session makes no responses.' },
      { code: 'invalid_value' },
    ]);
    expect(rig.watch.responses.size).toBe(0);
  });

  test('takes commits of the client, and sound in items', () => {
    const rig = born({ turnDetection: null });
    rig.hear(400);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.transcript('item_1', 'One.');
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: 'AAAA' }] },
    });
    rig.transcript('item_2', 'Two.');
    expect(rig.all('conversation.item.input_audio_transcription.completed').map(({ transcript }) => transcript)).toEqual(['One.', 'Two.']);
    expect(rig.watch.responses.size).toBe(0);
  });

  test('says when words could not be recognised, and goes on', () => {
    const rig = born();
    rig.utter(600);
    rig.wait(30_000);
    expect(rig.all('conversation.item.input_audio_transcription.failed')).toHaveLength(1);
    rig.utter(600);
    rig.transcript('item_2', 'Again.');
    expect(rig.last('conversation.item.input_audio_transcription.completed').transcript).toBe('Again.');
  });

  test('runs no tools, whatever it is given', () => {
    const rig = born();
    rig.client(update({ tools: [docs()] }));
    expect(rig.effects.filter(({ kind }) => kind.startsWith('mcp.'))).toEqual([]);
    expect(rig.watch.conversation).toEqual([]);
  });

  test('has no idle timeout, for there is no answer it could count from', () => {
    const rig = born({ turnDetection: { ...serverVad, idle_timeout_ms: 5000 } });
    rig.utter(600);
    rig.transcript('item_1', 'Hello.');
    rig.hear(60_000);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toEqual([]);
  });
});

describe('the type of a session', () => {
  const other = { realtime: 'transcription', transcription: 'realtime' } as const;

  test.each(['realtime', 'transcription'] as const)('C02 F01: stays %s once something has happened', (type) => {
    for (const happen of [(rig: Rig) => rig.says('Hello.'), (rig: Rig) => rig.hear(20)]) {
      const rig = new Rig({
        configure: (config) => {
          config.type = type;
        },
      });
      happen(rig);
      rig.client(update({ type: other[type], instructions: 'Be kind.' }));
      expect(rig.last('error').error).toMatchObject({ code: 'invalid_value', param: 'session.type' });
      expect(rig.config).toMatchObject({ type, instructions: 'Be brief.' });
      rig.client(update({ type }));
      expect(rig.all('session.updated')).toHaveLength(1);
    }
  });

  test('may be set right as long as nothing has', () => {
    const rig = born();
    rig.client(update({ type: 'realtime', tools: [docs()] }));
    expect(rig.last('session.updated').session).toMatchObject({ type: 'realtime', object: 'realtime.session' });
    expect(rig.watch.lists.size).toBe(1);
  });
});
