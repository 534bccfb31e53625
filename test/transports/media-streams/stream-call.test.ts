// A call over each provider's stream, against a simulation of that provider: what the caller hears, what is heard of the caller, and what is known of both.
import { expect, test } from 'vitest';
import { bytesPerSample } from '../../../src/protocol/audio-format.ts';
import { difference, type RigOptions, streamRig } from './rig.ts';
import { asteriskWire, plainWire, plivoWire, rawWire, telnyxWire, twilioWire, vonageWire, wires } from './simulators/wires.ts';

/** Where sound that is no silence begins and ends, in frames of 20 ms. */
function frames(sound: Uint8Array, frameBytes: number): number[] {
  return Array.from({ length: Math.floor(sound.length / frameBytes) }, (_, at) => sound[at * frameBytes] as number);
}

test.each(wires)('%s: the caller hears every byte in its order, in real time, and every frame is as documented', (_name, carrier, wire) => {
  const { clock, provider, call, told, sound } = streamRig(carrier, wire());
  const answer = sound(1500);
  call.play(answer.subarray(0, answer.length / 3));
  call.play(answer.subarray(answer.length / 3));
  clock.advance(1000);
  expect(difference(provider.heard(), answer.subarray(0, (answer.length / 3) * 2))).toBeUndefined();
  clock.advance(1000);
  expect(provider.errors).toEqual([]);
  expect(difference(provider.heard(), answer)).toBeUndefined();
  expect(told.played.at(-1)).toEqual({ ms: 1500, clears: 0 });
});

test.each(wires)('%s: no more waits at the provider than an interruption can bear, and no less than a delay', (_name, carrier, wire) => {
  const { clock, provider, call, sound } = streamRig(carrier, wire());
  call.play(sound(5000));
  clock.advance(3000);
  expect(provider.mostBufferedMs).toBeGreaterThanOrEqual(400);
  expect(provider.mostBufferedMs).toBeLessThanOrEqual(1000);
});

test.each(wires)('%s: how much was played is known within a frame, all the time', (_name, carrier, wire) => {
  const { clock, call, told, sound } = streamRig(carrier, wire());
  call.play(sound(2000));
  for (let ms = 20; ms <= 2200; ms += 20) {
    clock.advance(20);
    const { ms: playedMs = 0 } = told.played.at(-1) ?? {};
    expect(playedMs).toBeLessThanOrEqual(ms);
    // Told every 100 ms.
    expect(playedMs).toBeGreaterThanOrEqual(Math.min(2000, ms) - 120);
  }
});

test.each(wires)(
  '%s: an interruption is on the wire before `clear` returns, and nothing of what was cleared is heard',
  (_name, carrier, wire) => {
    const { clock, provider, call, told, sound } = streamRig(carrier, wire());
    call.play(sound(3000));
    clock.advance(1030);
    call.clear();
    expect(provider.understood.at(-1)?.kind).toBe('clear');
    const [before, after] = told.played.slice(-2);
    expect(before?.clears).toBe(0);
    expect(before?.ms).toBeGreaterThanOrEqual(1010);
    expect(before?.ms).toBeLessThanOrEqual(1030);
    expect(after).toEqual({ ms: 3000, clears: 1 });
    const heard = provider.heard().length;
    clock.advance(1000);
    expect(provider.heard()).toHaveLength(heard);
    // What is said next is heard at once, and counted on top of what was given before.
    const next = sound(400);
    call.play(next);
    clock.advance(600);
    expect(provider.heard()).toHaveLength(heard + next.length);
    expect(told.played.at(-1)).toEqual({ ms: 3400, clears: 1 });
    expect(provider.errors).toEqual([]);
  },
);

test.each(wires)('%s: what the caller says is heard as it is said, without a gap', (_name, carrier, wire) => {
  const { clock, provider, told, sound } = streamRig(carrier, wire());
  const speech = sound(1000);
  clock.advance(200);
  void provider.say(speech);
  clock.advance(1000);
  const heard = told.whole;
  expect(heard.length).toBe(provider.frameBytes * 60);
  expect(difference(heard.subarray(provider.frameBytes * 10), speech)).toBeUndefined();
});

test.each(wires)('%s: keys that the caller presses are told', (_name, carrier, wire) => {
  const { provider, told } = streamRig(carrier, wire());
  for (const digit of ['1', '*', '#', 'D']) provider.press(digit);
  expect(told.digits).toEqual(['1', '*', '#', 'D']);
});

test.each([
  ['Twilio', 'twilio', twilioWire],
  ['Telnyx', 'telnyx', () => telnyxWire()],
  ['Plivo', 'plivo', plivoWire],
  ['the plain dialect', 'stream', () => plainWire()],
] as const)('%s: frames that were lost are silence of their length', (_name, carrier, wire) => {
  const { clock, provider, told, sound } = streamRig(carrier, wire());
  void provider.say(sound(1000));
  clock.advance(200);
  provider.lose(10);
  clock.advance(600);
  const heard = frames(told.whole, provider.frameBytes);
  expect(heard).toHaveLength(40);
  expect(heard.slice(10, 20)).toEqual(Array.from({ length: 10 }, () => 0xff));
  expect(heard[20]).toBe(21);
});

test.each(wires)(
  '%s: a caller of whom nothing comes is heard as silent in real time, and what comes then is in its place',
  (_name, carrier, wire) => {
    const made = wire();
    const { clock, provider, told, sound, perMs } = streamRig(carrier, made);
    clock.advance(200);
    const before = told.whole.length;
    provider.lose(100);
    clock.advance(700);
    // A network that stumbles is no silence yet.
    expect(told.whole.length).toBe(before);
    clock.advance(1000);
    const silent = told.whole.subarray(before);
    expect(silent.length / perMs).toBeGreaterThanOrEqual(1640);
    expect(silent.length / perMs).toBeLessThanOrEqual(1700);
    expect(silent.every((byte) => byte === (made.format.type === 'audio/pcmu' ? 0xff : 0))).toBe(true);
    clock.advance(300);
    const spoken = sound(200);
    void provider.say(spoken);
    clock.advance(200);
    // 200 ms, 2,000 ms of nothing, 200 ms.
    const lost = told.whole.length / perMs;
    expect(lost).toBeGreaterThanOrEqual(2380);
    expect(lost).toBeLessThanOrEqual(2400);
    expect(difference(told.whole.subarray(-spoken.length), spoken)).toBeUndefined();
  },
);

test('Telnyx: frames that overtake each other are put in their order', () => {
  const held: Parameters<NonNullable<RigOptions['between']>>[0][] = [];
  let count = 0;
  const { clock, provider, told, sound } = streamRig('telnyx', telnyxWire(), {
    between(frame) {
      if (!('text' in frame) || !frame.text.includes('"media"')) return [frame];
      count += 1;
      // Every third waits for the one after it.
      if (count % 3 === 0) {
        held.push(frame);
        return [];
      }
      return [frame, ...held.splice(0)];
    },
  });
  const speech = sound(1200);
  void provider.say(speech);
  clock.advance(1200);
  clock.advance(20);
  expect(difference(told.whole.subarray(0, speech.length), speech)).toBeUndefined();
});

test('Telnyx: a frame that never comes is given up, and one that comes too late is left out', () => {
  let late: { text: string } | undefined;
  let count = 0;
  const { clock, provider, call, told, sound } = streamRig('telnyx', telnyxWire(), {
    between(frame) {
      if (!('text' in frame) || !frame.text.includes('"event":"media"')) return [frame];
      count += 1;
      if (count !== 5) return [frame];
      late = frame;
      return [];
    },
  });
  void provider.say(sound(400));
  clock.advance(400);
  expect(frames(told.whole, provider.frameBytes).slice(0, 8)).toEqual([1, 2, 3, 4, 0xff, 6, 7, 8]);
  const length = told.whole.length;
  call.take({ kind: 'sound', sound: { bytes: Buffer.from(JSON.parse(late?.text ?? '{}').media.payload, 'base64'), order: 5, atMs: 80 } });
  expect(told.whole).toHaveLength(length);
});

test('Plivo: a clock that stamps a frame late is no gap', () => {
  let count = 0;
  const { clock, provider, told, sound } = streamRig('plivo', plivoWire(), {
    between(frame) {
      if (!('text' in frame) || !frame.text.includes('"media"')) return [frame];
      count += 1;
      const message = JSON.parse(frame.text);
      message.media.timestamp = String(Number(message.media.timestamp) + (count % 7) * 9);
      return [{ text: JSON.stringify(message) }];
    },
  });
  const speech = sound(1000);
  void provider.say(speech);
  clock.advance(1000);
  expect(difference(told.whole, speech)).toBeUndefined();
});

test('Asterisk: no sound is sent between MEDIA_XOFF and MEDIA_XON, and none is lost', () => {
  const { clock, provider, call, sound } = streamRig('asterisk', asteriskWire(), { levels: { xoffMs: 400, xonMs: 200 } });
  const answer = sound(3000);
  call.play(answer);
  clock.advance(3500);
  expect(provider.errors).toEqual([]);
  expect(provider.mostBufferedMs).toBeLessThanOrEqual(500);
  expect(difference(provider.heard(), answer)).toBeUndefined();
});

test('a provider that sends no mark back is believed by the clock, and sent no more marks', () => {
  const wire = { ...asteriskWire(), mark: () => undefined };
  const { clock, provider, call, told, sound } = streamRig('asterisk', wire);
  call.play(sound(6000));
  clock.advance(6100);
  expect(told.played.at(-1)).toEqual({ ms: 6000, clears: 0 });
  const marks = provider.understood.filter(({ kind }) => kind === 'mark').length;
  call.play(sound(1000));
  clock.advance(1100);
  expect(provider.understood.filter(({ kind }) => kind === 'mark')).toHaveLength(marks);
  expect(told.played.at(-1)).toEqual({ ms: 7000, clears: 0 });
});

test('raw sound: what was played is known by the clock, and what was sent before an interruption is heard before what comes next', () => {
  const { clock, provider, call, told, sound } = streamRig('stream', rawWire(), { query: new URLSearchParams('format=pcmu') });
  call.play(sound(2000));
  clock.advance(600);
  expect(told.played.at(-1)).toEqual({ ms: 600, clears: 0 });
  call.clear();
  expect(provider.mostBufferedMs).toBeLessThanOrEqual(200);
  const next = sound(300);
  call.play(next);
  clock.advance(800);
  expect(provider.errors).toEqual([]);
  const heard = provider.heard();
  expect(heard.length / 8).toBeGreaterThanOrEqual(900);
  expect(heard.length / 8).toBeLessThanOrEqual(1100);
  expect(difference(heard.subarray(-next.length), next)).toBeUndefined();
  expect(told.played.at(-1)).toEqual({ ms: 2300, clears: 1 });
});

test('a mark of sound that was cleared says nothing about what came after it', () => {
  const { clock, call, told, provider, sound } = streamRig('twilio', twilioWire());
  call.play(sound(400));
  clock.advance(100);
  const [mark] = provider.understood.filter(({ kind }) => kind === 'mark');
  call.clear();
  call.play(sound(1000));
  clock.advance(100);
  call.take({ kind: 'mark', name: mark?.name ?? '' });
  clock.advance(100);
  const { ms = 0 } = told.played.at(-1) ?? {};
  expect(ms).toBeLessThanOrEqual(600);
  expect(ms).toBeGreaterThanOrEqual(480);
});

test('a provider that plays later than it should is believed over the clock', () => {
  const { clock, call, told, sound } = streamRig('twilio', twilioWire(), {
    between: (frame) => ('text' in frame && frame.text.includes('"mark"') ? [] : [frame]),
  });
  call.play(sound(1000));
  clock.advance(900);
  // The first mark stands behind 300 ms, and has not come back.
  expect(told.played.at(-1)).toEqual({ ms: 300, clears: 0 });
});

test('what comes in small pieces is sent in whole frames, and its end is heard without more to come', () => {
  const { clock, provider, call, told, sound } = streamRig('vonage', vonageWire(16_000));
  const answer = sound(250);
  for (let at = 0; at < answer.length; at += 222) call.play(answer.subarray(at, at + 222));
  clock.advance(400);
  expect(provider.errors).toEqual([]);
  expect(difference(provider.heard().subarray(0, answer.length), answer)).toBeUndefined();
  expect(told.played.at(-1)).toEqual({ ms: 250, clears: 0 });
});

test('a mark stands behind each quarter of a second and at the end, in however small pieces the sound comes', () => {
  const { clock, provider, call, told, sound } = streamRig('twilio', twilioWire());
  const answer = sound(1100);
  for (let at = 0; at < answer.length; at += 160) {
    call.play(answer.subarray(at, at + 160));
    clock.advance(20);
  }
  clock.advance(200);
  const marks = provider.understood.filter(({ kind }) => kind === 'mark');
  expect(marks).toHaveLength(5);
  expect(provider.playedMarks).toEqual(marks.map(({ name }) => name));
  expect(told.played.at(-1)).toEqual({ ms: 1100, clears: 0 });
});

test('sound that is given and then overwritten by its giver is heard as it was given', () => {
  const { clock, provider, call, sound } = streamRig('twilio', twilioWire());
  const answer = sound(2000);
  const given = answer.slice();
  call.play(given);
  given.fill(0);
  clock.advance(2100);
  expect(difference(provider.heard(), answer)).toBeUndefined();
});

test('of sound without end no more than two minutes wait, and what is dropped counts as gone', () => {
  const { clock, call, told, sound } = streamRig('twilio', twilioWire());
  const minute = sound(60_000);
  for (let i = 0; i < 4; i++) call.play(minute);
  clock.advance(100);
  const { ms = 0 } = told.played.at(-1) ?? {};
  expect(ms).toBeGreaterThanOrEqual(119_000);
  clock.advance(125_000);
  expect(told.played.at(-1)).toEqual({ ms: 240_000, clears: 0 });
});

test('what the caller says before the call is answered is heard when it is, three seconds of it at most', () => {
  const { clock, provider, call, told, sound, perMs } = streamRig('twilio', twilioWire(), { answered: false });
  const hello = sound(300);
  void provider.say(hello);
  clock.advance(400);
  expect(told.sound).toEqual([]);
  clock.advance(10_000);
  call.answer(told);
  expect(told.whole.length).toBe(3000 * perMs);
  expect(difference(told.whole.subarray(0, hello.length), hello)).toBeUndefined();
});

test('16-bit samples are little-endian on our side, whatever they are on the line', () => {
  const { clock, provider, told } = streamRig('telnyx', telnyxWire(16_000));
  const samples = Int16Array.from({ length: 320 }, (_, at) => at * 100);
  expect(bytesPerSample({ type: 'audio/pcm', rate: 16_000 })).toBe(2);
  void provider.say(new Uint8Array(samples.buffer));
  clock.advance(20);
  expect(new Int16Array(new Uint8Array(told.whole).buffer)).toEqual(samples);
});
