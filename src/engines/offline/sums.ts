// Sums as they are said: `twenty five plus seventeen`, `fifteen percent of eighty`, `2+2`.
import type { Skill } from './conversation.ts';
import { readNumber } from './numbers.ts';

type Operator = readonly [said: RegExp, name: string, rank: number, apply: (a: number, b: number) => number];

/** Those of a lower rank bind closer. */
const operators: readonly Operator[] = [
  [/^(?:(?:raised )?to the power (?:of )?|\^ )/, 'to the power of', 0, (a, b) => a ** b],
  [/^(?:percent|per cent|%) of /, 'percent of', 1, (a, b) => (a / 100) * b],
  [/^(?:times|multiplied by|x|\*|×) /, 'times', 1, (a, b) => a * b],
  [/^(?:divided by|over|\/|÷) /, 'divided by', 1, (a, b) => a / b],
  [/^(?:plus|\+) /, 'plus', 2, (a, b) => a + b],
  [/^(?:minus|less|-|−) /, 'minus', 2, (a, b) => a - b],
];

/** What recognition writes for a number where only a number can stand: `what is to plus to`. */
const misheard = new Map(Object.entries({ to: 2, too: 2, for: 4, ate: 8, a: 8, won: 1 }));

const opening = /^(?:tell me |calculate |compute )?(?:(?:what(?: is| are| does)?|how much (?:is|are)|one is)(?: the (?:sum|result) of)? )?/;
const ending = / (?:equals?|makes?|is|be)$/;
const MOST_TERMS = 30;

export const sum: Skill = ({ core }) => {
  const terms = read(core.replace(opening, '').replace(ending, ''));
  if (!terms || terms.length < 2 || terms.length > MOST_TERMS) return undefined;
  const asked = terms.map(({ operator, number }) => (operator ? `${operator[1]} ${spoken(number)}` : spoken(number))).join(' ');
  if (terms.some(({ operator, number }) => operator?.[1] === 'divided by' && number === 0)) return 'Nothing can be divided by zero.';
  for (const rank of [0, 1, 2]) {
    for (let at = 1; at < terms.length; ) {
      const [left, { operator, number }] = terms.slice(at - 1, at + 1) as [Term, Term];
      if (operator?.[2] !== rank) at++;
      else terms.splice(at - 1, 2, { ...left, number: operator[3](left.number, number) });
    }
  }
  const value = terms[0]?.number ?? NaN;
  return Number.isFinite(value) ? `${asked} is ${spoken(value)}.` : 'I cannot work that out.';
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
    const operator = operators.find(([said]) => at > 0 && said.test(rest));
    if (!operator && at > 0) return undefined;
    at += operator ? (rest.match(operator[0])?.[0] ?? '').trim().split(' ').length : 0;
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
