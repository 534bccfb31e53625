// A running session and its tape: what drive() tells the session is on it, and nothing of it is awaited.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTape } from '../../../src/pipeline/tape/reader.ts';
import { replay } from '../../../src/pipeline/tape/replay.ts';
import { toBytes } from '../../../src/media/pcm.ts';
import { noise, openRig, type Rig, scene } from '../../rig.ts';
import { Recording } from './recording.ts';

const spoken = scene(500, 500, 900);

async function talk(rig: Rig): Promise<void> {
  await rig.hear(spoken, 640);
  rig.llm.last.text('Hello there.');
  rig.llm.last.end();
  await rig.settle();
  rig.tts.last.speak(noise(100, 24_000), 24_000);
  rig.tts.last.finish();
  await rig.settle();
}

test('a session that ran can be played again, and all that it sent is on its tape', async () => {
  const recording = new Recording();
  const tape = recording.open();
  const rig = openRig({ tape });
  // Times of a real clock are no round numbers.
  await rig.wait(1.234_567_8);
  await talk(rig);
  rig.client({ type: 'session.update', session: { type: 'realtime', instructions: 'Be kind.' } });
  await rig.settle();
  const text = readTape(await recording.ended(tape));
  expect(replay(text)).toMatchObject({ state: 'same' });
  const sent = [...text.lines()].flatMap(({ line }) => ('opened' in line ? line.opened : 'fact' in line ? (line.effects ?? []) : []));
  const types = (sent as { kind: string; event?: { type: string } }[]).flatMap(({ kind, event }) =>
    kind === 'send.audio' ? 'audio 4800' : kind === 'send.limits' ? 'rate_limits.updated' : (event?.type ?? []),
  );
  expect(types).toEqual(rig.transport.trace);
});

test('a fault of ours is the last that stands on a tape, and happens again when it is played', async () => {
  const recording = new Recording();
  const tape = recording.open();
  const rig = openRig({ tape });
  rig.transport.receive({ kind: 'event', event: { type: 'no.such.event' } as never });
  await rig.settle();
  expect(rig.transport.closes.map(({ code }) => code)).toEqual([1011]);
  const text = readTape(await recording.ended(tape));
  const [last] = [...text.lines()].slice(-2);
  expect(last?.line).toMatchObject({ fact: { kind: 'client' }, threw: expect.stringContaining('TypeError') });
  expect(replay(text)).toMatchObject({ state: 'same' });
});

test('the sound that came in and the sound that was made lie beside the tape, in their order', async () => {
  const recording = new Recording({ sound: true });
  const tape = recording.open();
  const rig = openRig({ tape });
  await talk(rig);
  await recording.ended(tape);
  const sound = readFileSync(join(recording.folder, recording.files.find((name) => name.endsWith('.sound')) ?? ''));
  const [answer] = rig.transport.audio;
  expect(sound.equals(Buffer.concat([toBytes(spoken), answer?.bytes ?? new Uint8Array()]))).toBe(true);
});

test('a tape that is lost costs the session nothing', async () => {
  const recording = new Recording({ folder: '/dev/null/tapes' });
  const tape = recording.open();
  const rig = openRig({ tape });
  await talk(rig);
  expect(rig.endings).toEqual([expect.stringMatching(/^resp_\w+ completed$/)]);
  expect(recording.warnings).toEqual(['a session cannot be recorded: its tape is lost']);
});
