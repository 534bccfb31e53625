// Sound that a speech detector takes for a voice: pulses at the pitch of a man through the resonances of four vowels, in syllables.

const rateHz = 16_000;
const syllableS = 0.22;
const formantsHz = [
  [700, 1220, 2600],
  [300, 2300, 3000],
  [500, 1900, 2500],
  [450, 900, 2400],
];

/** Mono 16 kHz. */
export function vowels(ms: number): Int16Array {
  const samples = new Int16Array((ms * rateHz) / 1000);
  const memories = [
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  let phase = 0;
  for (let i = 0; i < samples.length; i++) {
    const seconds = i / rateHz;
    const along = (seconds % syllableS) / syllableS;
    phase += (120 + 25 * Math.sin(2 * Math.PI * seconds * 1.3) - 20 * along) / rateHz;
    const pulse = phase >= 1 ? 8 : 0;
    if (pulse > 0) phase -= 1;
    const vowel = formantsHz[Math.floor(seconds / syllableS) % formantsHz.length] as number[];
    let sum = 0;
    for (const [n, hz] of vowel.entries()) {
      const memory = memories[n] as [number, number];
      const decay = Math.exp((-Math.PI * (60 + 40 * n)) / rateHz);
      const out = pulse * (1 - decay) * 2 + 2 * decay * Math.cos((2 * Math.PI * hz) / rateHz) * memory[0] - decay * decay * memory[1];
      memory[1] = memory[0];
      memory[0] = out;
      sum += out / (n + 1);
    }
    const loudness = along < 0.87 ? Math.sin(Math.PI * Math.min(1, along * 1.15)) ** 0.7 : 0;
    samples[i] = Math.round(sum * loudness * 9000);
  }
  return samples;
}

/** White noise out of a fixed seed, mono 16 kHz. */
export function noise(ms: number, peak: number): Int16Array {
  let seed = 1;
  return Int16Array.from({ length: (ms * rateHz) / 1000 }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.round((seed / 0x40000000 - 1) * peak);
  });
}
