// The graphs that write: `cross` makes of the encoder's vectors what every step looks at, `step` makes of the tokens so far the next one.
import { lookAt, lookBack, partsByHead } from '../../models/onnx/attention.ts';
import { GraphBuilder } from '../../models/onnx/builder.ts';
import { DataType, type Model } from '../../models/onnx/graph.ts';
import { type QuantisedMatrix, sideBySide, transposed } from '../../models/onnx/quantised.ts';
import { HEAD_WIDTH, HEADS, join, LAYERS, normalise, ownSide, positions, WIDTH } from './shape.ts';
import type { Weights } from './weights.ts';

const TOKENS = 32_768;
const MOST_TOKENS = 1024;
/** The layers whose attention follows the words in time. */
const TIMING_LAYERS = new Set([5, 6, 7]);

const decoderLayer = (index: number) => `/model/decoder/layers.${index}`;
const heads = { count: HEADS, width: HEAD_WIDTH };

export function crossGraph(weights: Weights): Model {
  const graph = new GraphBuilder('cross');
  const frames = graph.input('encoder_hidden_states', DataType.float, [1, 'frames', WIDTH]);
  // All layers look at the same vectors: one multiplication makes the keys and values of all.
  const names: string[] = [];
  const matrices: QuantisedMatrix[] = [];
  for (let index = 0; index < LAYERS; index++) {
    for (const part of ['key', 'value']) {
      names.push(`past_key_values.${index}.encoder.${part}`);
      matrices.push(weights.matrix(`${decoderLayer(index)}/encoder_attn/${part.charAt(0)}_proj/MatMul`));
    }
  }
  const joined = graph.linear('keys and values', frames, sideBySide(matrices));
  partsByHead(graph, joined, heads, names);
  for (const name of names) graph.output(name, DataType.float, [1, HEADS, 'frames', HEAD_WIDTH]);
  return graph.build();
}

export function stepGraph(weights: Weights): Model {
  const graph = new GraphBuilder('step');
  positions(graph, weights, '/model/decoder', MOST_TOKENS);
  const tokens = graph.input('input_ids', DataType.int64, [1, 'tokens']);
  const past = (index: number, side: string, part: string, length: string) =>
    graph.input(`past_key_values.${index}.${side}.${part}`, DataType.float, [1, HEADS, length, HEAD_WIDTH]);
  const layers = Array.from({ length: LAYERS }, (_, index) => ({
    ownKey: past(index, 'decoder', 'key', 'past'),
    ownValue: past(index, 'decoder', 'value', 'past'),
    key: past(index, 'encoder', 'key', 'frames'),
    value: past(index, 'encoder', 'value', 'frames'),
  }));

  const vocabulary = embedding(weights);
  let trunk = lookUp(graph, tokens);
  const shape = graph.op('Shape', 'past shape', [layers[0]?.ownKey ?? ''], {});
  const first = graph.op('Slice', 'first position', [shape, graph.ints(2), graph.ints(3)]);
  let normed = normalise(graph, weights, `${decoderLayer(0)}/input_layernorm`, trunk);

  for (const [index, { ownKey, ownValue, key, value }] of layers.entries()) {
    const layer = decoderLayer(index);
    const own = ownSide(graph, weights, layer, normed, first);
    const present = [`present.${index}.decoder.key`, `present.${index}.decoder.value`] as const;
    const said = lookBack(graph, `${layer}/self_attn`, heads, own, [ownKey, ownValue], present);
    const ownDense = graph.linear(`${layer}/self_attn/dense`, said, weights.matrix(`${layer}/self_attn/dense/MatMul`));
    ({ trunk, normed } = join(graph, weights, `${layer}/post_attention_layernorm`, trunk, ownDense));

    const query = graph.linear(`${layer}/encoder_attn/q`, normed, weights.matrix(`${layer}/encoder_attn/q_proj/MatMul`));
    const shares = TIMING_LAYERS.has(index) ? `cross_attentions.${index}` : undefined;
    const heard = lookAt(graph, `${layer}/encoder_attn`, heads, [query, key, value], shares);
    const dense = graph.linear(`${layer}/encoder_attn/dense`, heard, weights.matrix(`${layer}/encoder_attn/dense/MatMul`));
    ({ trunk, normed } = join(graph, weights, `${layer}/final_layernorm`, trunk, dense));

    const fed = feed(graph, weights, layer, normed);
    const norm = index === LAYERS - 1 ? '/model/decoder/norm' : `${decoderLayer(index + 1)}/input_layernorm`;
    ({ trunk, normed } = join(graph, weights, norm, trunk, fed));
  }
  graph.linear('logits', normed, vocabulary);
  graph.output('logits', DataType.float, [1, 'tokens', TOKENS]);
  for (const index of layers.keys()) {
    for (const part of ['key', 'value'])
      graph.output(`present.${index}.decoder.${part}`, DataType.float, [1, HEADS, 'past + tokens', HEAD_WIDTH]);
  }
  for (const index of TIMING_LAYERS) graph.output(`cross_attentions.${index}`, DataType.float, [1, HEADS, 'tokens', 'frames']);
  return graph.build();
}

/** The embedding, one column for each token: as it stands it also makes the scores of the tokens. */
function embedding(weights: Weights): QuantisedMatrix {
  return transposed(weights.matrix('/model/decoder/embed_tokens/Gather', 0));
}

/** [1, tokens] to [1, tokens, WIDTH]. The columns are taken from the matrix that makes the scores, which is kept once. */
function lookUp(graph: GraphBuilder, tokens: string): string {
  const columns = graph.op('Gather', 'embedding/columns', ['logits.weight', tokens], { axis: 1n });
  const rows = graph.op('Transpose', 'embedding/rows', [columns], { perm: [1n, 2n, 0n] });
  return graph.op('DequantizeLinear', 'embedding', [rows, 'logits.scale', 'logits.zero']);
}

/** The gated part of a layer: one half of a wide vector decides how much of the other half passes. */
function feed(graph: GraphBuilder, weights: Weights, layer: string, value: string): string {
  const up = graph.linear(
    `${layer}/mlp/up`,
    value,
    weights.matrix(`${layer}/mlp/up_proj/MatMul`),
    weights.vector(`${layer}/mlp/up_proj/Add`),
  );
  const half = 4 * WIDTH;
  const [passing = '', gate = ''] = graph.split(`${layer}/mlp/halves`, up, [half, half]);
  // QuickGelu with an alpha of 1 is SiLU.
  const open = graph.fused('QuickGelu', `${layer}/mlp/silu`, [gate], { alpha: 1 });
  const passed = graph.op('Mul', `${layer}/mlp/passed`, [open, passing]);
  return graph.linear(
    `${layer}/mlp/down`,
    passed,
    weights.matrix(`${layer}/mlp/down_proj/MatMul`),
    weights.vector(`${layer}/mlp/down_proj/Add`),
  );
}
