// A recogniser's three graphs on ONNX Runtime: what it hears to features once, features to keys and values once, then a step for each token.
// `run` blocks the thread that calls it, so this belongs in a worker.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { TokenDecoder } from './greedy.ts';

/** Heads whose attention follows the words, for each layer that has some; `all` of the layer's. */
export type AttendingHeads = Readonly<Record<number, readonly number[] | 'all'>>;

export class OnnxRecogniser {
  readonly #encoder: InferenceSession;
  readonly #cross: InferenceSession;
  readonly #step: InferenceSession;
  readonly #attention: readonly { name: string; heads: readonly number[] | 'all' }[];
  /** Names of the decoder's own keys and values, as they go in and as they come out. */
  readonly #past: readonly { name: string; present: string; empty: Tensor }[];
  readonly #wanted: readonly string[];

  private constructor(encoder: InferenceSession, cross: InferenceSession, step: InferenceSession, heads: AttendingHeads) {
    this.#encoder = encoder;
    this.#cross = cross;
    this.#step = step;
    this.#past = step.inputNames
      .filter((name) => name.includes('.decoder.'))
      .map((name) => {
        const input = step.inputMetadata.find((each) => each.name === name);
        const shape = input?.isTensor ? input.shape : [];
        const [count, width] = [Number(shape[1]), Number(shape[3])];
        return {
          name,
          present: name.replace('past_key_values', 'present'),
          empty: new Tensor('float32', new Float32Array(0), [1, count, 0, width]),
        };
      });
    this.#attention = Object.entries(heads)
      .map(([layer, ofLayer]) => ({ name: `cross_attentions.${layer}`, heads: ofLayer }))
      .filter(({ name }) => step.outputNames.includes(name));
    this.#wanted = ['logits', ...this.#past.map(({ present }) => present), ...this.#attention.map(({ name }) => name)];
  }

  /** `folder`: encoder.onnx, cross.onnx and step.onnx. */
  static async load(folder: string, heads: AttendingHeads): Promise<OnnxRecogniser> {
    const options: InferenceSession.SessionOptions = {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // The second: processors without 8-bit dot products would saturate; on others it does nothing.
      extra: { session: { intra_op: { allow_spinning: '0' }, x64quantprecision: '1' } },
    };
    const open = (name: string) => InferenceSession.create(join(folder, name), options);
    const encoder = await open('encoder.onnx');
    const cross = await open('cross.onnx');
    const step = await open('step.onnx');
    return new OnnxRecogniser(encoder, cross, step, heads);
  }

  /** A decoder over what the encoder is given. */
  async listen(input: Float32Array, dims: readonly number[]): Promise<TokenDecoder> {
    const [name = ''] = this.#encoder.inputNames;
    const { last_hidden_state: hidden } = await this.#encoder.run({ [name]: new Tensor('float32', input, dims) });
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
          attention: this.#attention.flatMap(({ name, heads }) => rowsOf(out[name], at, heads)),
        }));
      },
      keep: (count) => {
        for (const { name } of this.#past) past[name] = firstOf(past[name] as Tensor, count);
      },
    };
  }
}

/** What each head attends to at one of the tokens: attention is heads × tokens × frames. */
function rowsOf(attention: Tensor | undefined, at: number, wanted: readonly number[] | 'all'): Float32Array[] {
  if (!attention) return [];
  const [heads = 0, tokens = 0, frames = 0] = attention.dims.slice(1);
  const data = attention.data as Float32Array;
  const chosen = wanted === 'all' ? Array.from({ length: heads }, (_, head) => head) : wanted;
  return chosen.map((head) => data.slice((head * tokens + at) * frames, (head * tokens + at + 1) * frames));
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
