// Sums as they are said: `twenty five plus seventeen`, `fifteen percent of eighty`, `2+2`.
import type { Skill } from './conversation.ts';
import { readNumber } from './numbers.ts';

interface Operator {
  readonly said: RegExp;
  readonly name: string;
  readonly apply: (a: number, b: number) => number;
}

/** What binds closer stands before. */
const ranks: readonly (readonly Operator[])[] = [
  [{ said: /^(?:(?:raised )?to the power (?:of )?|\^ )/, name: 'to the power of', apply: (a, b) => a ** b }],
  [
    { said: /^(?:percent|per cent|%) of /, name: 'percent of', apply: (a, b) => (a / 100) * b },
    { said: /^(?:times|multiplied by|x|\*|×) /, name: 'times', apply: (a, b) => a * b },
    { said: /^(?:divided by|over|\/|÷) /, name: 'divided by', apply: (a, b) => a / b },
  ],
  [
    { said: /^(?:plus|\+) /, name: 'plus', apply: (a, b) => a + b },
    { said: /^(?:minus|less|-|−) /, name: 'minus', apply: (a, b) => a - b },
  ],
];

/** What recognition writes for a number where only a number can stand: `what is to plus to`. */
const misheard = new Map(Object.entries({ to: 2, too: 2, for: 4, ate: 8, a: 8, won: 1 }));

const opening = /^(?:tell me |calculate |compute )?(?:(?:what(?: is| are| does)?|how much (?:is|are)|one is)(?: the (?:sum|result) of)? )?/;
const ending = / (?:equals?|makes?|is|be)$/;
const LONGEST_WORDS = 60;

export const sum: Skill = ({ core }) => {
  const terms = read(core.replace(opening, '').replace(ending, ''));
  if (!terms) return undefined;
  const asked = terms.numbers.map((value, index) => `${spoken(value)} ${terms.operators[index]?.name ?? ''}`.trim()).join(' ');
  if (terms.operators.some(({ name }, index) => name === 'divided by' && terms.numbers[index + 1] === 0))
    return 'Nothing can be divided by zero.';
  for (const rank of ranks) {
    for (let at = 0; at < terms.operators.length; ) {
      const operator = terms.operators[at] as Operator;
      if (!rank.includes(operator)) at++;
      else {
        terms.numbers.splice(at, 2, operator.apply(terms.numbers[at] as number, terms.numbers[at + 1] as number));
        terms.operators.splice(at, 1);
      }
    }
  }
  const value = terms.numbers[0] as number;
  return Number.isFinite(value) ? `${asked} is ${spoken(value)}.` : 'That is too large a number for me.';
};

/** Numbers and the operators between them; undefined when the words are no sum. */
function read(text: string): { numbers: number[]; operators: Operator[] } | undefined {
  const words = text
    .replace(/(\d)([+*/×÷^%x-])/g, '$1 $2 ')
    .replace(/([+*/×÷^-])(?=\d)/g, '$1 ')
    .split(/\s+/);
  if (words.length > LONGEST_WORDS) return undefined;
  const numbers: number[] = [];
  const operators: Operator[] = [];
  for (let at = 0; ; ) {
    const heard = misheard.get(words[at] ?? '');
    const number = readNumber(words, at) ?? (heard === undefined ? undefined : { value: heard, length: 1 });
    if (!number) return undefined;
    numbers.push(number.value);
    at += number.length;
    if (at >= words.length) return operators.length > 0 ? { numbers, operators } : undefined;
    const rest = `${words.slice(at).join(' ')} `;
    const operator = ranks.flat().find(({ said }) => said.test(rest));
    if (!operator) return undefined;
    operators.push(operator);
    at += (rest.match(operator.said)?.[0] ?? '').trim().split(' ').length;
  }
}

/** As many decimals as a listener can follow. */
function spoken(value: number): string {
  const rounded = Math.abs(value) < 1e15 ? Number(value.toFixed(4)) : value;
  return rounded < 0 ? `minus ${-rounded}` : String(rounded);
}
