// G.711 as the voice of a call: nothing is lost but what the codec takes, positions stay time, and gaps are guessed from the pitch.
import { expect, test } from 'vitest';
import { createG711Decoder, createG711Encoder, g711Silence, type Law } from '../../../src/transports/rtp/g711-voice.ts';
import { PitchGuess } from '../../../src/transports/rtp/pitch-guess.ts';
import { FRAME_SAMPLES } from '../../../src/transports/rtp/voice.ts';

const RATE = 24_000;
const laws: Law[] = ['mu', 'a'];

const tone = (hz: number, samples: number, rateHz: number, amplitude = 8000) =>
  Int16Array.from({ length: samples }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz)));

/** Something like a vowel: a pitch with its harmonics. */
const vowel = (hz: number, samples: number, rateHz: number) =>
  Int16Array.from({ length: samples }, (_, i) =>
    [1, 2, 3, 4, 5].reduce((sum, k) => sum + (4000 / k) * Math.sin((2 * Math.PI * hz * k * i) / rateHz + k), 0),
  );

const energy = (samples: ArrayLike<number>) => Array.from(samples).reduce((sum, sample) => sum + sample * sample, 0);

function snrDb(wanted: Int16Array, heard: Int16Array): number {
  const noise = Array.from(wanted, (sample, i) => (heard[i] ?? 0) - sample);
  return 10 * Math.log10(energy(wanted) / energy(noise));
}

function throughCodec(law: Law, sound: Int16Array): { heard: Int16Array; packets: Uint8Array[] } {
  const encoder = createG711Encoder(law);
  const decoder = createG711Decoder(law);
  const packets = Array.from({ length: sound.length / FRAME_SAMPLES }, (_, i) =>
    encoder.encode(sound.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES)),
  );
  return { packets, heard: Int16Array.from(packets.flatMap((packet) => [...decoder.decode(packet)])) };
}

test.each(laws)('%s-law: 20 ms are 160 bytes and 480 samples, from the first packet on', (law) => {
  const { packets, heard } = throughCodec(law, tone(400, FRAME_SAMPLES * 10, RATE));
  expect(packets.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 160));
  expect(heard).toHaveLength(FRAME_SAMPLES * 10);
  const decoder = createG711Decoder(law);
  for (const bytes of [80, 160, 240, 480, 1600]) {
    expect(decoder.length(new Uint8Array(bytes))).toBe(bytes * 3);
    expect(decoder.decode(new Uint8Array(bytes))).toHaveLength(bytes * 3);
  }
  expect(decoder.length(new Uint8Array(0))).toBe(0);
  expect(decoder.length(new Uint8Array(1601))).toBe(0);
});

test.each(laws)('%s-law: what comes out is what went in, 36 dB above the noise, 4 ms later', (law) => {
  for (const hz of [300, 1000, 2500]) {
    const sound = tone(hz, FRAME_SAMPLES * 50, RATE);
    const { heard } = throughCodec(law, sound);
    const lag = (RATE * 4) / 1000;
    expect(snrDb(sound.subarray(1000, 20_000), heard.subarray(1000 + lag, 20_000 + lag))).toBeGreaterThan(36);
  }
});

test.each(laws)('%s-law: silence is silent', (law) => {
  const decoder = createG711Decoder(law);
  expect(decoder.decode(g711Silence(law)).every((sample) => Math.abs(sample) <= 16)).toBe(true);
  expect([...createG711Encoder('mu').encode(new Int16Array(FRAME_SAMPLES))]).toEqual([...g711Silence('mu')]);
});

test('a lost packet of a voice sounds like the voice: closer to it than silence, without a step', () => {
  const sound = vowel(130, 8000, 8000);
  const guess = new PitchGuess();
  guess.hear(sound.slice(0, 4000));
  const guessed = guess.next(80);
  expect(snrDb(sound.slice(4000, 4080), guessed)).toBeGreaterThan(6);
  const steps = Array.from(sound, (sample, i) => Math.abs(sample - (sound[i - 1] ?? 0)));
  const largest = steps.slice(1).reduce((a, b) => Math.max(a, b));
  const joined = [...sound.slice(3990, 4000), ...guessed];
  for (let i = 1; i < joined.length; i++) expect(Math.abs((joined[i] as number) - (joined[i - 1] as number))).toBeLessThan(largest * 1.5);
});

test.each([160, 240])(
  'a lost packet is guessed better out of what is before it and after it, in packets of %i samples, and meets both',
  (length) => {
    // A voice that rises by a fifth while it is lost.
    let phase = 0;
    const sound = Int16Array.from({ length: 8000 }, (_, i) => {
      phase += (2 * Math.PI * (i < 4000 ? 110 : i < 4000 + length ? 110 + ((i - 4000) / length) * 20 : 130)) / 8000;
      return [1, 2, 3].reduce((sum, k) => sum + (4000 / k) * Math.sin(phase * k + k), 0);
    });
    const after = sound.slice(4000 + length, 4000 + 2 * length);
    const guessFrom = (how: (guess: PitchGuess) => Int16Array) => {
      const guess = new PitchGuess();
      guess.hear(sound.slice(0, 4000));
      return [...how(guess), ...guess.hear(after.slice())];
    };
    const on = guessFrom((guess) => guess.next(length));
    const between = guessFrom((guess) => guess.before(after, length));
    expect(between.slice(length)).toEqual([...after]);
    const lost = sound.slice(4000, 4000 + 2 * length);
    expect(snrDb(lost, Int16Array.from(between))).toBeGreaterThan(snrDb(lost, Int16Array.from(on)));
    const largest = Array.from(sound, (sample, i) => Math.abs(sample - (sound[i - 1] ?? 0)))
      .slice(1)
      .reduce((a, b) => Math.max(a, b));
    const joined = [...sound.slice(3990, 4000), ...between];
    for (let i = 1; i < joined.length; i++) expect(Math.abs((joined[i] as number) - (joined[i - 1] as number))).toBeLessThan(largest * 1.5);
  },
);

test('what is lost before a packet too short to have a pitch is guessed from what is before it alone', () => {
  const sound = vowel(130, 8000, 8000);
  const guesses = [new PitchGuess(), new PitchGuess()] as const;
  for (const guess of guesses) guess.hear(sound.slice(0, 4000));
  expect(guesses[0].before(sound.slice(4080, 4160), 80)).toEqual(guesses[1].next(80));
});

test('a guess is whole for 10 ms, ever fainter to 60 ms, and nothing from there on', () => {
  const guess = new PitchGuess();
  guess.hear(vowel(130, 4000, 8000));
  const guessed = guess.next(800);
  const part = (fromMs: number, toMs: number) => energy(guessed.subarray(fromMs * 8, toMs * 8)) / (toMs - fromMs);
  expect(part(10, 25)).toBeLessThan(part(0, 10));
  expect(part(40, 55)).toBeLessThan(part(25, 40) / 2);
  expect(guessed.subarray(480).every((sample) => sample === 0)).toBe(true);
});

test('what comes after a loss begins in the guess and is itself again 10 ms later', () => {
  const sound = vowel(130, 8000, 8000);
  const guess = new PitchGuess();
  guess.hear(sound.slice(0, 4000));
  guess.next(160);
  const heard = guess.hear(sound.slice(4160, 4480));
  expect([...heard.subarray(80)]).toEqual([...sound.subarray(4240, 4480)]);
  expect([...heard.subarray(0, 80)]).not.toEqual([...sound.subarray(4160, 4240)]);
});

test('a guess at what was never heard is silence', () => {
  expect(new PitchGuess().next(480).every((sample) => sample === 0)).toBe(true);
  expect(createG711Decoder('a').conceal(480)).toHaveLength(480);
});
