import { expect, test } from 'vitest';
import { readWav, writeStereoWav } from '../../../src/media/wav.ts';
import { toBytes } from '../../../src/media/pcm.ts';
import { BothSides } from '../../../src/pipeline/tape/both-sides.ts';
import { noFault, type Step } from '../../../src/pipeline/tape/replay.ts';
import type { AudioFormat } from '../../../src/protocol/audio-format.ts';
import { serverVadDefaults, type TurnDetection } from '../../../src/protocol/session-config.ts';
import type { Effect } from '../../../src/session/effects.ts';
import { testConfig } from '../../session/birth.ts';

const pcm24k: AudioFormat = { type: 'audio/pcm', rate: 24_000 };

function step(atMs: number, ...effects: Effect[]): Step {
  return { line: 1, atMs, fact: undefined, effects, recorded: [], threw: noFault };
}

function sent(event: unknown): Effect {
  return { kind: 'send', event } as Effect;
}

/** A constant: where it is heard can be read from the samples. */
function level(ms: number, value: number): Uint8Array {
  return toBytes(new Int16Array(ms * 24).fill(value));
}

function answered(item: string, ms: number, value: number): Effect {
  return { kind: 'send.audio', item, bytes: level(ms, value), format: pcm24k } as Effect;
}

function opened(turnDetection: TurnDetection = serverVadDefaults): BothSides {
  const sides = new BothSides();
  sides.take(step(0, { kind: 'listen.configure', config: testConfig(turnDetection) }));
  return sides;
}

/** Stretches of the same value: `100-300 7`, in milliseconds. Silence is left out. */
function told(samples: Int16Array): string[] {
  const stretches: string[] = [];
  let from = 0;
  for (let at = 1; at <= samples.length; at += 1) {
    if (samples[at] === samples[from]) continue;
    if (samples[from] !== 0) stretches.push(`${from / 24}-${at / 24} ${samples[from]}`);
    from = at;
  }
  return stretches;
}

test('what the person said is where it was said: a frame ends when it comes, jitter is the network’s, a pause is a pause', () => {
  const sides = opened();
  for (const atMs of [120, 145, 155, 180, 1180]) sides.take({ atMs, heard: level(20, 5) });
  expect(told(sides.read().said)).toEqual(['100-180 5', '1160-1180 5']);
});

test('an answer is made fast and heard in its own time, one item after the other', () => {
  const sides = opened();
  sides.take(step(1000, answered('item_1', 300, 7)));
  sides.take(step(1010, answered('item_1', 300, 7), answered('item_2', 100, 9)));
  const { said, heard } = sides.read();
  expect(told(heard)).toEqual(['1000-1600 7', '1600-1700 9']);
  expect(said).toHaveLength(heard.length);
});

test('sound that comes too late has a gap before it', () => {
  const sides = opened();
  sides.take(step(1000, answered('item_1', 100, 7)));
  sides.take(step(1300, answered('item_1', 100, 7)));
  expect(told(sides.read().heard)).toEqual(['1000-1100 7', '1300-1400 7']);
});

const started = sent({ type: 'input_audio_buffer.speech_started', item_id: 'item_9', audio_start_ms: 0 });

test('speech cuts an answer where it interrupts, and not where it may not', () => {
  for (const [detection, until] of [
    [serverVadDefaults, 1200],
    [{ ...serverVadDefaults, interrupt_response: false }, 1600],
  ] as const) {
    const sides = opened(detection);
    sides.take(step(1000, answered('item_1', 600, 7)));
    sides.take(step(1200, started));
    expect(told(sides.read().heard)).toEqual([`1000-${until} 7`]);
  }
});

test('the client’s own word on what was heard is believed, and the next answer begins when it is made', () => {
  const sides = opened();
  sides.take(step(1000, answered('item_1', 600, 7)));
  sides.take(step(1200, started));
  sides.take(step(1250, sent({ type: 'conversation.item.truncated', item_id: 'item_1', content_index: 0, audio_end_ms: 150 })));
  sides.take(step(1300, answered('item_2', 100, 9)));
  expect(told(sides.read().heard)).toEqual(['1000-1150 7', '1300-1400 9']);
});

test('our own speaker that drops its sound cuts it', () => {
  const sides = opened(null);
  sides.take(step(1000, answered('item_1', 600, 7)));
  sides.take(step(1200, { kind: 'speaker.clear' }));
  expect(told(sides.read().heard)).toEqual(['1000-1200 7']);
});

test('an acknowledgement is heard over whatever there is', () => {
  const sides = opened();
  sides.take(step(1000, answered('item_1', 300, 7)));
  sides.take(step(1100, { kind: 'send.backchannel', eventId: 'event_1', id: 'b', bytes: level(100, 2) }));
  expect(told(sides.read().heard)).toEqual(['1000-1100 7', '1100-1200 9', '1200-1300 7']);
});

test('a WAV has the two beside each other', () => {
  const wav = writeStereoWav(Int16Array.of(10, 20), Int16Array.of(30, 40), 24_000);
  expect([...new Int16Array(wav.slice(44).buffer)]).toEqual([10, 30, 20, 40]);
  expect([...readWav(wav).samples]).toEqual([20, 30]);
});
