// How the weights are found in the shipped graphs, on a graph made by hand.
import { describe, expect, it } from 'vitest';
import { Weights } from '../../src/engines/local/moonshine/weights.ts';
import { DataType, ModelFormatError } from '../../src/engines/models/onnx/graph.ts';
import { floats, graph, node } from './models/onnx-graphs.ts';

/** A multiplication named `layer` by a matrix that is kept in eight bits, and the addition of a bias, as the shipped files have them. */
function shipped(offset: number) {
  const nodes = [
    node('Cast', ['q'], ['cast']),
    node('Mul', ['cast', 'scale'], ['scaled']),
    node('Add', ['scaled', 'offset'], ['weight']),
    { ...node('MatMul', ['x', 'weight'], ['product']), name: 'layer' },
    { ...node('Add', ['product', 'bias'], ['y']), name: 'bias' },
  ];
  const initializers = [
    { name: 'q', type: DataType.int8, dims: [2, 3], data: new Uint8Array(Int8Array.of(1, -2, 3, -4, 5, -128).buffer) },
    floats('scale', [1], [0.5]),
    floats('offset', [1], [offset]),
    floats('bias', [3], [0.25, 0.5, -1]),
  ];
  return graph({ nodes, initializers });
}

describe('the weights of Moonshine', () => {
  it('stay in eight bits, their offset turned into a zero point', () => {
    const { values, scales, zeroPoints, rows, columns } = new Weights([shipped(-3.5)]).matrix('layer');
    expect([rows, columns, ...scales, ...zeroPoints]).toEqual([2, 3, 0.5, 7]);
    expect([...values]).toEqual([1, -2, 3, -4, 5, -128]);
  });

  it('are made fractions where fractions are needed, and so are constants', () => {
    const weights = new Weights([shipped(-3.5)]);
    expect(weights.widened('layer', 1)).toEqual({ values: Float32Array.of(-3, -4.5, -2, -5.5, -1, -67.5), dims: [2, 3] });
    expect([...weights.vector('bias')]).toEqual([0.25, 0.5, -1]);
  });

  it('are found from a branch in the graph around it', () => {
    const { nodes, initializers } = shipped(1);
    const weights = new Weights([graph({ nodes: nodes.slice(0, 3), initializers }), graph({ nodes: nodes.slice(3) })]);
    expect([...weights.matrix('layer').zeroPoints]).toEqual([-2]);
  });

  it('are refused when the model is another: no such layer, no such pattern, or an offset that a zero point cannot say', () => {
    expect(() => new Weights([shipped(1)]).matrix('other')).toThrow(ModelFormatError);
    expect(() => new Weights([shipped(1)]).matrix('bias')).toThrow(ModelFormatError);
    expect(() => new Weights([shipped(1.2)]).matrix('layer')).toThrow(ModelFormatError);
    expect(() => new Weights([shipped(100)]).matrix('layer')).toThrow(ModelFormatError);
    expect(() => new Weights([shipped(1)]).vector('layer')).toThrow(ModelFormatError);
  });
});
