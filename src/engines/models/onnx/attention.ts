// Attention of a decoder to what was heard.
import type { GraphBuilder } from './builder.ts';

export interface Heads {
  readonly count: number;
  readonly width: number;
}

/**
 * `query` [1, n, width of all heads] looks at `key` and `value` [1, heads, frames, width of one]; gives [1, n, width of all heads]. With `weights`,
 * how much each head looks at each frame becomes the value of that name, [1, heads, n, frames].
 */
export function lookAt(
  graph: GraphBuilder,
  name: string,
  heads: Heads,
  [query, key, value]: readonly [string, string, string],
  weights?: string,
): string {
  const { count, width } = heads;
  if (weights === undefined) return graph.fused('MultiHeadAttention', name, [query, key, value], { num_heads: BigInt(count) });
  const apart = graph.op('Reshape', `${name}/apart`, [query, graph.ints(1, -1, count, width)]);
  const byHead = graph.op('Transpose', `${name}/by head`, [apart], { perm: [0n, 2n, 1n, 3n] });
  const scores = graph.fused('FusedMatMul', `${name}/scores`, [byHead, key], { transB: 1n, alpha: width ** -0.5 });
  const shares = graph.op('Softmax', `${name}/softmax`, [scores], { axis: -1n }, weights);
  const heard = graph.op('Transpose', `${name}/together`, [graph.op('MatMul', `${name}/heard`, [shares, value])], {
    perm: [0n, 2n, 1n, 3n],
  });
  return graph.op('Reshape', `${name}/joined`, [heard, graph.ints(1, -1, count * width)]);
}

/** Attention of the new tokens to those before them and to themselves; gives also the keys and values of all of them under the names `present`. */
export function lookBack(
  graph: GraphBuilder,
  name: string,
  heads: Heads,
  own: readonly [string, string, string],
  past: readonly [string, string],
  present: readonly [string, string],
): string {
  const said = `${name}/said`;
  const settings = { num_heads: BigInt(heads.count), unidirectional: 1n };
  graph.several('MultiHeadAttention', 'com.microsoft', name, [...own, '', '', '', ...past], [said, ...present], settings);
  return said;
}

/** One product `joined` [1, frames, parts × all heads] taken apart into the named parts [1, heads, frames, width]. */
export function partsByHead(graph: GraphBuilder, joined: string, heads: Heads, parts: readonly string[]): void {
  const apart = graph.op('Reshape', 'by head', [joined, graph.ints(1, -1, parts.length * heads.count, heads.width)]);
  const turned = graph.op('Transpose', 'heads first', [apart], { perm: [0n, 2n, 1n, 3n] });
  graph.several('Split', '', 'by layer', [turned, graph.ints(...parts.map(() => heads.count))], parts, { axis: 1n });
}
