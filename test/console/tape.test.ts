// A tape in the console: the turns it shows, and the events as they went out.
import { expect, test } from 'vitest';
import { readingsOf } from '../../console/src/realtime/timeline.ts';
import { readTape } from '../../console/src/realtime/tape.ts';
import { answer, done, userItem } from './recorded.ts';

const session = { type: 'realtime', audio: { input: { turn_detection: { type: 'server_vad', interrupt_response: true } } } };

function tapeOf(lines: readonly object[], birth: object = {}): string {
  const header = { tape: 2, parley: '0.1.0', startedAt: '2026-01-01T00:00:00.000Z', startUs: 0, sound: false };
  return [{ ...header, birth: { sessionId: 'sess_1', ...birth } }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

const sends = (...events: object[]) => events.map((event) => ({ kind: 'send', event }));
const audio = { kind: 'send.audio', response: 'resp_1', item: 'item_a', outputIndex: 0, contentIndex: 0, bytes: { $bytes: 48_000 } };
const sound = { ...audio, format: { type: 'audio/pcm', rate: 24_000 }, eventId: 'event_9' };
const speechStarted = (item: string) => ({ type: 'input_audio_buffer.speech_started', item_id: item, audio_start_ms: 400 });

/** Speech from 400 to 1000 of the input, noticed at 500 and 1100; the turn ends at 1500, sound comes at 1900 and lasts a second. */
const turn = [
  { us: 0, opened: sends({ type: 'session.created', session }) },
  { heard: [480_000, 480, 448, 500_000, 500, 480] },
  { us: 500_000, fact: { kind: 'speech.began', atMs: 400 }, effects: sends(speechStarted('item_u')) },
  { heard: [1_100_000, 1100, 1080] },
  { us: 1_100_000, fact: { kind: 'speech.paused', atMs: 1000 } },
  {
    us: 1_500_000,
    fact: { kind: 'audio.reached', receivedMs: 1500, decidedMs: 1480 },
    effects: sends({ type: 'input_audio_buffer.speech_stopped', item_id: 'item_u', audio_end_ms: 1000 }, answer),
  },
  { us: 1_900_000, fact: { kind: 'run.audio' }, effects: [sound] },
];

test('a spoken turn has its instants, by the clock of the server', () => {
  const tape = readTape(
    tapeOf([
      ...turn,
      { us: 1_950_000, fact: { kind: 'run.ended' }, effects: sends(done('completed', [])) },
      { us: 5_000_000, end: 'over' },
    ]),
  );
  expect(tape).toMatchObject({ session: 'sess_1', version: '0.1.0', end: 'over', lengthMs: 5000 });
  const [first, ...more] = tape.turns.list;
  expect(more).toEqual([]);
  expect(first?.marks).toEqual({
    speechStart: 400,
    vad: 500,
    speechEnd: 1000,
    turnEnd: 1500,
    firstAudio: 1900,
    heardStart: 1900,
    heardEnd: 2900,
    done: 1950,
  });
  expect(first && readingsOf(first).map(({ name, ms }) => `${name} ${ms}`)).toEqual([
    'vad 100',
    'turnEnd 500',
    'firstAudio 900',
    'heardStart 900',
    'heardEnd 1900',
  ]);
});

test('speech over an answer cuts it there, in the turn it belongs to', () => {
  const tape = readTape(
    tapeOf([...turn, { us: 2_200_000, fact: { kind: 'speech.began', atMs: 2100 }, effects: sends(speechStarted('item_v')) }]),
  );
  expect(tape.turns.list.map(({ interrupted, marks }) => [interrupted, marks.heardEnd])).toEqual([
    [true, 2200],
    [false, undefined],
  ]);
  expect(tape.end).toBe('broken');
});

test('of a call its server says what is played', () => {
  const played = [
    { us: 1_950_000, fact: { kind: 'tick' }, effects: sends({ type: 'output_audio_buffer.started', response_id: 'resp_1' }) },
    { us: 3_000_000, fact: { kind: 'tick' }, effects: sends({ type: 'output_audio_buffer.stopped', response_id: 'resp_1' }) },
  ];
  const [first] = readTape(tapeOf([...turn, ...played], { speaker: { lagMs: 100 } })).turns.list;
  expect(first?.marks).toMatchObject({ firstAudio: 1900, heardStart: 1950, heardEnd: 3000 });
});

test('a text is a turn once an answer is asked for; what was only put into the conversation is none', () => {
  const create = (us: number) => ({
    us,
    fact: { kind: 'client', event: { type: 'conversation.item.create', item: userItem('item_1', 'Hi') } },
  });
  const tape = readTape(
    tapeOf([
      turn[0] ?? {},
      create(1_000_000),
      create(2_000_000),
      { us: 2_500_000, fact: { kind: 'client', event: { type: 'response.create' } } },
    ]),
  );
  expect(tape.turns.list.map(({ said, marks }) => [said, marks.turnEnd])).toEqual([['text', 2500]]);
});

test('the events are those that went out and came in, in their order, sound by its size', () => {
  const tape = readTape(tapeOf([...turn, { us: 2_100_000, fact: { kind: 'client', event: { type: 'response.cancel' } } }]));
  expect(tape.events.map(({ at, direction, event }) => `${at} ${direction} ${event.type}`)).toEqual([
    '0 received session.created',
    '500 received input_audio_buffer.speech_started',
    '1500 received input_audio_buffer.speech_stopped',
    '1500 received response.created',
    '1900 received response.output_audio.delta',
    '2100 sent response.cancel',
  ]);
  expect(tape.events[4]?.event).toMatchObject({ event_id: 'event_9', item_id: 'item_a', delta: '(48000 bytes of sound)' });
});

test.each([
  ['', 'This is no tape of a session.'],
  ['{"a":1}\n', 'This is no tape of a session.'],
  [tapeOf([]).replace('"tape":2', '"tape":7'), 'This tape is of format 7, which this page does not know.'],
  [tapeOf([]).concat('nonsense\n'), 'Line 2 of the tape cannot be read.'],
])('%j is refused in words', (text, why) => {
  expect(() => readTape(text)).toThrow(why);
});

test('a tape of the format before is shown as well', () => {
  expect(readTape(tapeOf(turn).replace('"tape":2', '"tape":1')).turns).toEqual(readTape(tapeOf(turn)).turns);
});

test('a last line that is not whole is left out', () => {
  expect(readTape(`${tapeOf(turn)}{"us":3`).events).toHaveLength(5);
});
