// A tape played again: it does what it did, and whatever is changed on it is found where it is.
import { expect, test } from 'vitest';
import { readTape, TapeError } from '../../../src/pipeline/tape/reader.ts';
import { played, replay, silence, soundFrom } from '../../../src/pipeline/tape/replay.ts';
import { transcriptOf } from '../../../src/pipeline/tape/story.ts';
import type { Effect } from '../../../src/session/effects.ts';
import { Recording } from './recording.ts';
import { birthOf, SessionOnTape } from './session-on-tape.ts';

/** A question, an answer that is talked over, and a text that is answered whole. */
function talked(recording = new Recording()): SessionOnTape {
  const session = new SessionOnTape(birthOf(), recording);
  session.utter(800);
  const item = session.effects.flatMap((effect) => (effect.kind === 'listen.commit' ? effect.item : []))[0] ?? '';
  session.fact({ kind: 'transcript.final', item, text: 'What time is it?', seconds: 0.8 });
  session.answer('It is late, and getting later by the minute.', 3000);
  session.hear(400);
  session.utter(600);
  session.client({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Go on.' }] },
  });
  session.client({ type: 'response.create' });
  session.wait(31_000);
  return session;
}

/** Everything in it, in a form that is quick to compare. */
function textOf(effects: readonly Effect[]): string {
  return effects
    .map((effect) => JSON.stringify('bytes' in effect ? { ...effect, bytes: Buffer.from(effect.bytes).toString('base64') } : effect))
    .join('\n');
}

test('a tape does today what it did', async () => {
  const session = talked();
  const verdict = replay(readTape(await session.ended()));
  expect(verdict).toMatchObject({ state: 'same', effects: session.effects.length });
  expect(session.effects.filter(({ kind }) => kind === 'send.audio').length).toBeGreaterThan(3);
});

test('what it wants done is the same to the last byte of its sound, if that was recorded', async () => {
  const session = talked(new Recording({ sound: true }));
  const tape = readTape(await session.ended());
  const again = [...played(tape, soundFrom(session.recording.sound()))];
  expect(textOf(again.flatMap((step) => ('heard' in step ? [] : step.effects)))).toBe(textOf(session.effects));
  expect(again.flatMap((step) => ('heard' in step ? [...step.heard] : [])).every((byte) => byte === 1)).toBe(true);
});

test('silence stands for sound that was not recorded', async () => {
  const session = talked();
  const effects = [...played(readTape(await session.ended()), silence)].flatMap((step) => ('heard' in step ? [] : step.effects));
  const sounds = effects.flatMap((effect) => (effect.kind === 'send.audio' ? [effect.bytes] : []));
  expect(sounds.map(({ length }) => length)).toEqual(
    session.effects.flatMap((effect) => (effect.kind === 'send.audio' ? effect.bytes.length : [])),
  );
  expect(sounds.every((sound) => sound.every((byte) => byte === 0))).toBe(true);
});

test('every effect that is changed on a tape is found, in its step and place', async () => {
  const rows = (await talked().ended()).split('\n');
  let changed = 0;
  for (const [index, row] of rows.entries()) {
    const line = row === '' ? {} : JSON.parse(row);
    const effects = (line.opened ?? line.effects ?? []) as { kind: string }[];
    for (const [place, effect] of effects.entries()) {
      effect.kind += '!';
      const verdict = replay(readTape(rows.with(index, JSON.stringify(line)).join('\n')));
      expect(verdict).toMatchObject({ state: 'differs', difference: { effect: place, step: { line: index + 1 }, expected: effect } });
      effect.kind = effect.kind.slice(0, -1);
      changed += 1;
    }
  }
  expect(changed).toBeGreaterThan(30);
});

test('an effect too many, one that is missing and a fault are found', async () => {
  const rows = (await talked().ended()).split('\n');
  const at = rows.findIndex((row) => row.includes('speech_stopped'));
  const line = JSON.parse(rows[at] ?? '');
  const verdict = (changed: object) => replay(readTape(rows.with(at, JSON.stringify(changed)).join('\n')));
  const count = line.effects.length;
  expect(verdict({ ...line, effects: line.effects.slice(0, -1) })).toMatchObject({
    state: 'differs',
    difference: { effect: count - 1, expected: undefined },
  });
  expect(verdict({ ...line, effects: [...line.effects, { kind: 'more' }] })).toMatchObject({
    difference: { effect: count, actual: undefined },
  });
  expect(verdict({ ...line, threw: 'Error: no' })).toMatchObject({
    difference: { effect: undefined, expected: 'Error: no', actual: undefined },
  });
});

test('a fact at another time is found where that matters: more of the answer was heard before it was cut', async () => {
  const rows = (await talked().ended()).split('\n');
  const at = rows.findLastIndex((row) => row.includes('"speech.began"'));
  const line = JSON.parse(rows[at] ?? '');
  const verdict = replay(readTape(rows.with(at, JSON.stringify({ ...line, us: line.us + 1_500_000 })).join('\n')));
  expect(verdict).toMatchObject({ state: 'differs', difference: { step: { line: expect.any(Number) } } });
});

test('a tape that was broken off is played as far as it goes', async () => {
  const text = await talked().ended();
  const tape = readTape(text.slice(0, text.length / 2));
  expect([tape.end, replay(tape).state]).toEqual(['broken', 'same']);
});

test('the story of a tape has the ids that count up and the times since the beginning', async () => {
  const story = transcriptOf(readTape(await talked().ended())).split('\n');
  expect(story[1]).toBe('0 < session.created openai/gpt-4o-mini Dennis server_vad');
  expect(story).toContainEqual(expect.stringMatching(/^\d+ \* transcript\.final item_1 "What time is it\?"$/));
  expect(story).toContainEqual(expect.stringMatching(/^\d+ < response\.created resp_1$/));
  expect(story).toContainEqual(expect.stringMatching(/^\d+ > response\.create$/));
  expect(story.join('\n')).not.toContain('0123456789abcdef');
});

test('a tape without the sound that it names cannot be heard', async () => {
  const session = talked(new Recording({ sound: true }));
  const tape = readTape(await session.ended());
  expect(() => [...played(tape, soundFrom(new Uint8Array(100)))]).toThrow(TapeError);
});
