// Golden transcripts: when a spoken turn begins, pauses and ends, and what becomes of it.
import { describe, expect, test } from 'vitest';
import type { Eagerness } from '../../src/protocol/session-config.ts';
import { Rig, semanticVad, serverVad } from './rig.ts';
import type { Judgement } from '../../src/session/facts.ts';

describe('server_vad', () => {
  test('O05 S15 S17 S18 F24: a spoken turn is started, stopped, committed, transcribed and answered', () => {
    const rig = new Rig();
    rig.hear(1000);
    rig.beginSpeech();
    rig.hear(900);
    rig.pauseSpeech();
    rig.hear(400);
    rig.wait(150);
    expect(rig.prompts).toHaveLength(0);
    rig.transcript('item_1', 'What time is it?');
    rig.wait(200);
    rig.answer('resp_1', 'It is noon.', 900);
    const types = rig.sent.map(({ type }) => type);
    const order = [
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'response.created',
      'response.done',
    ] as const;
    const places = order.map((type) => types.indexOf(type));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    // The start reaches back by the prefix padding; the end includes the silence that was waited for.
    expect(rig.last('input_audio_buffer.speech_started').audio_start_ms).toBe(700);
    expect(rig.last('input_audio_buffer.speech_stopped').audio_end_ms).toBe(2500);
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.golden('server-vad-turn');
  });

  test('S17: the start of an utterance is never before the start of the input, nor inside the last one', () => {
    const rig = new Rig();
    rig.hear(100);
    rig.utter(400);
    rig.hear(60);
    rig.beginSpeech();
    expect(rig.all('input_audio_buffer.speech_started').map(({ audio_start_ms }) => audio_start_ms)).toEqual([0, 1000]);
  });

  test('a hesitation shorter than the silence is part of the turn', () => {
    const rig = new Rig();
    rig.hear(500);
    rig.beginSpeech();
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(200);
    rig.beginSpeech();
    rig.hear(600);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_1', 'I would like… a tea.');
    expect(rig.all('input_audio_buffer.speech_started')).toHaveLength(1);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
    expect(rig.watch.responses.size).toBe(1);
    rig.golden('hesitation');
  });

  test('F27: create_response false commits the turn and leaves the answer to the client', () => {
    const rig = new Rig({ turnDetection: { ...serverVad, create_response: false } });
    rig.utter(800);
    rig.transcript('item_1', 'Hello?');
    rig.hear(1000);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
    expect(rig.watch.responses.size).toBe(0);
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'Hi.', 300);
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.golden('create-response-false');
  });

  test('a client that stops sending in the middle of speech ends its turn', () => {
    const rig = new Rig();
    rig.hear(500);
    rig.beginSpeech();
    rig.hear(700);
    rig.wait(1999);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(0);
    rig.wait(1);
    rig.transcript('item_1', 'Are you still');
    rig.answer('resp_1', 'Yes.', 300);
    expect(rig.last('input_audio_buffer.speech_stopped').audio_end_ms).toBe(1300);
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.golden('client-stops-sending');
  });
});

describe('semantic_vad', () => {
  /** Milliseconds after the acoustic end at which a turn is over when its words are judged so. */
  function endsAfter(eagerness: Eagerness, judgement: Judgement | undefined): number {
    const rig = new Rig({ turnDetection: { ...semanticVad, eagerness } });
    rig.hear(400);
    rig.beginSpeech();
    rig.hear(400);
    rig.pauseSpeech();
    if (judgement) rig.fact({ kind: 'turn.judged', item: 'item_1', ...judgement });
    rig.hear(10_000);
    return rig.last('input_audio_buffer.speech_stopped').audio_end_ms - 900;
  }

  test.each([
    ['high', 850, 700, 400, 250, 400, 1300],
    ['medium', 1000, 850, 700, 400, 550, 1600],
    ['auto', 1000, 850, 700, 400, 550, 1600],
    ['low', 1300, 1000, 850, 500, 700, 2000],
  ] as const)(
    'F25: eagerness %s waits %i ms for who sounds in full flow, %i, %i, and %i for who sounds finished; %i by words alone, %i unjudged',
    (eagerness, ...waits) => {
      const heard = [0.09, 0.1, 0.5, 0.9].map((complete): Judgement => ({ complete, basis: 'sound' }));
      expect(
        [...heard, { complete: 0.85, basis: 'words' } as const, undefined].map((judgement) => endsAfter(eagerness, judgement)),
      ).toEqual(waits);
    },
  );

  test.each([
    ['high', 'function_word', 1300, 1300, 1000, 1000, 1300],
    ['high', 'filler', 1300, 1300, 1000, 1000, 1300],
    ['high', 'digits', 1000, 1000, 850, 700, 1000],
    ['high', 'open_clause', 1000, 1000, 850, 700, 1000],
    ['medium', 'function_word', 1600, 1600, 1300, 1300, 1600],
    ['medium', 'filler', 1600, 1600, 1300, 1300, 1600],
    ['medium', 'digits', 1300, 1000, 1000, 850, 1300],
    ['medium', 'open_clause', 1300, 1000, 1000, 850, 1300],
    ['low', 'function_word', 2000, 2000, 1600, 1600, 2000],
    ['low', 'filler', 2000, 2000, 1600, 1600, 2000],
    ['low', 'digits', 1600, 1300, 1300, 1000, 1600],
    ['low', 'open_clause', 1600, 1300, 1300, 1000, 1600],
  ] as const)('F25: eagerness %s waits longer after a %s: %i, %i, %i, %i ms, and %i by words alone', (eagerness, unfinished, ...waits) => {
    const heard = [0.09, 0.1, 0.5, 0.9].map((complete): Judgement => ({ complete, basis: 'sound', unfinished }));
    const read: Judgement = { complete: 0.1, basis: 'words', unfinished };
    expect([...heard, read].map((judgement) => endsAfter(eagerness, judgement))).toEqual(waits);
  });

  test('F25: complete words end the turn soon', () => {
    const rig = new Rig({ turnDetection: semanticVad });
    rig.hear(400);
    rig.beginSpeech();
    rig.hear(800);
    rig.pauseSpeech();
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.95, basis: 'sound' });
    rig.hear(400);
    rig.transcript('item_1', 'Call me a taxi.');
    rig.answer('resp_1', 'On its way.', 600);
    expect(rig.last('input_audio_buffer.speech_stopped').audio_end_ms).toBe(1700);
    rig.golden('semantic-vad-complete');
  });

  test('incomplete words are waited for, and the user may go on', () => {
    const rig = new Rig({ turnDetection: semanticVad });
    rig.hear(400);
    rig.beginSpeech();
    rig.hear(500);
    rig.pauseSpeech();
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.1, basis: 'sound', unfinished: 'function_word' });
    rig.hear(1200);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(0);
    rig.beginSpeech();
    rig.hear(500);
    // A judgement of the earlier pause comes late: the user is speaking again.
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 1, basis: 'sound' });
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(0);
    rig.pauseSpeech();
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.5, basis: 'sound' });
    rig.hear(800);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
    rig.golden('semantic-vad-incomplete');
  });
});

test('a judgement of another item says nothing about the open turn', () => {
  const rig = new Rig({ turnDetection: semanticVad });
  rig.utter(400);
  rig.client({ type: 'input_audio_buffer.commit' });
  rig.beginSpeech();
  rig.hear(400);
  rig.pauseSpeech();
  rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 1, basis: 'sound' });
  rig.hear(1000);
  expect(rig.all('input_audio_buffer.committed').map(({ item_id }) => item_id)).toEqual(['item_1']);
  rig.fact({ kind: 'turn.judged', item: 'item_2', complete: 1, basis: 'sound' });
  expect(rig.all('input_audio_buffer.committed').map(({ item_id }) => item_id)).toEqual(['item_1', 'item_2']);
});

describe('without detection', () => {
  test('C09 S15 F26: the client commits and asks for the answer', () => {
    const rig = new Rig({ turnDetection: null });
    rig.hear(1200);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.client({ type: 'response.create' });
    rig.wait(100);
    rig.transcript('item_1', 'Hello.');
    rig.answer('resp_1', 'Hi.', 300);
    expect(rig.all('input_audio_buffer.speech_started')).toHaveLength(0);
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.golden('manual-commit');
  });

  test('C10: less than 100 ms cannot be committed, and stays in the buffer', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'input_audio_buffer.commit', event_id: 'none' });
    rig.hear(80);
    rig.client({ type: 'input_audio_buffer.commit', event_id: 'short' });
    expect(rig.faults).toEqual(['input_audio_buffer_commit_empty', 'input_audio_buffer_commit_empty']);
    expect(rig.last('error').error.message).toContain('80.00ms');
    rig.hear(20);
    rig.client({ type: 'input_audio_buffer.commit' });
    expect(rig.effects).toContainEqual({ kind: 'listen.commit', item: 'item_1', fromMs: 0, toMs: 100 });
    rig.golden('commit-too-short');
  });

  test('C11 S16: clear forgets the input, every time it is asked', () => {
    const rig = new Rig({ turnDetection: null });
    rig.hear(1000);
    rig.client({ type: 'input_audio_buffer.clear' });
    rig.client({ type: 'input_audio_buffer.clear' });
    rig.client({ type: 'input_audio_buffer.commit', event_id: 'empty' });
    expect(rig.all('input_audio_buffer.cleared')).toHaveLength(2);
    expect(rig.faults).toEqual(['input_audio_buffer_commit_empty']);
    rig.golden('clear');
  });
});

describe('with detection on', () => {
  test('C09: a client may commit in the middle of speech', () => {
    const rig = new Rig();
    rig.hear(500);
    rig.beginSpeech();
    rig.hear(500);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.fact({ kind: 'speech.paused', atMs: 1000 });
    rig.hear(1000);
    expect(rig.all('input_audio_buffer.committed').map(({ item_id }) => item_id)).toEqual(['item_1']);
    expect(rig.watch.responses.size).toBe(0);
    rig.golden('commit-in-speech');
  });

  test('C11: clear drops the utterance that was begun', () => {
    const rig = new Rig();
    rig.hear(500);
    rig.beginSpeech();
    rig.client({ type: 'input_audio_buffer.clear' });
    rig.fact({ kind: 'speech.paused', atMs: 700 });
    rig.hear(1000);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(0);
    rig.golden('clear-in-speech');
  });

  test('positions are whole milliseconds even where the samples are not', () => {
    const rig = new Rig();
    rig.fact({ kind: 'audio.reached', receivedMs: 500.3, decidedMs: 480 });
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.fact({ kind: 'speech.began', atMs: 600.7 });
    rig.fact({ kind: 'speech.paused', atMs: 900.4 });
    rig.fact({ kind: 'audio.reached', receivedMs: 1500.3, decidedMs: 1480 });
    expect(rig.last('input_audio_buffer.speech_started').audio_start_ms).toBe(500);
    expect(rig.last('input_audio_buffer.speech_stopped').audio_end_ms).toBe(1400);
  });
});
