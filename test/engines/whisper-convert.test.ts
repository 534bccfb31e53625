// The conversion of the real weights, where they are.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { convert } from '../../src/engines/local/whisper/convert.ts';
import { describeWithSource } from '../models.ts';
import { sessionOptions } from './models/onnx-graphs.ts';

const BEGIN = 50_258;
const ENGLISH = 50_259;
const TRANSCRIBE = 50_359;
const NO_TIMES = 50_363;
const NO_SPEECH = 50_362;

describeWithSource('whisper-base', 'the conversion of Whisper base', (source) => {
  let target: string;
  beforeAll(async () => {
    target = await mkdtemp(join(tmpdir(), 'parley-whisper-'));
    await convert(source, target);
  });
  afterAll(() => rm(target, { recursive: true, force: true }));

  it('gives graphs that know silence, of any length, and place tokens after those before them', async () => {
    const load = (name: string) => ort.InferenceSession.create(join(target, name), sessionOptions);
    const [encoder, cross, step] = await Promise.all([load('encoder.onnx'), load('cross.onnx'), load('step.onnx')]);
    for (const frames of [601, 1000]) {
      const mel = new ort.Tensor('float32', new Float32Array(80 * frames).fill(-1.5), [1, 80, frames]);
      const { last_hidden_state: heard } = await encoder.run({ mel });
      if (heard === undefined) throw new Error('The encoder gave nothing.');
      expect(heard.dims).toEqual([1, Math.ceil(frames / 2), 512]);
      const seen = await cross.run({ encoder_hidden_states: heard });

      const fresh = empty(step);
      const prompt = [BEGIN, ENGLISH, TRANSCRIBE, NO_TIMES];
      const together = await step.run({ ...fresh, ...seen, input_ids: ids(prompt) });
      const half = await step.run({ ...fresh, ...seen, input_ids: ids(prompt.slice(0, 2)) });
      const past = Object.fromEntries(Object.keys(fresh).map((name) => [name, half[name.replace('past_key_values', 'present')] ?? mel]));
      const apart = await step.run({ ...past, ...seen, input_ids: ids(prompt.slice(2)) });
      expect(together['cross_attentions.3']?.dims).toEqual([1, 8, 4, Math.ceil(frames / 2)]);
      expect(best(last(apart['logits']))).toBe(best(last(together['logits'])));
      const first = last((await step.run({ ...fresh, ...seen, input_ids: ids([BEGIN]) }))['logits']);
      expect(share(first, NO_SPEECH)).toBeGreaterThan(0.45);
    }
  });
});

function empty(step: ort.InferenceSession): Record<string, ort.Tensor> {
  const names = step.inputNames.filter((name) => name.includes('decoder'));
  return Object.fromEntries(names.map((name) => [name, new ort.Tensor('float32', new Float32Array(0), [1, 8, 0, 64])]));
}

function ids(tokens: readonly number[]): ort.Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(tokens.map(BigInt)), [1, tokens.length]);
}

/** The scores at the last place. */
function last(logits: ort.Tensor | undefined): Float32Array {
  return (logits?.data as Float32Array | undefined)?.subarray(-51_865) ?? new Float32Array(0);
}

function best(scores: Float32Array): number {
  return scores.indexOf(scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY));
}

function share(scores: Float32Array, token: number): number {
  const most = scores[best(scores)] ?? 0;
  return Math.exp((scores[token] ?? 0) - most) / scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
}
