// When each word of an answer is said, for clients that ask; and what of providerData.tts cannot be changed any more.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions } from './rig.ts';
import type { Effect } from '../../src/session/effects.ts';
import { callSpeaker } from '../call-speaker.ts';

const words = [
  { text: 'Hello', startMs: 40, endMs: 440.4 },
  { text: 'you', startMs: 500, endMs: 800 },
];
const wordInfo = { word_alignment: { words: ['Hello', 'you'], word_start_time_seconds: [0.04, 0.5], word_end_time_seconds: [0.44, 0.8] } };

function tts(fields: Record<string, unknown>) {
  return { type: 'session.update', session: { providerData: { tts: fields } } };
}

/** An answer under way. */
function answering(fields: Record<string, unknown>, options: RigOptions = {}): Rig {
  const rig = new Rig({ turnDetection: null, ...options });
  rig.client(tts(fields));
  rig.says('Hi.');
  rig.client({ type: 'response.create' });
  return rig;
}

function sounds(rig: Rig): Extract<Effect, { kind: 'send.audio' }>[] {
  return rig.effects.filter((effect) => effect.kind === 'send.audio');
}

describe('timestamp_info', () => {
  test('S61 timestamp_info is on the delta that carries the sound, unless told otherwise', () => {
    for (const more of [{}, { timestamp_transport_strategy: 'SYNC' }]) {
      const rig = answering({ timestamp_type: 'WORD', ...more });
      rig.audio('resp_1', 900, words);
      rig.audio('resp_1', 200);
      expect(sounds(rig).map(({ timestamps }) => timestamps)).toEqual([wordInfo, undefined]);
      expect(rig.all('response.output_audio.delta')).toEqual([]);
    }
  });

  test('S61 on a call timestamp_info is always a delta of its own, for the sound goes over the line', () => {
    const rig = answering({ timestamp_type: 'WORD' }, { speaker: callSpeaker });
    rig.audio('resp_1', 900, words);
    expect(sounds(rig).every((sound) => !('timestamps' in sound))).toBe(true);
    expect(rig.all('response.output_audio.delta')).toMatchObject([{ item_id: 'item_2', delta: '', timestamp_info: wordInfo }]);
  });

  test('ASYNC is a delta of its own without sound, right after it', () => {
    const rig = answering({ timestamp_type: 'WORD', timestamp_transport_strategy: 'ASYNC' });
    rig.audio('resp_1', 900, words);
    rig.audio('resp_1', 200);
    expect(sounds(rig).every((sound) => !('timestamps' in sound))).toBe(true);
    expect(rig.all('response.output_audio.delta')).toEqual([
      {
        type: 'response.output_audio.delta',
        response_id: 'resp_1',
        item_id: 'item_2',
        output_index: 0,
        content_index: 0,
        delta: '',
        timestamp_info: wordInfo,
      },
    ]);
    const kinds = rig.effects.slice(-3).map((effect) => (effect.kind === 'send' ? effect.event.type : effect.kind));
    expect(kinds).toEqual(['send.audio', 'response.output_audio.delta', 'send.audio']);
    rig.golden('timestamps-async');
  });

  test('CHARACTER shares the time of a word among its letters, and gives the gaps to the spaces', () => {
    const rig = answering({ timestamp_type: 'CHARACTER' });
    rig.audio('resp_1', 500, [{ text: 'Go', startMs: 0, endMs: 200 }]);
    rig.audio('resp_1', 500, [{ text: 'on', startMs: 300, endMs: 400 }]);
    expect(sounds(rig).map(({ timestamps }) => timestamps)).toEqual([
      { character_alignment: { characters: ['G', 'o'], character_start_time_seconds: [0, 0.1], character_end_time_seconds: [0.1, 0.2] } },
      {
        character_alignment: {
          characters: [' ', 'o', 'n'],
          character_start_time_seconds: [0.2, 0.3, 0.35],
          character_end_time_seconds: [0.3, 0.35, 0.4],
        },
      },
    ]);
  });

  test('is not there for a client that has not asked', () => {
    const rig = answering({ timestamp_transport_strategy: 'ASYNC' });
    rig.audio('resp_1', 900, words);
    expect(sounds(rig)[0]).not.toHaveProperty('timestamps');
    expect(rig.all('response.output_audio.delta')).toEqual([]);
  });

  test('is as it was when the response began', () => {
    const rig = answering({ timestamp_type: 'WORD' });
    rig.client(tts({ timestamp_type: null }));
    rig.audio('resp_1', 900, words);
    expect(sounds(rig)[0]?.timestamps).toEqual(wordInfo);
    rig.end('resp_1');
    rig.says('And?');
    rig.client({ type: 'response.create' });
    rig.audio('resp_2', 900, words);
    expect(sounds(rig)[1]).not.toHaveProperty('timestamps');
  });
});

describe('providerData.tts', () => {
  test('F39 providerData.tts is what the reply is ordered with, in any case and spelling', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(tts({ segmenterStrategy: 'Full_Turn', steering_handling: 'emit_once', language: 'de', delivery_mode: 'CREATIVE' }));
    rig.says('Hi.');
    rig.client({ type: 'response.create' });
    const [start] = rig.effects.filter((effect) => effect.kind === 'reply.start');
    expect(start?.order.manner).toEqual({ segmenter: 'full_turn', steering: 'emit_once', language: 'de', deliveryMode: 'creative' });
  });

  test.each([
    ['segmenter_strategy', 'slow'],
    ['steering_handling', true],
    ['language', ''],
    ['delivery_mode', 'WILD'],
    ['conversational', 'yes'],
    ['user_turn_mode', 'some'],
    ['timestamp_type', 'PHONE'],
    ['timestamp_transport_strategy', 'LATER'],
  ])('%s: %j is refused by name', (field, value) => {
    const rig = new Rig();
    rig.client(tts({ [field]: value }));
    expect(rig.last('error').error.param).toBe(`session.providerData.tts.${field}`);
    expect(rig.config.providerData).toBeUndefined();
  });

  test('conversational and user_turn_mode may be changed until the first response, and not any more', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(tts({ conversational: true, user_turn_mode: 'both' }));
    rig.says('Hi.');
    rig.client(tts({ user_turn_mode: 'text_only' }));
    rig.client({ type: 'response.create' });
    rig.client(tts({ conversational: false, language: 'de' }));
    rig.answer('resp_1', 'Hello.', 300);
    rig.client(tts({ user_turn_mode: 'none' }));
    expect(rig.all('error').map(({ error }) => error.param)).toEqual([
      'session.providerData.tts.conversational',
      'session.providerData.tts.user_turn_mode',
    ]);
    // Neither is anything else of a refused update done, nor is the same value again a change.
    rig.client(tts({ conversational: true, user_turn_mode: 'text_only' }));
    expect(rig.all('error')).toHaveLength(2);
    expect(rig.config.providerData).toEqual({ tts: { conversational: true, user_turn_mode: 'text_only' } });
  });
});
