// The order in which the nodes of a graph can run.
import { type Graph, ModelFormatError, type Node } from './graph.ts';

/**
 * The nodes, each after those whose outputs it uses, itself or in the graphs among its attributes. Nodes that could run in either order keep
 * the one they came in, so that the result depends on nothing else.
 */
export function topological(nodes: readonly Node[]): Node[] {
  const maker = new Map<string, Node>();
  for (const node of nodes) for (const output of node.outputs) if (output !== '') maker.set(output, node);

  const ordered: Node[] = [];
  const state = new Map<Node, 'entered' | 'done'>();
  const needs = (node: Node) => namesUsed(node).flatMap((name) => maker.get(name) ?? []);
  for (const first of nodes) {
    // Depth first with a stack of its own: a chain of nodes may be longer than the stack of calls.
    const stack = [{ node: first, rest: needs(first) }];
    if (state.has(first)) continue;
    state.set(first, 'entered');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.rest.shift();
      if (next === undefined) {
        state.set(top.node, 'done');
        ordered.push(top.node);
        stack.pop();
      } else if (state.get(next) === 'entered') {
        throw new ModelFormatError(`The node '${next.name}' depends on its own output.`);
      } else if (!state.has(next)) {
        state.set(next, 'entered');
        stack.push({ node: next, rest: needs(next) });
      }
    }
  }
  return ordered;
}

/** The names a node uses from the graph it stands in. */
function namesUsed(node: Node): string[] {
  const names = node.inputs.filter((input) => input !== '');
  for (const attribute of node.attributes.values()) if (attribute.type === 'graph') names.push(...outerNames(attribute.value));
  return names;
}

function outerNames(graph: Graph): string[] {
  const inner = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const used = [...graph.nodes.flatMap(namesUsed), ...graph.outputs.map(({ name }) => name)];
  return used.filter((name) => !inner.has(name));
}
