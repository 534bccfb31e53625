// The three graphs of Moonshine on ONNX Runtime: sound to features once, features to keys and values once, then a step for each token.
// `run` blocks the thread that calls it, so this belongs in a worker.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Step } from './greedy.ts';
import { Tokens } from './tokens.ts';

const RATE_HZ = 16_000;
/** Layers whose heads follow the words. */
const ATTENTION = ['cross_attentions.5', 'cross_attentions.6', 'cross_attentions.7'];
/** Sound shorter than this gives the encoder no frame. */
const LEAST_SAMPLES = RATE_HZ / 10;

/** What a transcript is decoded with: everything of the model that a test may play. */
export interface Graphs {
  readonly tokens: Tokens;
  /** A decoder over this sound (16 kHz, ±1): one call for each token, beginning with the begin token. */
  listen(samples: Float32Array): Promise<(token: number) => Promise<Step>>;
}

export async function loadGraphs(folder: string): Promise<Graphs> {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // The arena keeps the most that any sound ever needed; the longest sound is short, so that this is little.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
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

  async listen(samples: Float32Array): Promise<(token: number) => Promise<Step>> {
    const sound = samples.length >= LEAST_SAMPLES ? samples : Object.assign(new Float32Array(LEAST_SAMPLES), samples);
    const { last_hidden_state: hidden } = await this.#encoder.run({ input_values: new Tensor('float32', sound, [1, sound.length]) });
    const heard = await this.#cross.run({ encoder_hidden_states: hidden as Tensor });
    const past: Record<string, Tensor> = Object.fromEntries(this.#past.map(({ name, empty }) => [name, empty]));
    return async (token) => {
      const input_ids = new Tensor('int64', BigInt64Array.of(BigInt(token)), [1, 1]);
      const out = await this.#step.run({ input_ids, ...heard, ...past }, this.#wanted);
      for (const { name, present } of this.#past) past[name] = out[present] as Tensor;
      return { scores: out['logits']?.data as Float32Array, attention: ATTENTION.flatMap((name) => rowsOf(out[name])) };
    };
  }
}

/** One row of frames for each head. */
function rowsOf(attention: Tensor | undefined): Float32Array[] {
  if (!attention) return [];
  const frames = attention.dims.at(-1) ?? 0;
  const data = attention.data as Float32Array;
  return Array.from({ length: data.length / Math.max(1, frames) }, (_, head) => data.slice(head * frames, (head + 1) * frames));
}
