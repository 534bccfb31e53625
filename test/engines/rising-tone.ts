// Sound that any machine makes alike: a tone that rises through the bands, over noise and a constant.
export function risingTone(samples: number): Int16Array {
  let state = 1;
  return Int16Array.from({ length: samples }, (_, n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const noise = ((state >> 16) % 2001) - 1000;
    return noise + Math.floor(6000 * Math.sin((2 * Math.PI * (200 + n / 40) * n) / 16_000)) + 300;
  });
}
