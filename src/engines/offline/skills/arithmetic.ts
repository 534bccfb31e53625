// Sums as they are said: `twenty five plus seventeen`, `fifteen percent of eighty`, `the square root of 81`.
import { readNumber } from '../numbers.ts';
import type { Skill } from '../skill.ts';

export const arithmetic: Skill = {
  id: 'arithmetic',
  offer: 'do some arithmetic',
  reply: ({ core }) => {
    const sum = read(core);
    if (!sum) return undefined;
    if (Number.isNaN(sum.value)) return 'That has no real number as its answer.';
    if (!Number.isFinite(sum.value))
      return / divided by | modulo /.test(sum.text) ? 'Nothing can be divided by zero.' : 'That is too large a number for me.';
    return `${sum.text} is ${spoken(sum.value)}.`;
  },
};

interface Sum {
  readonly value: number;
  readonly text: string;
}

type Operator = '+' | '-' | '*' | '/' | '^' | 'mod';
type Token =
  | { number: number }
  | { operator: Operator }
  | { after: 'squared' | 'cubed' | '%' }
  | { before: 'root' | 'cube root' | 'half' | 'double' };

const opening =
  /^(?:(?:tell me |work out |calculate |compute |add up |evaluate |solve )?(?:what (?:is|are|does|would)|one is(?= .+ (?:plus|minus|times|divided))|how much (?:is|are)|what)?(?: the)?(?: (?:result|answer|value|sum|product|total) (?:of|to))?)(?: |$)/;
const ending = / (?:equal|equals|make|makes|is|be|come to)$/;

const LONGEST_WORDS = 60;

function read(core: string): Sum | undefined {
  if (core.split(' ').length > LONGEST_WORDS) return undefined;
  const text = reorder(core.replace(opening, '').replace(ending, ''));
  const tokens = tokenise(text) ?? tokenise(mishearing(text));
  if (!tokens || tokens.every((token) => 'number' in token)) return undefined;
  return new Reader(tokens).all();
}

/** `add five and seven`, `subtract three from ten`, `divide ten by two`: the operator goes to the middle. */
function reorder(text: string): string {
  return text
    .replace(/^the /, '')
    .replace(/^(?:add|sum of) (.+)/, (_, rest: string) => rest.replace(/ (?:and|to|with) /g, ' plus '))
    .replace(/^subtract (.+) from (.+)/, '$2 minus $1')
    .replace(/^take (.+) (?:away )?from (.+)/, '$2 minus $1')
    .replace(/^(?:multiply|product of) (.+?) (?:by|and|with) (.+)/, '$1 times $2')
    .replace(/^divide (.+?) (?:by|with) (.+)/, '$1 divided by $2')
    .replace(/^difference (?:between|of) (.+?) and (.+)/, '$1 minus $2');
}

/** Recognition writes `to plus for`; a lone preposition beside an operator is a number. */
function mishearing(text: string): string {
  const operator = '(?:plus|minus|times|divided by|squared)';
  const heard: [RegExp, string][] = [
    ['(?:to|too)', 'two'],
    ['for', 'four'],
    ['(?:ate|age|a)', 'eight'],
    ['won', 'one'],
  ].map(([word, number]) => [new RegExp(`(?<=^|${operator} )${word}(?= ${operator}|$)`, 'g'), number as string]);
  return heard.reduce((sum, [pattern, number]) => sum.replace(pattern, number), text);
}

const phrases: readonly [RegExp, Token][] = [
  [/^(?:the )?square root of/, { before: 'root' }],
  [/^(?:the )?cube root of/, { before: 'cube root' }],
  [/^(?:half|one half) of|^half/, { before: 'half' }],
  [/^double|^twice/, { before: 'double' }],
  [/^(?:raised )?to the power (?:of)?|^\^/, { operator: '^' }],
  [/^(?:plus|and|\+|added to|more than)/, { operator: '+' }],
  [/^(?:minus|less|take away|-|−)/, { operator: '-' }],
  [/^(?:multiplied by|times|x|\*|×)/, { operator: '*' }],
  [/^(?:divided by|over|\/|÷)/, { operator: '/' }],
  [/^(?:modulo|mod)/, { operator: 'mod' }],
  [/^squared/, { after: 'squared' }],
  [/^cubed/, { after: 'cubed' }],
  [/^(?:percent|per cent|%) of/, { after: '%' }],
];

function tokenise(text: string): Token[] | undefined {
  const words = text
    .replace(/(\d)([+*/×÷^%x-])/g, '$1 $2 ')
    .replace(/([+*/×÷^-])(?=\d)/g, '$1 ')
    .split(/\s+/)
    .filter(Boolean);
  const tokens: Token[] = [];
  let at = 0;
  while (at < words.length) {
    const wantsNumber = tokens.length === 0 || !('number' in (tokens.at(-1) as Token) || 'after' in (tokens.at(-1) as Token));
    const afterPercent = 'after' in (tokens.at(-1) ?? {}) && (tokens.at(-1) as { after: string }).after === '%';
    const number = wantsNumber || afterPercent ? readNumber(words, at) : undefined;
    if (number) {
      tokens.push({ number: number.value });
      at += number.length;
      continue;
    }
    const rest = words.slice(at).join(' ');
    const phrase = phrases.find(([pattern]) => new RegExp(`(?:${pattern.source})(?: |$)`).test(rest) && pattern.test(rest));
    if (!phrase) return undefined;
    at += (rest.match(phrase[0])?.[0] ?? '').trim().split(' ').length;
    tokens.push(phrase[1]);
  }
  return tokens;
}

const names: Record<Operator, string> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'times',
  '/': 'divided by',
  '^': 'to the power of',
  mod: 'modulo',
};

/** Recursive descent over the tokens with the usual precedence; undefined when they are no sum. */
class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  all(): Sum | undefined {
    const sum = this.#chain(['+', '-'], () => this.#chain(['*', '/', 'mod'], () => this.#power()));
    return this.#at === this.#tokens.length ? sum : undefined;
  }

  #chain(operators: readonly Operator[], operand: () => Sum | undefined): Sum | undefined {
    let left = operand();
    while (left) {
      const token = this.#tokens[this.#at];
      if (!token || !('operator' in token) || !operators.includes(token.operator)) return left;
      this.#at++;
      const right = operand();
      left = right && apply(token.operator, left, right);
    }
    return undefined;
  }

  #power(): Sum | undefined {
    const base = this.#operand();
    const token = this.#tokens[this.#at];
    if (!base || !token || !('operator' in token) || token.operator !== '^') return base;
    this.#at++;
    const exponent = this.#power();
    return exponent && apply('^', base, exponent);
  }

  #operand(): Sum | undefined {
    const token = this.#tokens[this.#at++];
    if (!token) return undefined;
    if ('before' in token) {
      const of = this.#operand();
      return of && prefix(token.before, of);
    }
    if (!('number' in token)) return undefined;
    let sum: Sum = { value: token.number, text: spoken(token.number) };
    for (let next = this.#tokens[this.#at]; next && 'after' in next; next = this.#tokens[this.#at]) {
      this.#at++;
      if (next.after === '%') {
        const of = this.#operand();
        return of && { value: (sum.value / 100) * of.value, text: `${sum.text} percent of ${of.text}` };
      }
      sum = { value: sum.value ** (next.after === 'squared' ? 2 : 3), text: `${sum.text} ${next.after}` };
    }
    return sum;
  }
}

function apply(operator: Operator, a: Sum, b: Sum): Sum {
  const values: Record<Operator, number> = {
    '+': a.value + b.value,
    '-': a.value - b.value,
    '*': a.value * b.value,
    '/': b.value === 0 ? Infinity : a.value / b.value,
    '^': a.value ** b.value,
    mod: b.value === 0 ? Infinity : a.value % b.value,
  };
  return { value: values[operator], text: `${a.text} ${names[operator]} ${b.text}` };
}

function prefix(kind: 'root' | 'cube root' | 'half' | 'double', of: Sum): Sum {
  const sums: Record<typeof kind, Sum> = {
    root: { value: Math.sqrt(of.value), text: `The square root of ${of.text}` },
    'cube root': { value: Math.cbrt(of.value), text: `The cube root of ${of.text}` },
    half: { value: of.value / 2, text: `Half of ${of.text}` },
    double: { value: of.value * 2, text: `Double ${of.text}` },
  };
  return sums[kind];
}

/** As many decimals as a listener can follow. */
function spoken(value: number): string {
  const rounded = Math.abs(value) < 1e15 ? Number(value.toFixed(4)) : value;
  return rounded < 0 ? `minus ${-rounded}` : String(rounded);
}
