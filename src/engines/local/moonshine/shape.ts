// The dimensions of Moonshine base, and what its encoder and decoder have in common.
import type { GraphBuilder } from '../../models/onnx/builder.ts';
import { sideBySide } from '../../models/onnx/quantised.ts';
import type { Weights } from './weights.ts';

export const LAYERS = 8;
export const HEADS = 8;
export const HEAD_WIDTH = 52;
export const WIDTH = HEADS * HEAD_WIDTH;
/** How many numbers of a head are turned by position; the others are left alone. */
const TURNED = 32;
export const EPSILON = 1e-5;

/** Tables of the cosines and sines by which the pairs of numbers at each position are turned; `prefix` is of the names in the shipped graph. */
export function positions(graph: GraphBuilder, weights: Weights, prefix: string, count: number): void {
  const speeds = weights.vector(`${prefix}/rotary_emb/MatMul`);
  const angle = (index: number) => Math.fround(Math.floor(index / speeds.length) * (speeds[index % speeds.length] ?? 0));
  const table = (wave: (angle: number) => number) => Float32Array.from({ length: count * speeds.length }, (_, index) => wave(angle(index)));
  graph.floats('cosines', table(Math.cos), [count, speeds.length]);
  graph.floats('sines', table(Math.sin), [count, speeds.length]);
}

/** Queries, keys (both turned by position) and values [1, n, WIDTH] of a layer's attention to its own side. `first` is the position of the first. */
export function ownSide(graph: GraphBuilder, weights: Weights, layer: string, value: string, first: string): [string, string, string] {
  const matrices = ['q', 'k', 'v'].map((part) => weights.matrix(`${layer}/self_attn/${part}_proj/MatMul`));
  const joined = graph.linear(`${layer}/self_attn/qkv`, value, sideBySide(matrices));
  const [turning = '', values = ''] = graph.split(`${layer}/self_attn/parts`, joined, [2 * WIDTH, WIDTH]);
  const turned = graph.fused('RotaryEmbedding', `${layer}/self_attn/turned`, [turning, first, 'cosines', 'sines'], {
    interleaved: 1n,
    num_heads: BigInt(2 * HEADS),
    rotary_embedding_dim: BigInt(TURNED),
  });
  const [queries = '', keys = ''] = graph.split(`${layer}/self_attn/turned parts`, turned, [WIDTH, WIDTH]);
  return [queries, keys, values];
}

/** The sum of a branch and what it branched from, and that sum normalised. */
export function join(graph: GraphBuilder, weights: Weights, norm: string, trunk: string, branch: string, output?: string) {
  const sum = graph.op('Add', `${norm}/sum`, [trunk, branch]);
  return { trunk: sum, normed: normalise(graph, weights, norm, sum, output) };
}

export function normalise(graph: GraphBuilder, weights: Weights, norm: string, value: string, output?: string): string {
  const scale = graph.floats(`${norm}.weight`, weights.vector(`${norm}/Mul`));
  return graph.op('LayerNormalization', norm, [value, scale], { axis: -1n, epsilon: EPSILON }, output);
}
