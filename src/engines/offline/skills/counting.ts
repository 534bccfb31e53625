// Counts up and down: the longest thing the assistant can say, and so the thing to interrupt.
import { findNumbers, numberInWords } from '../numbers.ts';
import type { Skill } from '../skill.ts';

const LONGEST = 200;

export const counting: Skill = {
  id: 'counting',
  offer: 'count to any number up to two hundred',
  reply: ({ core }) => {
    if (!/^(?:start )?count(?:ing)?\b/.test(core)) return undefined;
    const words = core.replace(/[-–](?=\d)/g, ' to ').split(' ');
    const by = words.findIndex((word) => word === 'by' || word === 'in');
    const stepText = by > 0 ? (words.splice(by, 2)[1] ?? '') : '';
    // `to` is heard where `two` was said: `count from one to to`.
    if (words.at(-1) === 'to') words[words.length - 1] = 'two';
    const numbers = findNumbers(words).map((found) => Math.round(found.value));
    const down = /\b(?:down|back|backward|backwards|reverse)\b/.test(core);
    const [first, second] = numbers;
    const step = stepOf(stepText);
    if (first === undefined) return 'Gladly. To which number should I count?';
    const begin = second === undefined ? (down ? first : step) : down ? Math.max(first, second) : first;
    const end = second === undefined ? (down ? 1 : first) : down ? Math.min(first, second) : second;
    return count(begin, end, step);
  },
};

function stepOf(text: string): number {
  const plural = text.replace(/sixes/, 'six').replace(/ies$/, 'y').replace(/s$/, '');
  return Math.max(1, Math.round(findNumbers([plural])[0]?.value ?? 1));
}

function count(begin: number, end: number, step: number): string {
  if (Math.max(Math.abs(begin), Math.abs(end)) > 999_999) return 'That is further than I can count.';
  const direction = end >= begin ? step : -step;
  const wanted = Math.floor(Math.abs(end - begin) / step) + 1;
  const numbers = Array.from({ length: Math.min(wanted, LONGEST) }, (_, index) => numberInWords(begin + index * direction));
  const said = numbers.join(', ');
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}.${wanted > LONGEST ? ` I stop here, after ${LONGEST} numbers.` : ''}`;
}
