// How long a pause may last: the detection's own silence, the judge's score, and the limits a client sets in providerData.stt.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions, semanticVad, serverVad } from './rig.ts';
import type { Judgement } from '../../src/session/facts.ts';

function stt(fields: Record<string, unknown>) {
  return { type: 'session.update', session: { providerData: { stt: fields } } };
}

/** A turn of 600 ms, up to where the detector is sure of the pause, 100 ms into it. */
function paused(options: RigOptions, fields?: Record<string, unknown>): Rig {
  const rig = new Rig(options);
  if (fields) rig.client(stt(fields));
  rig.beginSpeech();
  rig.hear(500);
  rig.pauseSpeech();
  return rig;
}

/** How long after the pause (at 600 ms) the turn ended, when it did. */
function waited(rig: Rig): number | undefined {
  rig.hear(9000);
  const [stopped] = rig.all('input_audio_buffer.speech_stopped');
  return stopped && stopped.audio_end_ms - 600;
}

function judged(score: number, fields?: Record<string, unknown>, by: Partial<Judgement> = {}): number | undefined {
  const rig = paused({ turnDetection: semanticVad }, fields);
  rig.fact({ kind: 'turn.judged', item: 'item_1', complete: score, basis: 'sound', ...by });
  return waited(rig);
}

describe('providerData.stt', () => {
  test.each<[string, RigOptions, Record<string, unknown>, number]>([
    ['server_vad waits its own silence', {}, {}, 500],
    ['min_end_of_turn_silence lengthens it', {}, { min_end_of_turn_silence: 900 }, 900],
    ['max_turn_silence shortens it', {}, { max_turn_silence: 300 }, 300],
    ['limits it is within leave it', {}, { min_end_of_turn_silence: 200, max_turn_silence: 2000 }, 500],
    ['camelCase is read too', {}, { minEndOfTurnSilence: 900 }, 900],
    ['max_turn_silence ends a turn that nobody judged', { turnDetection: semanticVad }, { max_turn_silence: 1500 }, 1500],
  ])('%s', (_what, options, fields, ms) => {
    expect(waited(paused(options, fields))).toBe(ms);
  });

  test('F38 providerData.stt: the limits of silence hold for judged turns as well', () => {
    expect(judged(0.9)).toBe(400);
    expect(judged(0.9, { min_end_of_turn_silence: 700 })).toBe(700);
    expect(judged(0.1, {}, { unfinished: 'filler' })).toBe(1600);
    expect(judged(0.1, { max_turn_silence: 1000 }, { unfinished: 'filler' })).toBe(1000);
  });

  test('F38 providerData.stt: end_of_turn_confidence_threshold says from which score on the judge is believed', () => {
    expect(judged(0.75)).toBe(700);
    expect(judged(0.75, { end_of_turn_confidence_threshold: 0.7 })).toBe(400);
    expect(judged(0.75, { end_of_turn_confidence_threshold: 0.8 })).toBe(700);
    expect(judged(0.95, { end_of_turn_confidence_threshold: 0.98 })).toBe(700);
    expect(judged(0, { end_of_turn_confidence_threshold: 0 })).toBe(400);
  });

  test('F38 providerData.stt: the other borders keep their proportion to end_of_turn_confidence_threshold', () => {
    const at = (score: number) => judged(score, { end_of_turn_confidence_threshold: 0.45 });
    expect([0.46, 0.44, 0.26, 0.24, 0.06, 0.04].map(at)).toEqual([400, 700, 700, 850, 850, 1000]);
  });

  test('F38 providerData.stt: words that show more to come are believed whatever the threshold, and so are words alone', () => {
    const always = { end_of_turn_confidence_threshold: 0 };
    expect(judged(0.2, always, { unfinished: 'function_word' })).toBe(1300);
    expect(judged(0.1, always, { unfinished: 'function_word', basis: 'words' })).toBe(1600);
    expect(judged(0.85, { end_of_turn_confidence_threshold: 1 }, { basis: 'words' })).toBe(550);
  });

  test('a change in the middle of a pause counts for that pause', () => {
    const longer = paused({}, {});
    longer.client(stt({ min_end_of_turn_silence: 1200 }));
    expect(waited(longer)).toBe(1200);
    const shorter = paused({ turnDetection: semanticVad });
    shorter.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.1, basis: 'sound' });
    shorter.client(stt({ max_turn_silence: 600 }));
    expect(waited(shorter)).toBe(600);
    const surer = paused({ turnDetection: semanticVad });
    surer.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.5, basis: 'sound' });
    surer.client(stt({ end_of_turn_confidence_threshold: 0.5 }));
    expect(waited(surer)).toBe(400);
  });

  test('a change that makes the turn due ends it with the update, after session.updated', () => {
    const rig = paused({});
    rig.hear(200);
    const before = rig.sent.length;
    rig.client(stt({ max_turn_silence: 100 }));
    const types = rig.sent.slice(before).map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(['session.updated', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.committed']);
    expect(rig.last('input_audio_buffer.speech_stopped').audio_end_ms).toBe(700);
  });

  test('limits that leave no silence are refused, together or one after the other, and nothing changes', () => {
    const rig = new Rig();
    rig.client(stt({ min_end_of_turn_silence: 800, max_turn_silence: 700 }));
    rig.client(stt({ min_end_of_turn_silence: 800 }));
    rig.client(stt({ max_turn_silence: 700 }));
    rig.client(stt({ max_turn_silence: 800 }));
    expect(rig.all('error').map(({ error }) => `${error.code} ${error.param}`)).toEqual([
      'invalid_value session.providerData.stt.max_turn_silence',
      'invalid_value session.providerData.stt.max_turn_silence',
    ]);
    expect(rig.config.providerData).toEqual({ stt: { min_end_of_turn_silence: 800, max_turn_silence: 800 } });
  });

  test.each([
    ['vad_threshold', 1.5],
    ['end_of_turn_confidence_threshold', -1],
    ['min_end_of_turn_silence', 'long'],
    ['max_turn_silence', 1.5],
    ['language_hints', 'en'],
    ['voice_profile', 'yes'],
    ['prompt', 7],
  ])('%s: %j is refused by name', (field, value) => {
    const rig = new Rig();
    rig.client(stt({ [field]: value }));
    expect(rig.last('error').error.param).toBe(`session.providerData.stt.${field}`);
    expect(rig.config.providerData).toBeUndefined();
  });

  test('null takes a limit back', () => {
    const rig = paused({ turnDetection: serverVad }, { min_end_of_turn_silence: 3000 });
    rig.client(stt({ min_end_of_turn_silence: null }));
    expect(waited(rig)).toBe(500);
  });
});
