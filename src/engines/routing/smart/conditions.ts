// The conditions of routes: CEL expressions over the keys of a request's metadata and its messages (docs.inworld.ai/router/capabilities/conditional-routing).
// Compiled once. A condition that cannot be evaluated, since a variable is missing or of another type, does not hold. What one may cost is bounded:
// conditions are evaluated on the main loop, over what users say.
import { Environment, ParseError } from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import type { ConditionMessage } from './messages.ts';

export type MetadataValue = string | number | boolean;

export interface ConditionInput {
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  readonly messages: () => readonly ConditionMessage[];
  /** What is left of the request's patience with patterns, for all its conditions together. */
  readonly matching: MatchBudget;
}

/** In characters times the instructions of the pattern that they are matched with: what it takes, in the worst case some 0.15 µs for each. */
export interface MatchBudget {
  left: number;
}

export function matchBudget(): MatchBudget {
  return { left: mostMatched };
}

export interface Verdict {
  readonly holds: boolean;
  /** Why it could not be evaluated. */
  readonly problem?: string;
}

export interface Condition {
  readonly expression: string;
  evaluate(input: ConditionInput): Verdict;
}

/** The expression is none that can be used; the message goes on after the field's name. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
}

const limits = { maxAstNodes: 500, maxDepth: 24, maxListElements: 200, maxMapEntries: 50, maxCallArguments: 8 };
const longestPattern = 500;
/** Of a pattern as it is compiled, where `a{100}` is a hundred instructions. Usual ones have 10 to 100. */
const mostInstructions = 300;
/** A pattern of 100 instructions may look through all that a condition sees. */
const mostMatched = 2_000_000;

/** Macros that go through a list. One within another would multiply what they cost. */
export const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Of CEL's own functions `matches` takes JavaScript's patterns here, which know no `(?i)` and may take forever; this one takes RE2's, as CEL says. */
const matchFunction = 'matchesPattern';

const base = new Environment({ unlistedVariablesAreDyn: true, limits })
  .registerVariable('messages', 'list')
  .registerFunction('list.last(): dyn', (list: readonly unknown[]) => list.at(-1))
  .registerFunction('list.first(): dyn', (list: readonly unknown[]) => list[0]);

/** @throws ConditionError */
export function compileCondition(expression: string): Condition {
  const patterns: RE2JS[] = [];
  let budget = matchBudget();
  const matches = (text: string, index: bigint) => {
    const pattern = patterns[Number(index)] as RE2JS;
    budget.left -= text.length * pattern.programSize();
    if (budget.left < 0) throw new Error('the patterns of the conditions would look through too much text');
    return pattern.test(text);
  };
  const environment = base.clone().registerFunction(`string.${matchFunction}(int): bool`, matches);
  const { ast } = parsed(environment, expression);
  forbidNestedLoops(ast, false);
  const program = parsed(environment, withPatterns(expression, ast, patterns));
  const checked = program.check();
  if (!checked.valid) throw new ConditionError(`cannot be used: ${summaryOf(checked.error)}`);
  if (checked.type !== 'bool' && checked.type !== 'dyn')
    throw new ConditionError(`must be true or false, and is of the type ${checked.type}`);
  const readsMessages = nodesOf(ast).some((node) => node.op === 'id' && node.args === 'messages');
  return {
    expression,
    evaluate({ metadata, messages, matching }) {
      budget = matching;
      // Without a prototype: `constructor` is a key like any other.
      const variables: Record<string, unknown> = Object.assign(Object.create(null), metadata);
      variables['messages'] = readsMessages ? messages() : [];
      try {
        return { holds: program(variables) === true };
      } catch (error) {
        return { holds: false, problem: summaryOf(error) };
      }
    },
  };
}

/** @throws ConditionError */
export function parseCondition(expression: string): ASTNode {
  return parsed(base, expression).ast;
}

function parsed(environment: Environment, expression: string) {
  try {
    return environment.parse(expression);
  } catch (error) {
    if (error instanceof ParseError) throw new ConditionError(`is no CEL expression: ${error.summary}`);
    throw error;
  }
}

/** The expression with each `x.matches("pattern")` calling our own function with the pattern's number; the patterns are added to `patterns`. */
function withPatterns(expression: string, ast: ASTNode, patterns: RE2JS[]): string {
  const edits = nodesOf(ast).flatMap((node) => {
    if (node.op === 'call' && node.args[0] === 'matches') throw new ConditionError('must write matches as text.matches("pattern")');
    if (node.op !== 'rcall' || node.args[0] !== 'matches') return [];
    const [, receiver, [pattern]] = node.args;
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') throw new ConditionError('has a matches without a pattern in quotes');
    const from = /[\s)]*\.\s*matches/y;
    from.lastIndex = receiver.range.end;
    const name = from.exec(expression);
    if (!name) throw new ConditionError('must write matches as text.matches("pattern")');
    patterns.push(compiledPattern(pattern.args));
    const nameEnds = from.lastIndex;
    return [{ from: nameEnds - 'matches'.length, to: node.range.end, text: `${matchFunction}(${patterns.length - 1})` }];
  });
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce((text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to), expression);
}

function compiledPattern(pattern: string): RE2JS {
  if (pattern.length > longestPattern) throw new ConditionError(`has a pattern of more than ${longestPattern} characters`);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new ConditionError(`has a pattern that is none of RE2's: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (compiled.programSize() > mostInstructions) throw new ConditionError('has a pattern that repeats too much');
  return compiled;
}

function forbidNestedLoops(node: ASTNode, within: boolean): void {
  const isLoop = node.op === 'rcall' && loops.has(node.args[0]);
  if (isLoop && within) throw new ConditionError('has a macro within a macro, which could take long');
  for (const child of childrenOf(node)) {
    // What a macro goes through is evaluated once, the rest for each element.
    const isList = node.op === 'rcall' && child === node.args[1];
    forbidNestedLoops(child, within || (isLoop && !isList));
  }
}

export function nodesOf(node: ASTNode): ASTNode[] {
  return [node, ...childrenOf(node).flatMap(nodesOf)];
}

function childrenOf(node: ASTNode): ASTNode[] {
  const found: ASTNode[] = [];
  const collect = (value: unknown) => {
    if (Array.isArray(value)) for (const inner of value) collect(inner);
    else if (typeof value === 'object' && value !== null && 'op' in value) found.push(value as ASTNode);
  };
  collect(node.args);
  return found;
}

function summaryOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'summary' in error && typeof error.summary === 'string') return error.summary;
  return error instanceof Error ? error.message : String(error);
}
