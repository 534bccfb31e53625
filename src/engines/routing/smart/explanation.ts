// Why a condition holds or does not: what its parts came to, and the values that it read. For people who try a router; nothing is decided by it.
import { type ASTNode, serialize } from '@marcbachmann/cel-js';
import { compileCondition, type ConditionInput, loops, type MetadataValue, nodesOf, parseCondition, type Verdict } from './conditions.ts';
import type { ConditionMessage } from './messages.ts';

export interface Explanation {
  /** What `&&` and `||` join, in its order; empty where there is only one. */
  readonly parts: readonly ({ readonly expression: string } & Verdict)[];
  /** What it reads, by its name in the expression: keys of the metadata, null where the request has none of that name, and the last message. */
  readonly values: Readonly<Record<string, MetadataValue | ConditionMessage | null>>;
}

/** @param expression of a condition that was compiled before. */
export function explain(expression: string, input: ConditionInput): Explanation {
  const ast = parseCondition(expression);
  const parts = joined(ast).map(serialize);
  return {
    parts: parts.length === 1 ? [] : parts.map((part) => ({ expression: part, ...compileCondition(part).evaluate(input) })),
    values: Object.fromEntries(namesIn(ast).map((name) => valueOf(input, name))),
  };
}

function joined(node: ASTNode): ASTNode[] {
  return node.op === '&&' || node.op === '||' ? node.args.flatMap(joined) : [node];
}

/** The variables of an expression, each once; not those that a macro gives names to itself. */
function namesIn(ast: ASTNode): string[] {
  const nodes = nodesOf(ast);
  const own = new Set(
    nodes.flatMap((node) => {
      if (node.op !== 'rcall' || !loops.has(node.args[0])) return [];
      const [, , [variable]] = node.args;
      return variable?.op === 'id' ? variable.args : [];
    }),
  );
  return [...new Set(nodes.flatMap((node) => (node.op === 'id' && !own.has(node.args) ? node.args : [])))];
}

function valueOf({ metadata, messages }: ConditionInput, name: string): [string, Explanation['values'][string]] {
  if (name === 'messages') return ['messages.last()', messages().at(-1) ?? null];
  return [name, Object.hasOwn(metadata, name) ? (metadata[name] ?? null) : null];
}
