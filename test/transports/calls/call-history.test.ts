// What is kept of what has happened in a call: the events that tell of it, in few words, and no more than there is room for.
import { expect, test } from 'vitest';
import { CallHistory, type HistoryEntry } from '../../../src/transports/calls/call-history.ts';

const pool = (mostCharacters = 10_000_000) => ({ characters: 0, mostCharacters });
const told = (entries: readonly HistoryEntry[]) => entries.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
const delta = (text: string, item = 'item_1') => ({
  type: 'response.output_audio_transcript.delta',
  item_id: item,
  response_id: 'resp_1',
  delta: text,
});
const speech = { type: 'input_audio_buffer.speech_started', item_id: 'item_0' };

test('events have their numbers and times, and what tells nothing is left out', () => {
  const history = new CallHistory(pool());
  history.note(speech, 100, { startMs: 40, lastMs: 100 });
  history.note({ type: 'rate_limits.updated' }, 110);
  history.note({ type: 'session.updated' }, 110);
  history.note({ type: 'input_audio_buffer.speech_stopped' }, 900);
  const { entries, lost } = history.after(0);
  expect(lost).toBe(0);
  expect(entries.map(({ number, atMs, voice }) => [number, atMs, voice])).toEqual([
    [1, 100, { startMs: 40, lastMs: 100 }],
    [2, 900, undefined],
  ]);
  expect(told(history.after(1).entries)).toEqual([{ type: 'input_audio_buffer.speech_stopped' }]);
  expect(history.after(2).entries).toEqual([]);
});

test('the first word of an answer is told at once, and those after it together', () => {
  const history = new CallHistory(pool());
  for (const [at, word] of ['One', ' two', ' three', ' four', ' five'].entries()) history.note(delta(word), 1000 + at * 150);
  history.note({ type: 'conversation.item.done' }, 1700);
  const { entries } = history.after(0);
  expect(entries.map(({ atMs }, at) => [atMs, told(entries)[at]?.['delta']])).toEqual([
    [1000, 'One'],
    [1450, ' two three four'],
    [1700, ' five'],
    [1700, undefined],
  ]);
});

test('sound, images and what else is long do not stay', () => {
  const history = new CallHistory(pool());
  const item = { id: 'item_1', content: [{ type: 'input_audio', audio: 'A'.repeat(50_000), transcript: 'Hello.' }] };
  history.note({ type: 'conversation.item.added', ...{ item } }, 0);
  history.note({ type: 'conversation.item.added', ...{ item: { id: 'item_2', output: 'x'.repeat(20_000) } } }, 0);
  const [sound, output] = told(history.after(0).entries);
  expect(sound).toMatchObject({ item: { content: [{ transcript: 'Hello.' }] } });
  expect(JSON.stringify(sound)).not.toContain('AAAA');
  expect(JSON.stringify(output).length).toBeLessThan(4100);
  history.note({ type: 'conversation.item.added', ...{ item: { list: Array.from({ length: 30 }, () => 'x'.repeat(3900)) } } }, 0);
  expect(history.after(0).entries).toHaveLength(2);
});

test('of a long call the oldest goes, and whoever looks is told how much', () => {
  const history = new CallHistory(pool());
  for (let at = 0; at < 20_000; at++) history.note(speech, at);
  const { entries, lost } = history.after(0);
  expect(history.characters).toBeLessThanOrEqual(512 * 1024);
  expect(lost + entries.length).toBe(20_000);
  expect(entries[0]?.number).toBe(lost + 1);
  expect(history.after(19_000)).toMatchObject({ lost: 0, entries: { length: 1000 } });
});

test('all calls together keep no more than there is room for, and give it back', () => {
  const room = pool(5000);
  const histories = Array.from({ length: 10 }, () => new CallHistory(room));
  for (let at = 0; at < 200; at++) for (const history of histories) history.note(speech, at);
  expect(room.characters).toBeLessThanOrEqual(5000);
  for (const history of histories) history.forget();
  expect(room.characters).toBe(0);
  const none = new CallHistory(pool(0));
  none.note(speech, 0);
  expect(none.after(0).entries).toEqual([]);
});
