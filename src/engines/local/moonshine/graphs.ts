// The three graphs of Moonshine on ONNX Runtime: sound to features once, features to keys and values once, then a step for each token.
// `run` blocks the thread that calls it, so this belongs in a worker.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { TokenDecoder } from './greedy.ts';
import { Tokens } from './tokens.ts';

const RATE_HZ = 16_000;
/** Layers whose heads follow the words. */
const ATTENTION = ['cross_attentions.5', 'cross_attentions.6', 'cross_attentions.7'];
/** Sound shorter than this gives the encoder no frame. */
const LEAST_SAMPLES = RATE_HZ / 10;

/** What a transcript is decoded with: everything of the model that a test may play. */
export interface Graphs {
  readonly tokens: Tokens;
  /** A decoder over this sound (16 kHz, ±1), to be fed the begin token first. */
  listen(samples: Float32Array): Promise<TokenDecoder>;
}

export async function loadGraphs(folder: string): Promise<Graphs> {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // The second: processors without 8-bit dot products would saturate; on others it does nothing.
    extra: { session: { intra_op: { allow_spinning: '0' }, x64quantprecision: '1' } },
  };
  const open = (name: string) => InferenceSession.create(join(folder, name), options);
  const tokens = new Tokens(await readFile(join(folder, 'tokens.bin')));
  const encoder = await open('encoder.onnx');
  const cross = await open('cross.onnx');
  const step = await open('step.onnx');
  return new OnnxGraphs(tokens, encoder, cross, step);
}

class OnnxGraphs implements Graphs {
  readonly tokens: Tokens;
  readonly #encoder: InferenceSession;
  readonly #cross: InferenceSession;
  readonly #step: InferenceSession;
  /** Names of the decoder's own keys and values, as they go in and as they come out. */
  readonly #past: readonly { name: string; present: string; empty: Tensor }[];
  readonly #wanted: readonly string[];

  constructor(tokens: Tokens, encoder: InferenceSession, cross: InferenceSession, step: InferenceSession) {
    this.tokens = tokens;
    this.#encoder = encoder;
    this.#cross = cross;
    this.#step = step;
    this.#past = step.inputNames
      .filter((name) => name.includes('.decoder.'))
      .map((name) => {
        const input = step.inputMetadata.find((each) => each.name === name);
        const shape = input?.isTensor ? input.shape : [];
        const [heads, width] = [Number(shape[1]), Number(shape[3])];
        return {
          name,
          present: name.replace('past_key_values', 'present'),
          empty: new Tensor('float32', new Float32Array(0), [1, heads, 0, width]),
        };
      });
    const attention = ATTENTION.filter((name) => step.outputNames.includes(name));
    this.#wanted = ['logits', ...this.#past.map(({ present }) => present), ...attention];
  }

  async listen(samples: Float32Array): Promise<TokenDecoder> {
    const sound = samples.length >= LEAST_SAMPLES ? samples : new Float32Array(LEAST_SAMPLES);
    if (sound !== samples) sound.set(samples);
    const { last_hidden_state: hidden } = await this.#encoder.run({ input_values: new Tensor('float32', sound, [1, sound.length]) });
    const heard = await this.#cross.run({ encoder_hidden_states: hidden as Tensor });
    const past: Record<string, Tensor> = Object.fromEntries(this.#past.map(({ name, empty }) => [name, empty]));
    return {
      feed: async (tokens) => {
        const input_ids = new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
        const out = await this.#step.run({ input_ids, ...heard, ...past }, this.#wanted);
        for (const { name, present } of this.#past) past[name] = out[present] as Tensor;
        const scores = out['logits']?.data as Float32Array;
        const size = scores.length / tokens.length;
        return tokens.map((_, at) => ({
          scores: scores.subarray(at * size, (at + 1) * size),
          attention: ATTENTION.flatMap((name) => rowsOf(out[name], at)),
        }));
      },
      keep: (count) => {
        for (const { name } of this.#past) past[name] = firstOf(past[name] as Tensor, count);
      },
    };
  }
}

/** What each head attends to at one of the tokens: attention is heads × tokens × frames. */
function rowsOf(attention: Tensor | undefined, at: number): Float32Array[] {
  if (!attention) return [];
  const [heads = 0, tokens = 0, frames = 0] = attention.dims.slice(1);
  const data = attention.data as Float32Array;
  return Array.from({ length: heads }, (_, head) => data.slice((head * tokens + at) * frames, (head * tokens + at + 1) * frames));
}

/** Keys or values (heads × tokens × width) of the first tokens. */
function firstOf(past: Tensor, count: number): Tensor {
  const [heads = 0, tokens = 0, width = 0] = past.dims.slice(1);
  const data = past.data as Float32Array;
  const kept = new Float32Array(heads * count * width);
  for (let head = 0; head < heads; head++) {
    kept.set(data.subarray(head * tokens * width, (head * tokens + count) * width), head * count * width);
  }
  return new Tensor('float32', kept, [1, heads, count, width]);
}
