// Whisper base as three graphs: the encoder, what every step of the decoder looks at, and a step of the decoder.
import { lookAt, lookBack, partsByHead } from '../../models/onnx/attention.ts';
import { GraphBuilder } from '../../models/onnx/builder.ts';
import { DataType, type Model } from '../../models/onnx/graph.ts';
import type { Ct2File } from './ct2-file.ts';
import { HEADS, LAYERS, Layers, WIDTH } from './layers.ts';

const BANDS = 80;
/** The layers with heads that follow the words in time. */
const TIMING_LAYERS = new Set([3, 4, 5]);

const sides = ['key', 'value'] as const;
const indices = Array.from({ length: LAYERS }, (_, index) => index);

export function encoderGraph(weights: Ct2File): Model {
  const graph = new GraphBuilder('encoder');
  const layers = new Layers(graph, weights);
  const convolve = (name: string, value: string, stride: bigint) => {
    const inputs = [value, layers.constant(`encoder/${name}/weight`), layers.constant(`encoder/${name}/bias`)];
    return graph.fused('Gelu', `${name}/gelu`, [graph.op('Conv', name, inputs, { kernel_shape: [3n], pads: [1n, 1n], strides: [stride] })]);
  };
  const mel = graph.input('mel', DataType.float, [1, BANDS, 'mel frames']);
  const heard = convolve('conv2', convolve('conv1', mel, 1n), 2n);
  const frames = graph.op('Transpose', 'frames', [heard], { perm: [0n, 2n, 1n] });
  const count = graph.op('Slice', 'count', [graph.op('Shape', 'shape', [frames]), graph.ints(1), graph.ints(2)]);
  const positions = graph.op('Slice', 'positions', [
    layers.constant('encoder/position_encodings/encodings'),
    graph.ints(0),
    count,
    graph.ints(0),
  ]);
  let value = graph.op('Add', 'placed', [frames, positions]);
  for (const index of indices) {
    const layer = `encoder/layer_${index}`;
    const seen = graph.fused('MultiHeadAttention', `${layer}/self_attention`, layers.own(layer, value), { num_heads: BigInt(HEADS.count) });
    value = layers.feed(layer, layers.add(`${layer}/self_attention/linear_1`, value, seen));
  }
  layers.normalise('encoder/layer_norm', value, 'last_hidden_state');
  graph.output('last_hidden_state', DataType.float, [1, 'frames', WIDTH]);
  return graph.build();
}

export function crossGraph(weights: Ct2File): Model {
  const graph = new GraphBuilder('cross');
  const layers = new Layers(graph, weights);
  const frames = graph.input('encoder_hidden_states', DataType.float, [1, 'frames', WIDTH]);
  const joined = layers.linears(
    'keys and values',
    frames,
    indices.map((index) => `decoder/layer_${index}/attention/linear_1`),
  );
  const names = indices.flatMap((index) => sides.map((side) => `past_key_values.${index}.encoder.${side}`));
  partsByHead(graph, joined, HEADS, names);
  for (const name of names) graph.output(name, DataType.float, [1, HEADS.count, 'frames', HEADS.width]);
  return graph.build();
}

export function stepGraph(weights: Ct2File): Model {
  const graph = new GraphBuilder('step');
  const layers = new Layers(graph, weights);
  const tokens = graph.input('input_ids', DataType.int64, [1, 'tokens']);
  const past = (index: number, from: string, length: string) => {
    const names = [`past_key_values.${index}.${from}.key`, `past_key_values.${index}.${from}.value`] as const;
    for (const name of names) graph.input(name, DataType.float, [1, HEADS.count, length, HEADS.width]);
    return names;
  };
  const said = indices.map((index) => past(index, 'decoder', 'past'));
  const heard = indices.map((index) => past(index, 'encoder', 'frames'));

  const vocabulary = layers.matrix('decoder/embeddings');
  let value = graph.op('Add', 'placed', [lookUp(graph, tokens), positions(layers, tokens, said[0]?.[0] ?? '')]);
  for (const index of indices) {
    const layer = `decoder/layer_${index}`;
    const present = [`present.${index}.decoder.key`, `present.${index}.decoder.value`] as const;
    const back = lookBack(graph, `${layer}/self_attention`, HEADS, layers.own(layer, value), said[index] ?? ['', ''], present);
    value = layers.add(`${layer}/self_attention/linear_1`, value, back);

    const query = layers.linear(`${layer}/attention/linear_0`, layers.normalise(`${layer}/attention/layer_norm`, value));
    const [key, values] = heard[index] ?? ['', ''];
    const shares = TIMING_LAYERS.has(index) ? `cross_attentions.${index}` : undefined;
    const seen = lookAt(graph, `${layer}/attention`, HEADS, [query, key, values], shares);
    value = layers.feed(layer, layers.add(`${layer}/attention/linear_2`, value, seen));
    for (const name of present) graph.output(name, DataType.float, [1, HEADS.count, 'past + tokens', HEADS.width]);
  }
  graph.linear('logits', layers.normalise('decoder/layer_norm', value), vocabulary);
  graph.output('logits', DataType.float, [1, 'tokens', vocabulary.columns]);
  for (const index of TIMING_LAYERS) graph.output(`cross_attentions.${index}`, DataType.float, [1, HEADS.count, 'tokens', 'frames']);
  return graph.build();
}

/** [1, tokens] to [1, tokens, WIDTH]: columns of the matrix that makes the scores of the tokens, which is kept once. */
function lookUp(graph: GraphBuilder, tokens: string): string {
  const columns = graph.op('Gather', 'embedding/columns', ['logits.weight', tokens], { axis: 1n });
  const steps = graph.op('Cast', 'embedding/steps', [graph.op('Transpose', 'embedding/rows', [columns], { perm: [1n, 2n, 0n] })], {
    to: BigInt(DataType.float),
  });
  const scales = graph.op('Unsqueeze', 'embedding/scales', [
    graph.op('Gather', 'embedding/scale', ['logits.scale', tokens]),
    graph.ints(-1),
  ]);
  return graph.op('Mul', 'embedding', [steps, scales]);
}

/** What is added for the places of the new tokens, which follow those of `past`. */
function positions(layers: Layers, tokens: string, past: string): string {
  const { graph } = layers;
  const size = (name: string, value: string, axis: number) => {
    const length = graph.op('Slice', `${name}/length`, [
      graph.op('Shape', `${name}/shape`, [value]),
      graph.ints(axis),
      graph.ints(axis + 1),
    ]);
    return graph.op('Squeeze', `${name}/count`, [length]);
  };
  const first = size('past', past, 2);
  const end = graph.op('Add', 'end', [first, size('tokens', tokens, 1)]);
  const one = graph.tensor('one', DataType.int64, [], BigInt64Array.of(1n));
  const places = graph.op('Range', 'places', [first, end, one]);
  return graph.op('Gather', 'positions', [layers.constant('decoder/position_encodings/encodings'), places]);
}
