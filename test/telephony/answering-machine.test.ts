// Who answered, told from synthesised lines, and from recordings of people where there are some.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from '../../src/media/g711.ts';
import { concat } from '../../src/media/pcm.ts';
import { resample } from '../../src/media/resample.ts';
import { readWav } from '../../src/media/wav.ts';
import { MachineDetector, type MachineEvent, type MachineSettings } from '../../src/telephony/answering-machine.ts';
import { length, mixed, noise, quiet, rateHz, tone, voice } from './line-sounds.ts';

interface Heard {
  readonly pieceMs?: number;
  readonly rate?: number;
  readonly settings?: Partial<MachineSettings>;
}

/** What is told of a line, with the noise that every line has. */
function told(pieces: Int16Array[], { pieceMs = 20, rate = rateHz, settings = {} }: Heard = {}): MachineEvent[] {
  const whole = concat(pieces);
  const line = resample({ samples: mixed(whole, noise((whole.length * 1000) / rateHz)), rateHz }, rate).samples;
  const detector = new MachineDetector({ rateHz: rate, settings });
  const step = Math.round((pieceMs * rate) / 1000);
  const events: MachineEvent[] = [];
  for (let at = 0; at < line.length; at += step) events.push(...detector.feed(line.subarray(at, at + step)));
  return events;
}

const kinds = (events: MachineEvent[]) => events.map(({ kind }) => kind);

describe('a person', () => {
  test.each([
    ['a word', 400],
    ['a name', 1200],
    ['a sentence', 2400],
  ])('says %s and waits', (_what, ms) => {
    const events = told([quiet(700), voice(ms), quiet(7000)]);
    expect(kinds(events)).toEqual(['human']);
    const knownAfterMs = (events[0]?.atMs ?? 0) - 700 - ms;
    expect(knownAfterMs).toBeGreaterThan(600);
    expect(knownAfterMs).toBeLessThan(1000);
  });

  test('a click before is no word', () => {
    const events = told([quiet(300), noise(60, -20), quiet(1500), voice(500), quiet(7000)]);
    expect(kinds(events)).toEqual(['human']);
    expect(events[0]?.atMs).toBeGreaterThan(3000);
  });

  test('who speaks on a noisy line is a person', () => {
    const line = mixed(concat([quiet(700), voice(800), quiet(7000)]), noise(8500, -45, 9));
    expect(kinds(told([line]))).toEqual(['human']);
  });

  test('who presses keys afterwards stays one', () => {
    const events = told([voice(600), quiet(1500), tone(300, 697, 1209), quiet(200), tone(300, 941, 1336), quiet(5000)]);
    expect(kinds(events)).toEqual(['human']);
  });
});

describe('a machine', () => {
  test('speaks on, and is known before it has ended', () => {
    const [event, ...more] = told([quiet(500), voice(8000)]);
    expect([event?.kind, more]).toEqual(['machine', []]);
    expect(event?.atMs).toBeGreaterThan(3900);
    expect(event?.atMs).toBeLessThan(4400);
    expect(event).toHaveProperty('reason', expect.stringContaining('without waiting for an answer'));
  });

  test('with a greeting that is long for a person is known at its end', () => {
    const [event] = told([quiet(300), voice(3000), quiet(1000)]);
    expect(event).toMatchObject({ kind: 'machine', reason: expect.stringMatching(/^it spoke for [23]\d\d\d ms$/) as string });
  });

  test.each([440, 700, 1000, 1100, 1400, 1900])('beeps at %i Hz when it is done, which is told when it has ended', (hz) => {
    const events = told([quiet(500), voice(5000), quiet(600), tone(500, hz), quiet(2000)]);
    expect(kinds(events)).toEqual(['machine', 'beep']);
    const beep = events[1];
    if (beep?.kind !== 'beep') throw new Error('no beep');
    expect(Math.abs(beep.hz - hz)).toBeLessThan(10);
    expect(Math.abs(beep.fromMs - 6100)).toBeLessThanOrEqual(40);
    expect(beep.atMs).toBeGreaterThanOrEqual(6600);
    expect(beep.atMs).toBeLessThan(6700);
  });

  test.each([160, 300, 1000, 1450])('beeps for %i ms', (ms) => {
    expect(kinds(told([voice(5000), quiet(400), tone(ms, 1000), quiet(1000)]))).toEqual(['machine', 'beep']);
  });

  test('that says little is known by its beep, soon or a little later', () => {
    for (const pauseMs of [300, 2000]) {
      const events = told([quiet(400), voice(1000), quiet(pauseMs), tone(400, 1000), quiet(3000)]);
      expect(kinds(events)).toEqual(pauseMs < 800 ? ['machine', 'beep'] : ['human', 'machine', 'beep']);
      expect(events.find(({ kind }) => kind === 'machine')).toHaveProperty('reason', expect.stringContaining('a beep of 1000 Hz'));
    }
  });

  test('that pauses in its greeting is known by its beep', () => {
    const events = told([quiet(400), voice(1500), quiet(1800), voice(3000), quiet(500), tone(400, 1000), quiet(1000)]);
    expect(kinds(events)).toEqual(['human', 'machine', 'beep']);
  });

  test('that does not beep is done when it has been silent for long', () => {
    const events = told([voice(6000), quiet(4000)]);
    expect(kinds(events)).toEqual(['machine', 'greeting_ended']);
    expect(events[1]?.atMs).toBeGreaterThan(8200);
    expect(events[1]?.atMs).toBeLessThan(8800);
  });

  test('that does not end is done after a minute', () => {
    expect(told([voice(61_000)]).at(-1)).toMatchObject({ kind: 'greeting_ended', atMs: 60_000 });
  });
});

describe('no beep', () => {
  test.each([
    ['too short', tone(80, 1000)],
    ['too long', tone(2500, 1000)],
    ['too low', tone(400, 300)],
    ['too high', tone(400, 2600)],
    ['of two tones', tone(400, 770, 1336)],
    [
      'that rises',
      Int16Array.from({ length: length(600) }, (_, at) => Math.round(8000 * Math.sin((2 * Math.PI * (600 + at / 8) * at) / rateHz))),
    ],
    ['of noise', noise(400, -20)],
  ])('is a sound that is %s', (_what, sound) => {
    expect(kinds(told([voice(5000), quiet(300), sound, quiet(300)]))).toEqual(['machine']);
  });

  test('comes before a word', () => {
    expect(kinds(told([quiet(500), tone(500, 1000), quiet(500), voice(600), quiet(2000)]))).toEqual(['human']);
  });
});

describe('neither', () => {
  test('clicks do not add up to a word', () => {
    const clicks = Array.from({ length: 12 }, () => [noise(40, -20), quiet(260)]).flat();
    expect(kinds(told([quiet(300), ...clicks, quiet(3000)]))).toEqual(['silence']);
  });

  test('nothing is said', () => {
    const events = told([quiet(9000)]);
    expect(events).toEqual([{ kind: 'silence', atMs: 5000, reason: 'nothing was said for 5000 ms' }]);
  });

  test.each([2090, 2100, 2110])('a fax answers with %i Hz', (hz) => {
    const events = told([quiet(1000), tone(3000, hz)]);
    expect(kinds(events)).toEqual(['fax']);
    expect(events[0]?.atMs).toBeLessThan(1500);
  });

  test('a fax calls with 1100 Hz', () => {
    expect(kinds(told([quiet(1000), tone(500, 1100), quiet(3000)]))).toEqual(['fax']);
  });
});

describe('what is told does not depend on', () => {
  const line = [quiet(500), voice(5000), quiet(600), tone(400, 1000), quiet(2000)];

  test.each([1, 10, 30, 1000, 10_000])('pieces of %i ms', (pieceMs) => {
    expect(told(line, { pieceMs })).toEqual(told(line));
  });

  test.each([16_000, 24_000])('a rate of %i Hz', (rate) => {
    const [machine, beep] = told(line, { rate });
    expect([machine?.kind, beep?.kind]).toEqual(['machine', 'beep']);
    expect(beep).toHaveProperty('hz', 1000);
    expect(Math.abs((beep?.atMs ?? 0) - (told(line)[1]?.atMs ?? 0))).toBeLessThanOrEqual(20);
  });

  test.each([
    ['mu-law', (samples: Int16Array) => decodeMuLaw(encodeMuLaw(samples))],
    ['A-law', (samples: Int16Array) => decodeALaw(encodeALaw(samples))],
  ])('%s of the line', (_law, through) => {
    expect(kinds(told([through(concat(line))]))).toEqual(['machine', 'beep']);
  });
});

test('its settings are its user’s', () => {
  const greeting = [quiet(300), voice(3000), quiet(4000)];
  expect(kinds(told(greeting, { settings: { personMs: 3500, machineMs: 5000 } }))).toEqual(['human']);
});

/** A folder beside the repository, if it is there. */
function beside(name: string): string | undefined {
  return ['..', '../..'].map((up) => resolve(import.meta.dirname, '../..', up, 'shared', name)).find((folder) => existsSync(folder));
}

function at8k(path: string): Int16Array {
  return resample(readWav(readFileSync(path)), rateHz).samples;
}

function louder(samples: Int16Array, to: number): Int16Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1);
  return samples.map((sample) => Math.round((sample * to) / peak));
}

const speech = beside('speech');
const sounds = beside('sounds');

describe('recordings of people (../shared/speech)', () => {
  test.skipIf(speech === undefined).each(speech ? globSync('*.wav', { cwd: speech }).sort() : ['none'])(
    '%s as a greeting with a beep after it is a machine’s, and as a few words a person’s',
    (file) => {
      const words = louder(at8k(resolve(speech ?? '', file)), 16_000);
      const greeting = words.subarray(0, length(12_000));
      const long = kinds(told([quiet(400), greeting, quiet(500), tone(400, 1000), quiet(1000)]));
      expect(long).toEqual(['machine', 'beep']);
      // Its first second, from where it begins.
      const begin = words.findIndex((sample) => Math.abs(sample) > 1500);
      const few = words.slice(begin, begin + length(1000));
      expect(kinds(told([quiet(400), few, quiet(6000)]))).toEqual(['human']);
    },
  );
});

describe('noises (../shared/sounds)', () => {
  test.skipIf(sounds === undefined).each(sounds ? globSync('*.wav', { cwd: sounds }).sort() : ['none'])('%s has no beep in it', (file) => {
    const sound = louder(at8k(resolve(sounds ?? '', file)), 16_000);
    // A greeting that never ends, so that all of it is looked at.
    const events = told([voice(1000), quiet(200), sound, quiet(500)], { settings: { greetingPauseMs: 100_000, pauseMs: 100_000 } });
    expect(kinds(events)).not.toContain('beep');
    expect(kinds(events)).not.toContain('fax');
  });
});
