// The conversion of the real weights, where they are: the words of the shipped graphs come out of the converted ones.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { convert } from '../../src/engines/local/moonshine/convert.ts';
import { resample } from '../../src/media/resample.ts';
import { readWav } from '../../src/media/wav.ts';
import { describeWithSource } from '../models.ts';
import { sessionOptions } from './models/onnx-graphs.ts';

const repository = resolve(import.meta.dirname, '../..');

const BEGIN = 1;
const END = 2;

describeWithSource('moonshine-base-en', 'the conversion of Moonshine base', (source) => {
  let target: string;
  let samples: Float32Array;
  beforeAll(async () => {
    target = await mkdtemp(join(tmpdir(), 'parley-moonshine-'));
    await convert(source, target);
    samples = await speech(join(repository, 'samples/question.wav'));
  });
  afterAll(() => rm(target, { recursive: true, force: true }));

  it('gives the tokens that the shipped graphs give, one by one or all at once', async () => {
    const shipped = await shippedTokens(source, samples);
    expect(shipped.length).toBeGreaterThan(3);

    const { step, seen, fresh } = await open(target, samples);
    const tokens: number[] = [];
    for (let past = fresh, token = BEGIN; tokens.length < 30; ) {
      const found = await step.run({ input_ids: ids([token]), ...past, ...seen });
      token = best(found['logits'])[0] ?? END;
      if (token === END) break;
      tokens.push(token);
      past = renamed(found, 'present', 'past_key_values');
    }
    expect(tokens).toEqual(shipped);

    const together = await step.run({ input_ids: ids([BEGIN, ...tokens]), ...fresh, ...seen }, ['logits', 'cross_attentions.6']);
    expect(best(together['logits'])).toEqual([...tokens, END]);
    const { data, dims } = present(together['cross_attentions.6']);
    expect(dims.slice(0, 3)).toEqual([1, 8, tokens.length + 1]);
    expect(sum((data as Float32Array).subarray(0, dims[3]))).toBeCloseTo(1, 3);
  });

  it('gives the same bytes each time', async () => {
    const again = await mkdtemp(join(tmpdir(), 'parley-moonshine-'));
    try {
      await convert(source, again);
      const names = ['encoder.onnx', 'cross.onnx', 'step.onnx', 'tokens.bin'];
      const same = await Promise.all(
        names.map(async (name) => (await readFile(join(target, name))).equals(await readFile(join(again, name)))),
      );
      expect(same).toEqual([true, true, true, true]);
    } finally {
      await rm(again, { recursive: true, force: true });
    }
  });
});

type Tensors = Record<string, ort.Tensor>;

async function open(folder: string, samples: Float32Array): Promise<{ step: ort.InferenceSession; seen: Tensors; fresh: Tensors }> {
  const load = (name: string) => ort.InferenceSession.create(join(folder, name), sessionOptions);
  const [encoder, cross, step] = await Promise.all(['encoder.onnx', 'cross.onnx', 'step.onnx'].map(load));
  if (!encoder || !cross || !step) throw new Error('A graph did not load.');
  const heard = await encoder.run({ input_values: new ort.Tensor('float32', samples, [1, samples.length]) });
  const seen = await cross.run({ encoder_hidden_states: present(heard['last_hidden_state']) });
  return { step, seen: { ...seen }, fresh: empty(step, 'decoder') };
}

/** The greedy loop on the graphs as they are shipped: slow, so that the sound is short. */
async function shippedTokens(folder: string, samples: Float32Array): Promise<number[]> {
  const encoder = await ort.InferenceSession.create(join(folder, 'encoder_model.ort'), sessionOptions);
  const decoder = await ort.InferenceSession.create(join(folder, 'decoder_model_merged.ort'), sessionOptions);
  const heard = await encoder.run({ input_values: new ort.Tensor('float32', samples, [1, samples.length]) });
  const tokens: number[] = [];
  let past = empty(decoder, '');
  for (let token = BEGIN; tokens.length < 30; ) {
    const cached = new ort.Tensor('bool', [token !== BEGIN], [1]);
    const feeds = { input_ids: ids([token]), encoder_hidden_states: present(heard['last_hidden_state']), use_cache_branch: cached };
    const found = await decoder.run({ ...feeds, ...past });
    const kept = renamed(found, 'present', 'past_key_values');
    // The cached branch gives nothing for what was heard: that stays as the first run made it.
    past = Object.fromEntries(
      Object.keys(past).map((name) => [name, present(token !== BEGIN && name.includes('encoder') ? past[name] : kept[name])]),
    );
    token = best(found['logits'])[0] ?? END;
    if (token === END) break;
    tokens.push(token);
  }
  return tokens;
}

function empty(session: ort.InferenceSession, part: string): Tensors {
  const names = session.inputNames.filter((name) => name.startsWith('past_key_values') && name.includes(part));
  return Object.fromEntries(names.map((name) => [name, new ort.Tensor('float32', new Float32Array(0), [1, 8, 0, 52])]));
}

function renamed(tensors: ort.InferenceSession.OnnxValueMapType, from: string, to: string): Tensors {
  const all = Object.entries(tensors).filter(([name]) => name.startsWith(from));
  return Object.fromEntries(all.map(([name, tensor]) => [name.replace(from, to), present(tensor)]));
}

function ids(tokens: readonly number[]): ort.Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(tokens.map(BigInt)), [1, tokens.length]);
}

/** The best token at each place. */
function best(logits: ort.Tensor | undefined): number[] {
  const { data, dims } = present(logits);
  const width = dims[2] ?? 1;
  return Array.from({ length: dims[1] ?? 0 }, (_, place) => {
    const scores = (data as Float32Array).subarray(place * width, (place + 1) * width);
    return scores.indexOf(scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY));
  });
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('An output is missing.');
  return value;
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

async function speech(file: string): Promise<Float32Array> {
  const { samples } = resample(readWav(await readFile(file)), 16_000);
  return Float32Array.from(samples, (sample) => sample / 32_768);
}
