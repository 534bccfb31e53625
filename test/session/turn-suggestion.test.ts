// Inworld's hints that a turn is probably over: when they come, what they say, and that each is kept or taken back.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions, semanticVad } from './rig.ts';

const suggestion = 'input_audio_buffer.turn_suggestion';
const revoked = 'input_audio_buffer.turn_suggestion_revoked';

function stt(fields: Record<string, unknown>) {
  return { type: 'session.update', session: { providerData: { stt: fields } } };
}

/** A pause after 600 ms of speech that began at 400 ms. */
function paused(options: RigOptions = { inworld: true }): Rig {
  const rig = new Rig({ turnDetection: semanticVad, ...options });
  rig.hear(400);
  rig.beginSpeech();
  rig.hear(500);
  rig.pauseSpeech();
  return rig;
}

function judge(rig: Rig, score: number, inferenceMs?: number): void {
  rig.fact({ kind: 'turn.judged', item: 'item_1', complete: score, basis: 'sound', ...(inferenceMs === undefined ? {} : { inferenceMs }) });
}

describe("a suggestion, on Inworld's path", () => {
  test('S59 turn_suggestion tells which turn is probably over, how sure that is, and what it was judged by', () => {
    const rig = paused();
    judge(rig, 0.85, 3);
    // Speech from 100 (the padding) to 1000 ms; the detector has looked 68 ms further.
    expect(rig.last(suggestion)).toEqual({
      type: suggestion,
      item_id: 'item_1',
      utterance_index: 0,
      probability: 0.85,
      trailing_silence_ms: 68,
      audio_duration_ms: 968,
      inference_ms: 3,
    });
  });

  test('comes before the end of the turn, which then takes its course', () => {
    const rig = paused();
    judge(rig, 0.95);
    rig.hear(400);
    rig.transcript('item_1', 'Call me a taxi.');
    rig.answer('resp_1', 'On its way.', 600);
    expect(rig.all(revoked)).toEqual([]);
    rig.golden('turn-suggestion');
  });

  test('does not come for a score of melody alone, when the words show that more will come', () => {
    const rig = paused();
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.95, basis: 'sound', unfinished: 'function_word' });
    rig.hear(2000);
    expect(rig.all(suggestion)).toEqual([]);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
  });

  test('does not come for a score below the threshold, which is the one the judge is believed from', () => {
    const rig = paused();
    judge(rig, 0.65);
    expect(rig.all(suggestion)).toEqual([]);
    rig.client(stt({ end_of_turn_confidence_threshold: 0.6 }));
    expect(rig.all(suggestion)).toHaveLength(1);
    rig.client(stt({ end_of_turn_confidence_threshold: 0.5 }));
    expect(rig.all(suggestion)).toHaveLength(1);
  });
});

describe('a suggestion that does not hold', () => {
  test('S60 turn_suggestion_revoked takes the hint back when speech goes on, and the next pause is counted on', () => {
    const rig = paused();
    judge(rig, 0.9);
    rig.hear(100);
    rig.beginSpeech();
    rig.hear(300);
    rig.pauseSpeech();
    judge(rig, 0.95);
    rig.hear(600);
    expect(rig.all(revoked)).toEqual([{ type: revoked, item_id: 'item_1', utterance_index: 0 }]);
    expect(rig.all(suggestion).map(({ utterance_index }) => utterance_index)).toEqual([0, 1]);
    rig.golden('turn-suggestion-revoked');
  });

  test('is not taken back if it was never given', () => {
    const rig = paused();
    judge(rig, 0.2);
    rig.beginSpeech();
    expect(rig.all(revoked)).toEqual([]);
  });

  test.each([
    ['the buffer is cleared', { type: 'input_audio_buffer.clear' }],
    ['detection changes', { type: 'session.update', session: { audio: { input: { turn_detection: null } } } }],
  ])('is taken back when there will be no turn: %s', (_why, event) => {
    const rig = paused();
    judge(rig, 0.9);
    rig.client(event);
    expect(rig.all(revoked)).toHaveLength(1);
    expect(rig.all('input_audio_buffer.committed')).toEqual([]);
  });

  test('holds for a turn the client commits by itself', () => {
    const rig = paused();
    judge(rig, 0.9);
    rig.client({ type: 'input_audio_buffer.commit' });
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
    expect(rig.all(revoked)).toEqual([]);
  });
});

describe('who is told', () => {
  test("nobody on OpenAI's path, unless providerData.stt.turn_suggestions asks for it", () => {
    const plain = paused({});
    judge(plain, 0.9);
    plain.beginSpeech();
    expect(plain.all(suggestion)).toEqual([]);
    expect(plain.all(revoked)).toEqual([]);
    const asking = new Rig({ turnDetection: semanticVad });
    asking.client(stt({ turn_suggestions: true }));
    asking.beginSpeech();
    asking.pauseSpeech();
    judge(asking, 0.9);
    expect(asking.all(suggestion)).toHaveLength(1);
  });

  test("nor on Inworld's, if turn_suggestions is false", () => {
    const rig = paused();
    rig.client(stt({ turn_suggestions: false }));
    judge(rig, 0.9);
    expect(rig.all(suggestion)).toEqual([]);
  });
});
