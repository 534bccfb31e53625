// Sums as they are said: `twenty five plus seventeen`, `fifteen percent of eighty`, `2+2`.
import type { Skill } from './conversation.ts';
import { readNumber } from './numbers.ts';

interface Operator {
  readonly said: RegExp;
  readonly name: string;
  /** The lower binds closer. */
  readonly rank: number;
  readonly apply: (a: number, b: number) => number;
}

const operators: readonly Operator[] = [
  { said: /^(?:(?:raised )?to the power (?:of )?|\^ )/, name: 'to the power of', rank: 0, apply: (a, b) => a ** b },
  { said: /^(?:percent|per cent|%) of /, name: 'percent of', rank: 1, apply: (a, b) => (a / 100) * b },
  { said: /^(?:times|multiplied by|x|\*|×) /, name: 'times', rank: 1, apply: (a, b) => a * b },
  { said: /^(?:divided by|over|\/|÷) /, name: 'divided by', rank: 1, apply: (a, b) => a / b },
  { said: /^(?:plus|\+) /, name: 'plus', rank: 2, apply: (a, b) => a + b },
  { said: /^(?:minus|less|-|−) /, name: 'minus', rank: 2, apply: (a, b) => a - b },
];

/** What recognition writes for a number where only a number can stand: `what is to plus to`. */
const misheard = new Map(Object.entries({ to: 2, too: 2, for: 4, ate: 8, a: 8, won: 1 }));

const opening = /^(?:tell me |calculate |compute )?(?:(?:what(?: is| are| does)?|how much (?:is|are)|one is)(?: the (?:sum|result) of)? )?/;
const ending = / (?:equals?|makes?|is|be)$/;
const MOST_TERMS = 30;

export const sum: Skill = ({ core }) => {
  const terms = read(core.replace(opening, '').replace(ending, ''));
  if (!terms || terms.length < 2 || terms.length > MOST_TERMS) return undefined;
  const asked = terms.map(({ operator, number }) => (operator ? `${operator.name} ${spoken(number)}` : spoken(number))).join(' ');
  if (terms.some(({ operator, number }) => operator?.name === 'divided by' && number === 0)) return 'Nothing can be divided by zero.';
  for (const rank of [0, 1, 2]) {
    for (let at = 1; at < terms.length; ) {
      const [left, { operator, number }] = terms.slice(at - 1, at + 1) as [Term, Term];
      if (operator?.rank !== rank) at++;
      else terms.splice(at - 1, 2, { ...left, number: operator.apply(left.number, number) });
    }
  }
  const value = terms[0]?.number ?? NaN;
  return Number.isFinite(value) ? `${asked} is ${spoken(value)}.` : 'That is too large a number for me.';
};

/** A number with the operator before it, which the first has none of. */
interface Term {
  readonly operator: Operator | undefined;
  readonly number: number;
}

/** Undefined when the words are no sum. */
function read(text: string): Term[] | undefined {
  const spaced = text.replace(/(\d)([+*/×÷^%x-])/g, '$1 $2 ').replace(/([+*/×÷^-])(?=\d)/g, '$1 ');
  const words = spaced.split(/\s+/);
  const terms: Term[] = [];
  for (let at = 0; at < words.length; ) {
    const rest = `${words.slice(at).join(' ')} `;
    const operator = operators.find(({ said }) => at > 0 && said.test(rest));
    if (!operator && at > 0) return undefined;
    at += operator ? (rest.match(operator.said)?.[0] ?? '').trim().split(' ').length : 0;
    const number = readNumber(words, at) ?? { value: misheard.get(words[at] ?? '') ?? NaN, length: 1 };
    if (Number.isNaN(number.value)) return undefined;
    terms.push({ operator, number: number.value });
    at += number.length;
  }
  return terms;
}

/** As many decimals as a listener can follow. */
function spoken(value: number): string {
  const rounded = Math.abs(value) < 1e15 ? Number(value.toFixed(4)) : value;
  return rounded < 0 ? `minus ${-rounded}` : String(rounded);
}
