// The console's timeline: which instant each event marks, and what is drawn and read from it.
import { expect, test } from 'vitest';
import { medianWait, pictureOf, readingsOf } from '../../console/src/realtime/timeline.ts';
import { follow, noTurns, type TurnFact, type Turns } from '../../console/src/realtime/turns.ts';
import { TalkSpurt } from '../../src/media/talk-spurt.ts';
import { answer, recorded } from './recorded.ts';

const voice = { startMs: 1000, lastMs: 2500 };

/** One event every 100 ms from 1200 on: the speech stopped at 1500, the first words of the answer at 2000. */
function followed(facts: readonly TurnFact[] = []): Turns {
  const turns = recorded.reduce((state, event, index) => follow(state, { kind: 'event', event, voice }, 1200 + index * 100), noTurns);
  return facts.reduce((state, fact, index) => follow(state, fact, 5000 + index * 1000), turns);
}

test('the events of a spoken turn mark their instants, the microphone the speech itself', () => {
  const [turn, ...more] = followed().list;
  expect(more).toEqual([]);
  expect(turn).toMatchObject({ number: 1, said: 'speech', itemId: 'item_u', responseIds: ['resp_1'], interrupted: false });
  expect(turn?.marks).toMatchObject({ speechStart: 1000, vad: 1200, speechEnd: 1500, turnEnd: 1500, firstToken: 2100, firstAudio: 2200 });
  expect(turn?.marks.done).toBeGreaterThan(2200);
});

test('sound that is cut short ends where it was cut, in the turn it belongs to', () => {
  const next: TurnFact = {
    kind: 'event',
    event: { type: 'input_audio_buffer.speech_started', audio_start_ms: 9000, item_id: 'item_v' },
    voice,
  };
  const { list } = followed([{ kind: 'heard.start' }, next, { kind: 'heard.cut' }]);
  expect(list).toHaveLength(2);
  expect(list[0]).toMatchObject({ interrupted: true, marks: { heardStart: 5000, heardEnd: 7000 } });
  expect(list[1]?.marks.heardEnd).toBeUndefined();
});

test('a text is a turn that begins where it was sent', () => {
  const turns = follow(follow(noTurns, { kind: 'typed' }, 100), { kind: 'event', event: answer, voice }, 150);
  expect(turns.list[0]).toMatchObject({ said: 'text', marks: { turnEnd: 100 }, responseIds: ['resp_1'] });
});

test('numbers are counted from where the user fell silent', () => {
  const turn = followed([{ kind: 'heard.start' }, { kind: 'heard.end' }]).list[0];
  expect(turn && Object.fromEntries(readingsOf(turn).map(({ name, ms }) => [name, ms]))).toMatchObject({
    vad: 200,
    turnEnd: 0,
    firstToken: 600,
    firstAudio: 700,
    heardStart: 3500,
    heardEnd: 4500,
  });
  expect(medianWait(followed().list)).toBe(700);
});

test('the picture of the wait leaves out what lies far from it; that of the whole turn does not', () => {
  const turn = followed([{ kind: 'heard.start' }, { kind: 'heard.end' }]).list[0];
  const wait = turn && pictureOf(turn, 9000, false);
  const whole = turn && pictureOf(turn, 9000, true);
  expect(wait?.to).toBeLessThan(2000);
  expect(whole?.to).toBeGreaterThanOrEqual(4500);
  expect(whole?.spans.map(({ lane, kind }) => `${lane} ${kind}`)).toEqual([
    'you speech',
    'server thinking',
    'server writing',
    'heard buffered',
    'heard sound',
  ]);
  for (const at of wait?.grid ?? []) expect(at >= (wait?.from ?? 0) && at <= (wait?.to ?? 0)).toBe(true);
});

test('a hundred turns are kept, the oldest forgotten', () => {
  let turns = noTurns;
  for (let at = 0; at < 130; at++) turns = follow(turns, { kind: 'typed' }, at);
  expect(turns.list).toHaveLength(100);
  expect(turns.list[0]?.number).toBe(31);
});

test('a talk spurt is found where speech begins and ends above the noise of the room', () => {
  const ear = new TalkSpurt();
  for (let at = 0; at < 1000; at += 20) ear.hear(0.004, at);
  expect(ear.voice.startMs).toBeUndefined();
  for (let at = 1000; at < 1600; at += 20) ear.hear(0.1, at);
  for (let at = 1600; at < 2600; at += 20) ear.hear(0.004, at);
  expect(ear.voice).toEqual({ startMs: 1000, lastMs: 1580 });
  ear.hear(0.1, 2600);
  expect(ear.voice).toEqual({ startMs: 2600, lastMs: 2600 });
});
