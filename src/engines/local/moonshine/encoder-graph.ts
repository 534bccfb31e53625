// The graph that hears: samples to one vector for each 384 of them (24 ms).
import { GraphBuilder } from '../../models/onnx/builder.ts';
import { DataType, type Model } from '../../models/onnx/graph.ts';
import { EPSILON, HEADS, join, LAYERS, normalise, ownSide, positions, WIDTH } from './shape.ts';
import type { Weights } from './weights.ts';

/** As many frames as the longest sound has: 98 s. */
const MOST_FRAMES = 4096;

export function encoderGraph(weights: Weights): Model {
  const graph = new GraphBuilder('encoder');
  positions(graph, weights, '', MOST_FRAMES);
  let trunk = ear(graph, weights, graph.input('input_values', DataType.float, [1, 'samples']));
  let normed = normalise(graph, weights, '/layers.0/input_layernorm', trunk);
  for (let index = 0; index < LAYERS; index++) {
    const layer = `/layers.${index}`;
    const own = ownSide(graph, weights, layer, normed, graph.ints(0));
    const heard = graph.fused('MultiHeadAttention', `${layer}/self_attn`, own, { num_heads: BigInt(HEADS) });
    const dense = graph.linear(`${layer}/self_attn/dense`, heard, weights.matrix(`${layer}/self_attn/dense/MatMul`));
    ({ trunk, normed } = join(graph, weights, `${layer}/post_attention_layernorm`, trunk, dense));

    const wide = graph.linear(
      `${layer}/mlp/fc1`,
      normed,
      weights.matrix(`${layer}/mlp/fc1/MatMul`),
      weights.vector(`${layer}/mlp/fc1/Add`),
    );
    const bent = graph.fused('Gelu', `${layer}/mlp/gelu`, [wide]);
    const narrow = graph.linear(
      `${layer}/mlp/fc2`,
      bent,
      weights.matrix(`${layer}/mlp/fc2/MatMul`),
      weights.vector(`${layer}/mlp/fc2/Add`),
    );
    const last = index === LAYERS - 1;
    const norm = last ? '/layer_norm' : `/layers.${index + 1}/input_layernorm`;
    ({ trunk, normed } = join(graph, weights, norm, trunk, narrow, last ? 'last_hidden_state' : undefined));
  }
  graph.output('last_hidden_state', DataType.float, [1, 'frames', WIDTH]);
  return graph.build();
}

/** The convolutions over the samples: [1, samples] to [1, frames, WIDTH]. */
function ear(graph: GraphBuilder, weights: Weights, samples: string): string {
  const convolve = (name: string, value: string, stride: number, bias: boolean) => {
    const { values, dims } = weights.widened(`/${name}/Conv`, 1);
    const inputs = [value, graph.floats(`${name}.weight`, values, dims)];
    if (bias) inputs.push(graph.floats(`${name}.bias`, weights.vector(`/${name}/Conv`)));
    return graph.op('Conv', `/${name}`, inputs, { kernel_shape: [BigInt(dims[2] ?? 1)], strides: [BigInt(stride)] });
  };
  const channel = graph.op('Unsqueeze', '/channel', [samples, graph.ints(1)]);
  const first = graph.op('Tanh', '/tanh', [convolve('conv1', channel, 64, false)]);

  // One mean and variance over all channels and frames, then a scale and an offset for each channel.
  const flat = graph.op('Reshape', '/groupnorm/flat', [first, graph.ints(1, 1, -1)]);
  const one = graph.floats('/groupnorm/one', Float32Array.of(1));
  const zero = graph.floats('/groupnorm/zero', Float32Array.of(0));
  const level = graph.op('InstanceNormalization', '/groupnorm/level', [flat, one, zero], { epsilon: EPSILON });
  const channels = graph.op('Reshape', '/groupnorm/channels', [level, graph.ints(1, WIDTH, -1)]);
  const scaled = graph.op('Mul', '/groupnorm/scaled', [
    channels,
    graph.floats('/groupnorm/scale', weights.vector('/groupnorm/Mul'), [WIDTH, 1]),
  ]);
  const moved = graph.op('Add', '/groupnorm/moved', [
    scaled,
    graph.floats('/groupnorm/offset', weights.vector('/groupnorm/Add'), [WIDTH, 1]),
  ]);

  const second = graph.fused('Gelu', '/gelu2', [convolve('conv2', moved, 3, true)]);
  const third = graph.fused('Gelu', '/gelu3', [convolve('conv3', second, 2, true)]);
  return graph.op('Transpose', '/frames', [third], { perm: [0n, 2n, 1n] });
}
