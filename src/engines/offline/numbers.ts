// Numbers as people say them, in both directions: `one hundred and five` ↔ 105.

const units = `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen`.split(/\s+/);
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const scales: Record<string, number> = { thousand: 1e3, million: 1e6, billion: 1e9 };

const small = new Map<string, number>([
  ...units.map((word, value) => [word, value] as const),
  ...tens.flatMap((word, value) => (word ? [[word, value * 10] as const] : [])),
  ['oh', 0],
  ['dozen', 12],
]);

interface ReadNumber {
  readonly value: number;
  /** How many words it took. */
  readonly length: number;
}

/** The number that begins at `words[at]` (lower case), as long as it can be read. `a hundred` counts, `a` alone does not. */
export function readNumber(words: readonly string[], at: number): ReadNumber | undefined {
  const word = words[at] ?? '';
  if (word === 'minus' || word === 'negative') {
    const positive = readNumber(words, at + 1);
    return positive && { value: -positive.value, length: positive.length + 1 };
  }
  const digits = /^\d+(?:\.\d+)?$/.test(word) ? Number(word) : undefined;
  if (digits !== undefined) {
    const scale = scales[words[at + 1] ?? ''] ?? (words[at + 1] === 'hundred' ? 100 : undefined);
    return scale ? { value: digits * scale, length: 2 } : { value: digits, length: 1 };
  }
  return readWords(words, at);
}

function readWords(words: readonly string[], start: number): ReadNumber | undefined {
  let total = 0;
  let group = 0;
  let last: 'none' | 'unit' | 'ten' | 'hundred' | 'scale' = 'none';
  let at = start;
  const pieces = () => (words[at] ?? '').split('-');
  if (words[at] === 'a' && /^(?:hundred|thousand|million|billion|dozen)$/.test(words[at + 1] ?? '')) {
    if (words[at + 1] === 'dozen') return { value: 12, length: 2 };
    group = 1;
    last = 'unit';
    at++;
  }
  for (; at < words.length; at++) {
    let word = words[at] as string;
    // `one hundred and five`, but not `five and six`.
    if (word === 'and' && (last === 'hundred' || last === 'scale') && small.has((words[at + 1] ?? '').split('-')[0] as string)) continue;
    if (pieces().length === 2 && pieces().every((piece) => small.has(piece)) && last !== 'unit' && last !== 'ten') {
      const [ten, unit] = pieces() as [string, string];
      group += (small.get(ten) as number) + (small.get(unit) as number);
      last = 'unit';
      continue;
    }
    if (word === 'hundred' && last === 'unit' && group > 0) {
      group *= 100;
      last = 'hundred';
      continue;
    }
    const scale = scales[word];
    if (scale && last !== 'none' && last !== 'scale') {
      total += group * scale;
      group = 0;
      last = 'scale';
      continue;
    }
    word = word === 'fourty' ? 'forty' : word;
    const value = small.get(word);
    if (value === undefined || last === 'unit') break;
    if (last === 'ten' && (value < 1 || value > 9)) break;
    group += value;
    last = value >= 20 ? 'ten' : 'unit';
  }
  if (last === 'none') return undefined;
  let value = total + group;
  if (words[at] === 'point' && small.has(words[at + 1] ?? '')) {
    let fraction = '';
    for (at++; (small.get(words[at] ?? '') ?? 10) < 10; at++) fraction += small.get(words[at] as string);
    value += Number(`0.${fraction || '0'}`);
  }
  return { value, length: at - start };
}

interface FoundNumber extends ReadNumber {
  readonly at: number;
}

/** Every number in the words, from left to right. */
export function findNumbers(words: readonly string[]): FoundNumber[] {
  const found: FoundNumber[] = [];
  for (let at = 0; at < words.length; at++) {
    const number = readNumber(words, at);
    if (!number) continue;
    found.push({ ...number, at });
    at += number.length - 1;
  }
  return found;
}

/** Whole numbers below a million, the British way: 105 → `one hundred and five`. */
export function numberInWords(value: number): string {
  if (value < 0) return `minus ${numberInWords(-value)}`;
  if (value < 20) return units[value] as string;
  if (value < 100) return `${tens[Math.floor(value / 10)]}${value % 10 ? `-${units[value % 10]}` : ''}`;
  if (value < 1000) return `${units[Math.floor(value / 100)]} hundred${value % 100 ? ` and ${numberInWords(value % 100)}` : ''}`;
  const rest = value % 1000;
  return `${numberInWords(Math.floor(value / 1000))} thousand${rest ? `${rest < 100 ? ' and' : ''} ${numberInWords(rest)}` : ''}`;
}
