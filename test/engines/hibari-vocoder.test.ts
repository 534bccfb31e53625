// From frames to sound, against the definition reckoned the slow way, and against what is known of sounds without any model.
import { describe, expect, test } from 'vitest';
import { BINS, FrameReader, HOP, type Spectrogram } from '../../src/engines/local/hibari/frames.ts';
import { plainParts, plainShape } from '../../src/engines/local/hibari/plain.ts';
import { PulseTrain } from '../../src/engines/local/hibari/pulses.ts';
import { Vocoder } from '../../src/engines/local/hibari/vocoder.ts';
import { warpedParts, warpedShape } from '../../src/engines/local/hibari/warp.ts';
import { RealFft } from '../../src/media/real-fft.ts';

const WINDOW = 1200;
const SILENT = -60;

function spectrogram(
  frames: number,
  f0: (k: number) => number,
  values: Partial<Record<Part, (b: number, k: number) => number>>,
): Spectrogram {
  const part = (value: (b: number, k: number) => number = () => SILENT) =>
    Float32Array.from({ length: BINS * frames }, (_, i) => value(Math.floor(i / frames), i % frames));
  return {
    frames,
    lh: part(values.lh),
    theta: part(values.theta ?? (() => 0)),
    ln: part(values.ln),
    lr: part(values.lr),
    phi: part(values.phi ?? (() => 0)),
    f0: Float32Array.from({ length: frames }, (_, k) => f0(k)),
  };
}

type Part = 'lh' | 'theta' | 'ln' | 'lr' | 'phi';

const half = () => 0.5;

function render(sound: Spectrogram, hops = 1000, start = 0, stretch = 1): Float32Array {
  const vocoder = new Vocoder(new FrameReader(sound, plainParts, stretch), plainShape(half), { start });
  const blocks: Float32Array[] = [];
  for (let block = vocoder.next(hops); block.length > 0; block = vocoder.next(hops)) blocks.push(block);
  return Float32Array.from(blocks.flatMap((block) => [...block]));
}

/** A voice that rises and falls and stops in between, with all parts but plain noise. */
const speech = spectrogram(14, (k) => (k > 5 && k < 10 ? -1 : 150 + 90 * Math.sin(k / 4)), {
  lh: (b, k) => 2 * Math.sin(b / 30 + k / 5) - b / 200,
  theta: (b, k) => Math.sin(b / 11 + k),
  lr: (b, k) => -3 + Math.cos(b / 40 + k),
  phi: (b, k) => 3 * Math.sin(b * 7 + k * 3),
});

/** The definition, step by step over the whole, with sums in place of transforms. */
function byDefinition({ frames, f0, lh, theta, lr, phi }: Spectrogram): Float64Array {
  const length = frames * HOP;
  const hann = Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
  const pulses = new Float64Array(length);
  let phase = 0;
  for (let n = 0; n < length; n++) {
    const place = (n + 0.5) / HOP - 0.5;
    const low = Math.floor(place);
    const at = (k: number) => f0[Math.max(0, Math.min(frames - 1, k))] as number;
    const f = at(low) + (at(low + 1) - at(low)) * (place - low);
    phase += Math.max(40, f) / 24_000;
    if (f <= 40) continue;
    const harmonics = Math.floor(11_000 / f);
    // The net was taught with pulses that are flat at their very top.
    const isTop = Math.abs(2 * Math.sin(Math.PI * phase)) <= 2e-3;
    for (let h = 1; h <= harmonics; h++) pulses[n] = (pulses[n] as number) + (isTop ? 1 : Math.cos(2 * Math.PI * h * phase));
  }
  const sum = new Float64Array(length + WINDOW);
  const norm = new Float64Array(length + WINDOW);
  const turns = Array.from(
    { length: WINDOW },
    (_, i) => [Math.cos((2 * Math.PI * i) / WINDOW), Math.sin((2 * Math.PI * i) / WINDOW)] as const,
  );
  for (let k = 0; k < frames; k++) {
    const cut = hann.map((weight, i) => {
      const at = Math.abs(k * HOP - WINDOW / 2 + i);
      return ((pulses[at >= length ? 2 * (length - 1) - at : at] as number) * weight) / HOP;
    });
    const re: number[] = [];
    const im: number[] = [];
    for (let b = 0; b < BINS; b++) {
      let [real, imaginary] = [0, 0];
      for (let i = 0; i < WINDOW; i++) {
        const [c, s] = turns[(b * i) % WINDOW] as readonly [number, number];
        real += (cut[i] as number) * c;
        imaginary -= (cut[i] as number) * s;
      }
      const at = b * frames + k;
      const [strength, turn] = [Math.exp(lh[at] as number), Math.PI * Math.tanh(theta[at] as number)];
      const [breath, angle] = [Math.exp(lr[at] as number), phi[at] as number];
      re[b] = strength * (real * Math.cos(turn) - imaginary * Math.sin(turn)) + breath * Math.cos(angle);
      im[b] = strength * (real * Math.sin(turn) + imaginary * Math.cos(turn)) + breath * Math.sin(angle);
    }
    for (let i = 0; i < WINDOW; i++) {
      let sample = (re[0] as number) + (re[BINS - 1] as number) * (i % 2 === 0 ? 1 : -1);
      for (let b = 1; b < BINS - 1; b++) {
        const [c, s] = turns[(b * i) % WINDOW] as readonly [number, number];
        sample += 2 * ((re[b] as number) * c - (im[b] as number) * s);
      }
      sum[k * HOP + i] = (sum[k * HOP + i] as number) + (sample / WINDOW) * (hann[i] as number);
      norm[k * HOP + i] = (norm[k * HOP + i] as number) + (hann[i] as number) ** 2;
    }
  }
  return Float64Array.from({ length }, (_, n) => (sum[n + WINDOW / 2] as number) / (norm[n + WINDOW / 2] as number));
}

function agreementDb(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [signal, error] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    signal += (b[i] as number) ** 2;
    error += ((a[i] as number) - (b[i] as number)) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

describe('the sound of frames', () => {
  test('is that of the definition, to 80 dB', () => {
    const sound = render(speech);
    const wanted = byDefinition(speech);
    expect(sound).toHaveLength(wanted.length);
    expect(agreementDb(sound, wanted)).toBeGreaterThan(80);
  });

  test.each([1, 3, 8, 13])('comes in blocks of %i hops as it comes in one, to the bit', (hops) => {
    expect(render(speech, hops)).toEqual(render(speech));
  });

  test.each([1, 2, 7, 13])('may begin at frame %i, and is the same from there on', (start) => {
    expect(render(speech, 8, start)).toEqual(render(speech).slice(start * HOP));
  });

  test.each([0.7, 1.5, 2])('lasts %f times as long and keeps its pitch', (stretch) => {
    const steady = spectrogram(60, () => 200, { lh: () => 0 });
    const sound = render(steady, 8, 0, stretch);
    expect(sound.length).toBe(Math.round(60 * stretch) * HOP);
    expect(loudestHz(sound.slice(4 * HOP))).toBe(200);
  });

  test('has breath without a buzz where a frame is stretched: the same phase does not come twice', () => {
    const random = (
      (state: number) => () =>
        (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    )(7);
    const noise = spectrogram(40, () => 0, { lr: () => 0, phi: () => 2 * Math.PI * random() });
    const vocoder = new Vocoder(new FrameReader(noise, plainParts, 2), plainShape(random));
    const sound = vocoder.next(80);
    let [same, all] = [0, 0];
    for (let i = 8 * HOP; i < 60 * HOP; i++) {
      same += (sound[i] as number) * (sound[i + HOP] as number);
      all += (sound[i] as number) ** 2;
    }
    expect(Math.abs(same / all)).toBeLessThan(0.2);
  });
});

/** The frequency, in steps of 20 Hz, of which there is most below 12 kHz; the first of those that are nearly as strong. */
function loudestHz(sound: Float32Array): number {
  const [re, im] = [new Float64Array(BINS), new Float64Array(BINS)];
  new RealFft(WINDOW).forward(sound.slice(0, WINDOW), re, im);
  const strengths = Array.from(re, (real, b) => Math.hypot(real, im[b] as number));
  const most = Math.max(...strengths.slice(2));
  return 20 * strengths.findIndex((strength, b) => b > 1 && strength > 0.9 * most);
}

describe('pulses', () => {
  test('have every harmonic up to 11 kHz at the same strength, and nothing above', () => {
    const train = new PulseTrain(new Float32Array(10).fill(200));
    train.upTo(10);
    const [re, im] = [new Float64Array(BINS), new Float64Array(BINS)];
    new RealFft(WINDOW).forward(train.samples.slice(2 * HOP, 2 * HOP + WINDOW), re, im);
    const strength = (hz: number) => Math.hypot(re[hz / 20] as number, im[hz / 20] as number) / (WINDOW / 2);
    for (let hz = 200; hz <= 11_000; hz += 200) expect(strength(hz)).toBeCloseTo(1, 2);
    expect(strength(11_200)).toBeLessThan(0.02);
    expect(strength(300)).toBeLessThan(0.02);
  });

  test('are silent where the net hears no voice', () => {
    const train = new PulseTrain(Float32Array.from({ length: 12 }, (_, k) => (k < 6 ? 0 : 200)));
    train.upTo(12);
    expect(train.isVoiced(0, 3)).toBe(false);
    expect(train.isVoiced(0, 8)).toBe(true);
    expect(train.samples.slice(0, 5 * HOP).every((sample) => sample === 0)).toBe(true);
  });

  test('follow the pitch of another speaker: lower, and with twice the melody', () => {
    const hzOf = (hz: number) => {
      const train = new PulseTrain(new Float32Array(8).fill(hz), { scale: 100 / 190, range: 2 });
      train.upTo(8);
      return loudestHz(Float32Array.from(train.samples.slice(HOP, HOP + WINDOW)));
    };
    expect(hzOf(190)).toBe(100);
    expect(hzOf(190 * Math.SQRT2)).toBe(200);
  });
});

describe('another speaker', () => {
  const still = { low: 1, high: 1, tiltDbPerOctave: 0, breathDb: 0, phases: 'least' } as const;
  /** One formant, at 1200 Hz. */
  const vowel = spectrogram(40, () => 100, { lh: (b) => -(((b - 60) / 12) ** 2) });
  const spoken = (warp: Parameters<typeof warpedShape>[0], sound = vowel) =>
    new Vocoder(new FrameReader(sound, warpedParts), warpedShape(warp, half)).next(40).slice(4 * HOP);

  test('has the formants of a larger or smaller head', () => {
    expect(loudestHz(spoken(still))).toBe(1200);
    expect(loudestHz(spoken({ ...still, low: 0.75, high: 0.75 }))).toBe(900);
    expect(loudestHz(spoken({ ...still, low: 1.25, high: 1.25, phases: 'moved' }))).toBe(1500);
  });

  test('does not hear the gaps between the harmonics of the first', () => {
    const gapped = spectrogram(40, () => 200, { lh: (b) => (Math.abs(b - 10 * Math.round(b / 10)) <= 1 ? 0 : -5) });
    const level = (sound: Spectrogram) => {
      const heard = new Vocoder(new FrameReader(sound, warpedParts), warpedShape(still, half), {
        pitch: { scale: 0.5 * (200 / 190), range: 1 },
      });
      return Math.sqrt(heard.next(40).reduce((sum, sample) => sum + sample * sample, 0));
    };
    const flat = spectrogram(40, () => 200, { lh: () => 0 });
    expect(level(gapped) / level(flat)).toBeGreaterThan(0.9);
  });

  test('has breath, tilted and louder where the voice sounds, as much as is asked for', () => {
    const strength = (warp: Parameters<typeof warpedShape>[0], hz: number, f0: number) => {
      const sound = spectrogram(40, () => f0, { lr: () => 0, phi: () => 0 });
      const out = { re: new Float64Array(BINS), im: new Float64Array(BINS) };
      const reader = new FrameReader(sound, warpedParts);
      reader.read(3);
      warpedShape(warp, half)(reader, undefined, out);
      return 20 * Math.log10(Math.hypot(out.re[hz / 20] as number, out.im[hz / 20] as number));
    };
    expect(strength({ ...still, tiltDbPerOctave: 2 }, 1000, 0)).toBeCloseTo(0, 3);
    expect(strength({ ...still, tiltDbPerOctave: 2 }, 4000, 0)).toBeCloseTo(4, 3);
    expect(strength({ ...still, tiltDbPerOctave: 2 }, 12_000, 0)).toBeCloseTo(6, 3);
    expect(strength({ ...still, breathDb: 1 }, 1000, 100)).toBeCloseTo(1, 3);
    expect(strength({ ...still, breathDb: 1 }, 1000, 0)).toBeCloseTo(0, 3);
  });

  test('has pulses that are over soon: most of each lies right behind its beginning', () => {
    const sound = spoken(
      still,
      spectrogram(40, () => 50, { lh: (b) => -b / 100 }),
    );
    const energy = Array.from({ length: 480 }, (_, i) => sound.slice(i * 1).reduce((sum, x, n) => sum + (n % 480 < 60 ? x * x : 0), 0));
    const all = sound.reduce((sum, x) => sum + x * x, 0);
    expect(Math.max(...energy) / all).toBeGreaterThan(0.9);
  });
});
