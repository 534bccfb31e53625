// The tracker alone: events and times in, lines and figures out. No socket, no clock.
import { describe, expect, test } from 'vitest';
import { latencyText } from '../../src/cli/talk-latency.ts';
import { TurnTracker, type Line } from '../../src/cli/talk-tracker.ts';
import type { Fields } from '../../src/cli/talk-events.ts';

/** A tracker fed with `[atMs, type, fields]`, and every line it gave. */
function follow(tracker: TurnTracker) {
  const lines: Line[] = [];
  return {
    lines,
    feed: (atMs: number, type: string, fields: Fields = {}) => lines.push(...tracker.event({ type, ...fields }, atMs)),
    words: () =>
      lines.map((line) =>
        'text' in line ? `${line.kind}${'final' in line && !line.final ? '~' : ''} ${line.text}` : latencyText(line.latency),
      ),
  };
}

const started = 'input_audio_buffer.speech_started';
const committed = 'input_audio_buffer.committed';
const heardDelta = 'conversation.item.input_audio_transcription.delta';
const heard = 'conversation.item.input_audio_transcription.completed';
const spoken = 'response.output_audio_transcript.delta';
const sound = 'response.output_audio.delta';
const created = (id: string) => ({ response: { id } });
const done = (id: string, more: Fields = {}) => ({ response: { id, status: 'completed', output: [], ...more } });

describe('a spoken turn', () => {
  test('runs from listening through the answer to settled, its figures counted from the end of speech', () => {
    const tracker = new TurnTracker();
    const { feed, words, lines } = follow(tracker);
    tracker.begin('speech');
    feed(500, started);
    tracker.inputEnded(1000);
    expect(tracker.listening(1400)).toBe(true);
    feed(1500, committed, { item_id: 'u' });
    expect(tracker.listening(1500)).toBe(false);
    expect(tracker.awaitingServer).toBe(true);
    feed(1550, heardDelta, { item_id: 'u', delta: 'Good ' });
    feed(1560, heardDelta, { item_id: 'u', delta: 'day' });
    feed(1600, heard, { item_id: 'u', transcript: 'Good day.' });
    feed(1610, 'response.created', created('r'));
    feed(1700, spoken, { item_id: 'a', delta: 'Hel' });
    feed(1710, spoken, { item_id: 'a', delta: 'lo.' });
    feed(1900, sound);
    feed(2000, sound);
    feed(2100, 'response.output_item.done', { item: { type: 'message' } });
    expect(tracker.settled(2150)).toBe(false);
    feed(2200, 'response.done', done('r'));
    expect(tracker.settled(2200)).toBe(true);
    lines.push(...tracker.conclude());
    expect(words()).toEqual([
      'user~ Good ',
      'user~ Good day',
      'user Good day.',
      'agent~ Hel',
      'agent~ Hello.',
      'agent Hello.',
      'end of speech → transcript 600 ms → first token 700 ms → first audio 900 ms → done 1200 ms',
    ]);
  });

  test('that was cut in two by a pause is settled only by the answer to its end', () => {
    const tracker = new TurnTracker();
    const { feed } = follow(tracker);
    tracker.begin('speech');
    feed(100, started);
    feed(900, committed, { item_id: 'u1' });
    feed(910, heard, { item_id: 'u1', transcript: 'I want' });
    feed(920, 'response.created', created('r1'));
    feed(950, 'response.done', done('r1'));
    expect(tracker.settled(950)).toBe(false);
    expect(tracker.listening(950)).toBe(true);
    feed(1000, started);
    tracker.inputEnded(1500);
    expect(tracker.settled(9000)).toBe(false);
    feed(2000, committed, { item_id: 'u2' });
    feed(2010, heard, { item_id: 'u2', transcript: 'tea' });
    feed(2020, 'response.created', created('r2'));
    feed(2100, 'response.done', done('r2'));
    expect(tracker.settled(2100)).toBe(true);
  });

  test('whose last sounds the server takes for noise settles two seconds after them', () => {
    const tracker = new TurnTracker();
    const { feed } = follow(tracker);
    tracker.begin('speech');
    feed(100, started);
    feed(900, committed, { item_id: 'u' });
    feed(910, heard, { item_id: 'u', transcript: 'Yes' });
    feed(920, 'response.created', created('r'));
    feed(950, 'response.done', done('r'));
    tracker.inputEnded(1000);
    expect(tracker.settled(2999)).toBe(false);
    expect(tracker.settled(3000)).toBe(true);
    expect(tracker.listening(3000)).toBe(false);
  });

  test('waits for a transcript that comes after the answer, but not for ever', () => {
    const late = new TurnTracker();
    const { feed } = follow(late);
    late.begin('speech');
    late.inputEnded(0);
    feed(500, committed, { item_id: 'u' });
    feed(600, 'response.created', created('r'));
    feed(1000, 'response.done', done('r'));
    expect(late.settled(1001)).toBe(false);
    expect(late.settled(4000)).toBe(true);
    feed(1500, heard, { item_id: 'u', transcript: 'Late' });
    expect(late.settled(1500)).toBe(true);
  });
});

describe('an interruption', () => {
  test('gives the figures of what was cut, and the turn goes on with the user; the late end of the old answer changes nothing', () => {
    const tracker = new TurnTracker();
    const { feed, words } = follow(tracker);
    tracker.begin('speech');
    tracker.inputEnded(0);
    feed(500, committed, { item_id: 'u1' });
    feed(550, heard, { item_id: 'u1', transcript: 'Tell me all' });
    feed(600, 'response.created', created('r1'));
    feed(700, spoken, { item_id: 'a1', delta: 'It all began' });
    feed(800, sound);
    feed(1500, started);
    feed(1510, 'response.done', done('r1', { status: 'cancelled', status_details: { reason: 'turn_detected' } }));
    expect(tracker.settled(9000)).toBe(false);
    tracker.inputEnded(2000);
    feed(2500, committed, { item_id: 'u2' });
    feed(2510, heard, { item_id: 'u2', transcript: 'Stop' });
    feed(2520, 'response.created', created('r2'));
    feed(2530, 'response.done', done('r1', { status: 'cancelled', status_details: { reason: 'turn_detected' } }));
    expect(tracker.awaitingServer).toBe(true);
    feed(2600, 'response.done', done('r2'));
    expect(tracker.settled(2600)).toBe(true);
    expect(words()).toContain('agent It all began … (interrupted)');
    expect(words()).toContain('end of speech → transcript 550 ms → first token 700 ms → first audio 800 ms');
  });
});

describe('function calls', () => {
  test('are owed once, though named by item and by response, and the turn is not settled before the answer to them', () => {
    const tracker = new TurnTracker();
    const { feed, words } = follow(tracker);
    const item = { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' };
    tracker.begin('text');
    tracker.inputEnded(0);
    feed(10, 'response.created', created('r1'));
    feed(20, 'response.output_item.done', { item });
    feed(30, 'response.done', done('r1', { output: [item] }));
    expect(tracker.takeCalls()).toEqual([{ callId: 'c1', name: 'look', arguments: '{}' }]);
    expect(tracker.takeCalls()).toEqual([]);
    expect(tracker.settled(30)).toBe(false);
    feed(40, 'response.created', created('r2'));
    feed(50, 'response.done', done('r2'));
    expect(tracker.settled(50)).toBe(true);
    expect(words()).toEqual(['tool look({})']);
  });

  test('of a response that was talked over are not owed', () => {
    const tracker = new TurnTracker();
    const { feed } = follow(tracker);
    tracker.begin('speech');
    feed(10, 'response.created', created('r'));
    feed(20, 'response.output_item.done', { item: { type: 'function_call', call_id: 'c', name: 'x', arguments: '' } });
    feed(30, 'response.done', done('r', { status: 'cancelled', status_details: { reason: 'turn_detected' } }));
    expect(tracker.takeCalls()).toEqual([]);
  });
});

describe('errors', () => {
  test('before a response fail the turn, during one they are shown, and lost races are passed over', () => {
    const tracker = new TurnTracker();
    const { feed, words } = follow(tracker);
    const error = { error: { message: 'Too little audio.', code: 'input_audio_buffer_commit_empty' } };
    tracker.begin('text');
    feed(5, 'error', { error: { message: 'Busy', code: 'conversation_already_has_active_response' } });
    expect(tracker.failure).toBeUndefined();
    feed(10, 'response.created', created('r'));
    feed(20, 'error', error);
    expect(tracker.failure).toBeUndefined();
    expect(words()).toEqual(['error Too little audio (input_audio_buffer_commit_empty).']);
    tracker.begin('text');
    feed(30, 'error', error);
    expect(tracker.failure).toBe('Too little audio (input_audio_buffer_commit_empty).');
  });

  test('an incomplete answer is an answer, with a note', () => {
    const tracker = new TurnTracker();
    const { feed, words } = follow(tracker);
    tracker.begin('text');
    feed(1, 'response.created', created('r'));
    feed(2, 'response.output_text.delta', { item_id: 'a', delta: 'Well' });
    feed(3, 'response.done', done('r', { status: 'incomplete', status_details: { reason: 'max_output_tokens' } }));
    expect(tracker.settled(3)).toBe(true);
    expect(words()).toEqual(['agent~ Well', 'agent Well', 'note The answer is incomplete (max_output_tokens).']);
  });
});

describe('texts', () => {
  test('that come both spoken and written are shown once', () => {
    const tracker = new TurnTracker();
    const { feed, words } = follow(tracker);
    tracker.begin('text');
    feed(1, 'response.created', created('r'));
    feed(2, 'response.output_text.delta', { item_id: 'a', delta: 'Hi there' });
    feed(3, spoken, { item_id: 'a', delta: 'Hi there' });
    feed(4, 'response.output_item.done', { item: { type: 'message' } });
    expect(words().at(-1)).toBe('agent Hi there');
  });

  test('of a server that repeats the whole transcript each time do not pile up', () => {
    const tracker = new TurnTracker();
    const { feed, words } = follow(tracker);
    tracker.begin('speech');
    feed(1, heardDelta, { item_id: 'u', delta: 'What is' });
    feed(2, heardDelta, { item_id: 'u', delta: 'What is the time' });
    expect(words()).toEqual(['user~ What is', 'user~ What is the time']);
  });
});
