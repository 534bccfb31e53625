// The order in which the nodes of a graph are written.
import { describe, expect, it } from 'vitest';
import { ModelFormatError } from '../../../src/engines/models/onnx/graph.ts';
import { topological } from '../../../src/engines/models/onnx/order.ts';
import { branching, floats, graph, node } from './onnx-graphs.ts';

const names = (nodes: ReturnType<typeof topological>) => nodes.map(({ outputs }) => outputs[0]);

describe('the topological order', () => {
  it('puts each node after those whose outputs it uses, and otherwise leaves things as they were', () => {
    const nodes = [
      node('Add', ['b', 'c'], ['d']),
      node('Neg', ['x'], ['free']),
      node('Neg', ['a'], ['b']),
      node('Neg', ['a'], ['c']),
      node('Neg', ['x'], ['a']),
    ];
    expect(names(topological(nodes))).toEqual(['a', 'b', 'c', 'd', 'free']);
    expect(topological(topological(nodes))).toEqual(topological(nodes));
  });

  it('counts the names that a graph among the attributes uses from outside, at any depth', () => {
    const deepest = graph({ nodes: [node('Neg', ['far'], ['n'])], outputs: [{ name: 'n', type: 1 }] });
    const inner = graph({
      nodes: [node('If', ['near'], ['m'], { then_branch: { type: 'graph', value: deepest } })],
      outputs: [{ name: 'm', type: 1 }],
    });
    const nodes = [
      node('If', [], ['y'], { then_branch: { type: 'graph', value: inner } }),
      node('Neg', ['x'], ['far']),
      node('Neg', ['x'], ['near']),
    ];
    expect(names(topological(nodes)).at(-1)).toBe('y');
    expect(names(topological(branching().graph.nodes.toReversed()))).toEqual(['scaled', 'y']);
  });

  it('counts an outer value that a branch merely passes on', () => {
    const inner = graph({ outputs: [{ name: 'outer', type: 1 }] });
    const nodes = [node('If', [], ['y'], { then_branch: { type: 'graph', value: inner } }), node('Neg', ['x'], ['outer'])];
    expect(names(topological(nodes))).toEqual(['outer', 'y']);
  });

  it('does not take an inner name for an outer one that is called the same', () => {
    const inner = graph({ nodes: [node('Neg', ['w'], ['y'])], initializers: [floats('w', [1], [1])], outputs: [{ name: 'y', type: 1 }] });
    const nodes = [node('If', [], ['a'], { then_branch: { type: 'graph', value: inner } }), node('Neg', ['a'], ['w'])];
    expect(names(topological(nodes))).toEqual(['a', 'w']);
  });

  it('holds for chains longer than the stack of calls', () => {
    const nodes = Array.from({ length: 20_000 }, (_, index) => node('Neg', [`v${index}`], [`v${index + 1}`])).toReversed();
    expect(names(topological(nodes))[0]).toBe('v1');
  });

  it('refuses a circle', () => {
    expect(() => topological([node('Neg', ['b'], ['a']), node('Neg', ['a'], ['b'])])).toThrow(ModelFormatError);
  });
});
