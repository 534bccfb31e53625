// session.update in the middle of speech: the turn goes on, and its end is told by the new rules.
import { describe, expect, test } from 'vitest';
import { Rig, semanticVad, serverVad } from './rig.ts';
import { speaking } from './speaking.ts';

const started = 'input_audio_buffer.speech_started';
const stopped = 'input_audio_buffer.speech_stopped';
const committed = 'input_audio_buffer.committed';

function detect(rig: Rig, turn_detection: Record<string, unknown> | null): void {
  rig.client({ type: 'session.update', session: { audio: { input: { turn_detection } } } });
}

/** What was told of turns, in order: `started item_1 100`. */
function turns(rig: Rig): string[] {
  return rig.sent.flatMap((event) => {
    if (event.type === started) return `started ${event.item_id} ${event.audio_start_ms}`;
    if (event.type === stopped) return `stopped ${event.item_id} ${event.audio_end_ms}`;
    return event.type === committed ? `committed ${event.item_id}` : [];
  });
}

/** Speech from 400 ms on, of which 500 ms have been heard. */
function inSpeech(turnDetection: typeof serverVad | typeof semanticVad | null): Rig {
  const rig = new Rig({ turnDetection });
  rig.hear(400);
  rig.beginSpeech();
  rig.hear(400);
  return rig;
}

/** A pause in it, since 900 ms; 1000 ms have been heard. */
function inPause(turnDetection: typeof serverVad | typeof semanticVad | null): Rig {
  const rig = inSpeech(turnDetection);
  rig.pauseSpeech();
  return rig;
}

describe('detection tuned in mid-turn', () => {
  test('F24: another threshold and silence while somebody speaks leave the turn as it is, and count at its end', () => {
    const rig = inSpeech(serverVad);
    detect(rig, { threshold: 0.8, silence_duration_ms: 700, idle_timeout_ms: 8000 });
    rig.hear(300);
    rig.pauseSpeech();
    rig.hear(1000);
    expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 1900', 'committed item_1']);
    rig.transcript('item_1', 'What time is it?');
    rig.answer('resp_1', 'Noon.', 300);
    rig.golden('update-in-speech');
  });

  test('F24: a shorter silence ends a pause that has lasted as long already, and a longer one lets it last', () => {
    const shorter = inPause(serverVad);
    detect(shorter, { silence_duration_ms: 50 });
    expect(turns(shorter)).toEqual(['started item_1 100', 'stopped item_1 950', 'committed item_1']);
    const longer = inPause(serverVad);
    detect(longer, { silence_duration_ms: 900 });
    longer.hear(2000);
    expect(turns(longer)).toEqual(['started item_1 100', 'stopped item_1 1800', 'committed item_1']);
  });

  test('padding counts for the next turn', () => {
    const rig = inSpeech(serverVad);
    detect(rig, { prefix_padding_ms: 50 });
    rig.pauseSpeech();
    rig.hear(1000);
    rig.utter(500);
    expect(turns(rig)).toEqual([
      'started item_1 100',
      'stopped item_1 1400',
      'committed item_1',
      'started item_2 1950',
      'stopped item_2 3000',
      'committed item_2',
    ]);
  });
});

describe('another kind of detection in mid-turn', () => {
  test('F25: semantic_vad asks the judge about the pause it finds', () => {
    const rig = inPause(serverVad);
    detect(rig, { type: 'semantic_vad' });
    expect(rig.effects.at(-1)).toEqual({ kind: 'judge.turn', item: 'item_1', silenceMs: 100 });
    rig.hear(1000);
    expect(turns(rig)).toEqual(['started item_1 100']);
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.5, basis: 'sound' });
    expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 1600', 'committed item_1']);
    rig.golden('semantic-vad-in-pause');
  });

  test('F25: and about the next pause, when it comes while somebody speaks', () => {
    const rig = inSpeech(serverVad);
    detect(rig, { type: 'semantic_vad', eagerness: 'high' });
    rig.hear(200);
    rig.pauseSpeech();
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.9, basis: 'sound' });
    rig.hear(1000);
    expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 1350', 'committed item_1']);
  });

  test('F24: server_vad counts the silence from the end of the speech, whatever the judge says', () => {
    const rig = inPause(semanticVad);
    rig.hear(1000);
    detect(rig, { type: 'server_vad', silence_duration_ms: 1500 });
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.99, basis: 'sound' });
    expect(turns(rig)).toEqual(['started item_1 100']);
    rig.hear(1000);
    expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 2400', 'committed item_1']);
  });

  test('S59 S60: what was suggested is committed, and nothing is suggested by a judge who does not count', () => {
    const rig = new Rig({ turnDetection: semanticVad, inworld: true });
    rig.hear(400);
    rig.beginSpeech();
    rig.hear(400);
    rig.pauseSpeech();
    rig.fact({ kind: 'turn.judged', item: 'item_1', complete: 0.65, basis: 'sound' });
    detect(rig, { type: 'server_vad', silence_duration_ms: 1500 });
    rig.client({ type: 'session.update', session: { providerData: { stt: { end_of_turn_confidence_threshold: 0.5 } } } });
    expect(rig.all('input_audio_buffer.turn_suggestion')).toEqual([]);
    detect(rig, { type: 'semantic_vad' });
    expect(rig.all('input_audio_buffer.turn_suggestion')).toHaveLength(1);
    detect(rig, { type: 'server_vad', silence_duration_ms: 1500 });
    rig.hear(2000);
    expect(rig.all('input_audio_buffer.turn_suggestion_revoked')).toEqual([]);
    expect(rig.all(committed)).toHaveLength(1);
  });

  test('F28: keeps the two switches, so that who wished not to be interrupted is not', () => {
    const rig = speaking(3000, { ...serverVad, interrupt_response: false, create_response: false });
    detect(rig, { type: 'semantic_vad' });
    expect(rig.config.audio.input.turn_detection).toEqual({ ...semanticVad, interrupt_response: false, create_response: false });
    rig.hear(600);
    rig.beginSpeech();
    expect(rig.endings).toEqual([]);
    detect(rig, { type: 'server_vad' });
    expect(rig.config.audio.input.turn_detection).toEqual({ ...serverVad, interrupt_response: false, create_response: false });
  });
});

describe('F26: detection switched off in mid-turn', () => {
  test('tells nothing more until it is switched on again: then the turn is the same', () => {
    const rig = inSpeech(serverVad);
    detect(rig, null);
    rig.hear(200);
    rig.pauseSpeech();
    rig.hear(200);
    rig.beginSpeech();
    rig.hear(300);
    expect(turns(rig)).toEqual(['started item_1 100']);
    detect(rig, { type: 'server_vad' });
    rig.pauseSpeech();
    rig.hear(600);
    expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 2300', 'committed item_1']);
    rig.golden('detection-off-and-on-in-speech');
  });

  test('and switched on in a pause ends the turn when the pause has lasted long enough, counted from the end of the speech', () => {
    const rig = inSpeech(serverVad);
    detect(rig, null);
    rig.pauseSpeech();
    rig.hear(200);
    detect(rig, { type: 'server_vad' });
    expect(turns(rig)).toEqual(['started item_1 100']);
    rig.hear(300);
    expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 1400', 'committed item_1']);
    const late = inPause(serverVad);
    detect(late, null);
    late.hear(5000);
    detect(late, { type: 'server_vad' });
    expect(turns(late)).toEqual(['started item_1 100', 'stopped item_1 1400', 'committed item_1']);
    expect(late.effects).toContainEqual({ kind: 'listen.commit', item: 'item_1', fromMs: 100, toMs: 1400 });
  });

  test('keeps the item that was promised for the commit, and its words go on coming', () => {
    const rig = inSpeech(serverVad);
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'what time' });
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'what time is' });
    detect(rig, null);
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'what time is it' });
    rig.client({ type: 'conversation.item.create', item: { id: 'item_1', type: 'message', role: 'user', content: [] } });
    expect(rig.faults).toHaveLength(1);
    rig.hear(10_000);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.transcript('item_1', 'what time is it?');
    expect(turns(rig)).toEqual(['started item_1 100', 'committed item_1']);
    const deltas = rig.all('conversation.item.input_audio_transcription.delta').map(({ delta }) => delta);
    expect(deltas.join('')).toBe('what time is it?');
    // The next commit makes an item of its own.
    rig.hear(500);
    rig.client({ type: 'input_audio_buffer.commit' });
    expect(turns(rig).at(-1)).toBe('committed item_2');
  });

  test('a clear ends it, and what is said then is another item', () => {
    const rig = inSpeech(serverVad);
    detect(rig, null);
    rig.client({ type: 'input_audio_buffer.clear' });
    rig.hear(500);
    detect(rig, { type: 'server_vad' });
    rig.utter(500);
    expect(turns(rig)).toEqual(['started item_1 100', 'started item_2 1100', 'stopped item_2 2400', 'committed item_2']);
  });

  test('nobody waits for its end: the idle time, a tool, a client that stops sending', () => {
    const rig = new Rig();
    rig.says('How is the weather?');
    rig.client({ type: 'response.create' });
    rig.call('resp_1', 'call_1', 'weather', '{}');
    rig.end('resp_1');
    rig.hear(400);
    rig.beginSpeech();
    detect(rig, null);
    rig.wait(5000);
    expect(turns(rig)).toHaveLength(1);
    rig.output('call_1', 'sunny');
    rig.client({ type: 'response.create' });
    rig.answer('resp_2', 'Sunny.', 300);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });
});

describe('F26: detection switched on while somebody speaks', () => {
  test('begins a turn where the speech began, and interrupts', () => {
    const rig = speaking(3000, null);
    rig.hear(1000);
    rig.beginSpeech();
    rig.hear(200);
    expect(rig.endings).toEqual([]);
    detect(rig, { type: 'server_vad' });
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    rig.pauseSpeech();
    rig.hear(600);
    expect(turns(rig)).toEqual(['started item_3 900', 'stopped item_3 2000', 'committed item_3']);
    rig.golden('detection-on-in-speech');
  });

  test('in a pause begins it as well, as long as the pause would not have ended it', () => {
    const rig = inPause(null);
    detect(rig, { type: 'server_vad' });
    rig.hear(600);
    expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 1400', 'committed item_1']);
    const late = inPause(null);
    late.hear(500);
    detect(late, { type: 'server_vad' });
    late.hear(600);
    expect(turns(late)).toEqual([]);
  });

  test('begins it where this speech began, not where somebody spoke long before', () => {
    const rig = inPause(null);
    rig.hear(60_000);
    rig.beginSpeech();
    rig.hear(200);
    detect(rig, { type: 'server_vad' });
    rig.pauseSpeech();
    rig.hear(600);
    expect(turns(rig)[0]).toBe('started item_1 60700');
  });
});

test('an update that concerns the answers only leaves the pause as it is', () => {
  const rig = inPause(serverVad);
  rig.client({ type: 'session.update', session: { instructions: 'Sing.', audio: { output: { voice: 'Sarah', speed: 1.5 } } } });
  rig.hear(600);
  expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 1400', 'committed item_1']);
});

test('an update that is refused leaves all as it is', () => {
  const rig = inSpeech(serverVad);
  rig.client({ type: 'session.update', session: { audio: { input: { turn_detection: null }, output: { voice: 'no-voice' } } } });
  expect(rig.faults).toEqual(['invalid_value']);
  rig.pauseSpeech();
  rig.hear(600);
  expect(turns(rig)).toEqual(['started item_1 100', 'stopped item_1 1400', 'committed item_1']);
});
