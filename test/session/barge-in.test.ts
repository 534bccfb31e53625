// Golden transcripts: the user speaks while the agent does, and the ways a client stops or cuts an answer.
import { describe, expect, test } from 'vitest';
import { Rig, serverVad, wordsOf } from './rig.ts';
import { assistantTurns, counting, speaking } from './speaking.ts';

/** A rig whose answer is still being made when its client has a result for it and asks for the next one. */
function owing(turnDetection: typeof serverVad): Rig {
  const rig = new Rig({ turnDetection });
  rig.says('How is the weather?');
  rig.client({ type: 'response.create' });
  rig.hear(200);
  rig.call('resp_1', 'call_1', 'weather', '{}');
  rig.output('call_1', 'sunny');
  rig.client({ type: 'response.create', response: { instructions: 'Be short.' } });
  expect(rig.watch.responses.size).toBe(1);
  return rig;
}

describe('barge-in', () => {
  test('O06 S26 S38 S40 F46: cuts an answer that is still being made, and the model remembers only what was heard', () => {
    const rig = speaking(3000);
    rig.hear(1600);
    rig.beginSpeech();
    const types = rig.sent.map(({ type }) => type);
    // Clients clear their speaker on speech_started: it is told before the closing events.
    expect(types.indexOf('input_audio_buffer.speech_started')).toBeLessThan(types.indexOf('response.output_audio.done'));
    expect(rig.last('response.done').response).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'turn_detected' },
      output: [{ status: 'incomplete', content: [{ transcript: 'one two three' }] }],
    });
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_3', 'Stop.');
    expect(assistantTurns(rig)).toEqual(['one two three']);
    rig.answer('resp_2', 'Fine.', 300);
    expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 completed']);
    rig.golden('barge-in-while-generating');
  });

  test('O11: nothing of the cut response is told, however late its engines unwind', () => {
    const rig = speaking(3000);
    rig.hear(1600);
    rig.beginSpeech();
    const before = rig.effects.length;
    rig.text('resp_1', ' eleven');
    rig.audio('resp_1', 500);
    rig.call('resp_1', 'call_1', 'late', '{}');
    rig.end('resp_1', { reason: 'failed', failure: { code: 'broken', message: 'aborted' } });
    rig.end('resp_1');
    expect(rig.effects).toHaveLength(before);
    rig.golden('barge-in-late-facts');
  });

  test('while a finished answer is still audible cuts the history, and tells nothing of the finished response', () => {
    const rig = speaking(5000);
    rig.end('resp_1');
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.hear(2100);
    const before = rig.sent.length;
    rig.beginSpeech();
    expect(rig.sent.slice(before).map(({ type }) => type)).toEqual(['input_audio_buffer.speech_started']);
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_3', 'Stop.');
    expect(assistantTurns(rig)).toEqual(['one two three four']);
    rig.golden('barge-in-while-audible');
  });

  test('by speech that goes on after a pause in which the client has asked for an answer cuts it just the same', () => {
    const rig = new Rig();
    rig.says('Count to ten.');
    rig.hear(200);
    rig.beginSpeech();
    rig.hear(300);
    rig.pauseSpeech();
    rig.client({ type: 'response.create' });
    rig.text('resp_1', counting);
    rig.audio('resp_1', 3000, wordsOf(counting, 5000).slice(0, 6));
    rig.hear(200);
    rig.beginSpeech();
    expect(rig.last('response.done').response).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'turn_detected' },
    });
    rig.hear(300);
    rig.pauseSpeech();
    rig.hear(500);
    expect(rig.all('input_audio_buffer.speech_started')).toHaveLength(1);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
    rig.golden('barge-in-after-a-pause');
  });

  test('after a pause cuts nothing where speech is not to interrupt', () => {
    const rig = new Rig({ turnDetection: { ...serverVad, interrupt_response: false } });
    rig.says('Count to ten.');
    rig.beginSpeech();
    rig.pauseSpeech();
    rig.client({ type: 'response.create' });
    rig.text('resp_1', counting);
    rig.beginSpeech();
    expect(rig.endings).toEqual([]);
  });

  test('after the answer was heard to its end cuts nothing', () => {
    const rig = speaking(5000);
    rig.end('resp_1');
    rig.hear(5200);
    rig.utter(600);
    rig.transcript('item_3', 'Thanks.');
    expect(assistantTurns(rig)).toEqual([counting]);
  });

  test('B11: in the middle of a sum of money leaves the words before it: one of "$100" is none of "money"', () => {
    const rig = new Rig();
    rig.says('What is left?');
    rig.client({ type: 'response.create' });
    rig.text('resp_1', 'The money is $100.');
    rig.audio('resp_1', 3000, wordsOf('The money is one hundred dollars', 3000));
    rig.hear(2100);
    rig.beginSpeech();
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_3', 'Thanks.');
    expect(assistantTurns(rig)).toEqual(['The money is']);
    rig.golden('barge-in-within-a-sum');
  });

  test('before anything was heard leaves no words of the answer', () => {
    const rig = new Rig();
    rig.says('Count to ten.');
    rig.client({ type: 'response.create' });
    rig.hear(200);
    rig.text('resp_1', counting);
    rig.beginSpeech();
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_3', 'Never mind.');
    expect(assistantTurns(rig)).toEqual([]);
    rig.golden('barge-in-before-sound');
  });

  test('in a gap of the voice leaves only what was spoken before the gap', () => {
    const rig = speaking(1000);
    rig.hear(3000);
    rig.beginSpeech();
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_3', 'Go on.');
    expect(assistantTurns(rig)).toEqual(['one two']);
  });

  test('cuts every answer that waits to be heard, not only the last', () => {
    const rig = new Rig({ turnDetection: serverVad, inworld: true });
    rig.says('Weather?');
    rig.client({ type: 'response.create' });
    rig.text('resp_1', 'let me look that up');
    rig.audio('resp_1', 2500, wordsOf('let me look that up', 2500));
    rig.call('resp_1', 'call_1', 'weather', '{}');
    rig.end('resp_1');
    rig.output('call_1', 'sunny');
    rig.answer('resp_2', 'it is sunny today', 2000);
    rig.hear(1100);
    rig.beginSpeech();
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_6', 'Wait.');
    expect(assistantTurns(rig)).toEqual(['let me']);
    rig.golden('barge-in-two-answers');
  });

  test('drops a response that still waits for its words: both turns get one answer', () => {
    const rig = new Rig();
    rig.utter(600);
    rig.utter(600);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    rig.transcript('item_2', 'and then?');
    expect(rig.prompts).toHaveLength(0);
    rig.transcript('item_1', 'First,');
    expect(rig.prompts).toHaveLength(1);
    rig.answer('resp_2', 'Then that.', 500);
    expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 completed']);
    rig.golden('barge-in-while-waiting');
  });

  test('while a response.create waits: it is given after the turn, when turns are not answered by themselves', () => {
    const rig = owing({ ...serverVad, create_response: false });
    rig.beginSpeech();
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    rig.hear(500);
    expect(rig.watch.active, 'nobody talks over the user').toBeUndefined();
    rig.pauseSpeech();
    rig.hear(400);
    expect(rig.watch.active).toBe('resp_2');
    rig.transcript('item_4', 'In Rome, I mean.');
    expect(rig.prompts.at(-1)?.instructions).toBe('Be short.');
    expect(rig.prompts.at(-1)?.turns.at(-1)).toEqual({ role: 'user', parts: [{ type: 'text', text: 'In Rome, I mean.' }] });
    rig.answer('resp_2', 'Sunny.', 300);
    rig.utter(600);
    rig.transcript('item_6', 'Thanks.');
    rig.hear(3000);
    expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 completed']);
    rig.golden('barge-in-owed-response');
  });

  test('while a response.create waits: it answers the turn as well, and there is only one', () => {
    const rig = owing(serverVad);
    rig.utter(600);
    rig.transcript('item_4', 'In Rome, I mean.');
    expect(rig.prompts.at(-1)?.instructions).toBe('Be short.');
    rig.answer('resp_2', 'Sunny.', 300);
    rig.hear(3000);
    expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 completed']);
  });

  test('that comes to nothing leaves the response that was asked for', () => {
    const rig = owing(serverVad);
    rig.beginSpeech();
    rig.client({ type: 'input_audio_buffer.clear' });
    expect(rig.prompts.at(-1)?.instructions).toBe('Be short.');
    expect(rig.watch.active).toBe('resp_2');
  });

  test('C38: leaves an out-of-band response alone', () => {
    const rig = new Rig();
    rig.client({ type: 'response.create', response: { conversation: 'none', output_modalities: ['text'] } });
    rig.text('resp_1', 'thinking');
    rig.utter(600);
    expect(rig.endings).toEqual([]);
    rig.end('resp_1');
    expect(rig.endings).toEqual(['resp_1 completed']);
  });
});

describe('interrupt_response false', () => {
  test('F28: lets the answer finish, and then the turn gets exactly one', () => {
    const rig = speaking(3000, { ...serverVad, interrupt_response: false });
    rig.hear(500);
    rig.utter(600);
    rig.transcript('item_3', 'And backwards?');
    expect(rig.endings).toEqual([]);
    expect(rig.watch.responses.size).toBe(1);
    rig.audio('resp_1', 2000);
    rig.end('resp_1');
    expect(rig.watch.responses.size).toBe(2);
    expect(assistantTurns(rig)).toEqual([counting]);
    rig.answer('resp_2', 'Ten, nine.', 500);
    rig.hear(3000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('interrupt-response-false');
  });

  test('two turns in that time still get one answer between them', () => {
    const rig = speaking(3000, { ...serverVad, interrupt_response: false });
    rig.utter(600);
    rig.transcript('item_3', 'And backwards?');
    rig.utter(600);
    rig.transcript('item_4', 'Please.');
    rig.end('resp_1');
    rig.answer('resp_2', 'Ten, nine.', 500);
    rig.hear(3000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });
});

describe('response.cancel', () => {
  test('C44 C46 S27 O11 F46: ends the active response with one done, and a second cancel finds nothing', () => {
    const rig = speaking(3000, null);
    rig.hear(1600);
    rig.client({ type: 'response.cancel', event_id: 'c1' });
    rig.client({ type: 'response.cancel', event_id: 'c2' });
    rig.end('resp_1');
    expect(rig.last('response.done').response.status_details).toEqual({ type: 'cancelled', reason: 'client_cancelled' });
    expect(rig.all('response.done')).toHaveLength(1);
    expect(rig.last('error').error).toMatchObject({ code: 'response_cancel_not_active', event_id: 'c2' });
    rig.golden('client-cancel');
  });

  test('C46: with nothing active changes nothing', () => {
    const rig = new Rig();
    rig.client({ type: 'response.cancel', event_id: 'c1' });
    rig.client({ type: 'response.cancel', event_id: 'c2', response_id: 'resp_9' });
    expect(rig.faults).toEqual(['response_cancel_not_active', 'response_cancel_not_active']);
    rig.golden('cancel-nothing');
  });

  test('C12: and output_audio_buffer.clear before or after it are taken without a word, for a client owns its speaker', () => {
    const rig = speaking(3000, null);
    rig.client({ type: 'output_audio_buffer.clear' });
    rig.client({ type: 'response.cancel' });
    const before = rig.effects.length;
    rig.client({ type: 'output_audio_buffer.clear' });
    expect(rig.effects).toHaveLength(before);
    expect(rig.faults).toEqual([]);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
  });

  test('is answered by a new response when the client asks for one, on both APIs', () => {
    for (const inworld of [false, true]) {
      const rig = new Rig({ turnDetection: null, inworld });
      rig.says('Count to ten.');
      rig.client({ type: 'response.create' });
      rig.text('resp_1', counting);
      rig.client({ type: 'response.cancel' });
      rig.client({ type: 'response.create' });
      expect(rig.faults).toEqual([]);
      expect(rig.watch.active).toBe('resp_2');
    }
  });
});
