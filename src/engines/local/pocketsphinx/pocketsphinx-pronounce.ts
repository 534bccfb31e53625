// A plausible American pronunciation for a word the dictionary does not know: letters to sounds, the longest group first.
// Right for most names of tools and products, and never better than a guess.

const CLUSTERS: readonly (readonly [letters: string, phones: string])[] = [
  ['tion', 'SH AH N'],
  ['sion', 'ZH AH N'],
  ['ough', 'AO'],
  ['augh', 'AO'],
  ['eigh', 'EY'],
  ['igh', 'AY'],
  ['tch', 'CH'],
  ['sch', 'SH'],
  ['dge', 'JH'],
  ['ear', 'IH R'],
  ['eer', 'IH R'],
  ['air', 'EH R'],
  ['our', 'AO R'],
  ['oor', 'AO R'],
  ['ing', 'IH NG'],
  ['que', 'K'],
  ['ch', 'CH'],
  ['sh', 'SH'],
  ['th', 'TH'],
  ['ph', 'F'],
  ['gh', 'G'],
  ['wh', 'W'],
  ['ck', 'K'],
  ['ng', 'NG'],
  ['nk', 'NG K'],
  ['qu', 'K W'],
  ['kn', 'N'],
  ['wr', 'R'],
  ['cz', 'CH'],
  ['sz', 'SH'],
  ['ar', 'AA R'],
  ['er', 'ER'],
  ['ir', 'ER'],
  ['ur', 'ER'],
  ['or', 'AO R'],
  ['ai', 'EY'],
  ['ay', 'EY'],
  ['au', 'AO'],
  ['aw', 'AO'],
  ['ea', 'IY'],
  ['ee', 'IY'],
  ['ei', 'IY'],
  ['ey', 'IY'],
  ['eu', 'Y UW'],
  ['ew', 'Y UW'],
  ['ie', 'IY'],
  ['oa', 'OW'],
  ['oe', 'OW'],
  ['oi', 'OY'],
  ['oy', 'OY'],
  ['oo', 'UW'],
  ['ou', 'AW'],
  ['ow', 'OW'],
  ['ue', 'UW'],
  ['ui', 'UW'],
];

const CONSONANTS: Readonly<Record<string, string>> = {
  b: 'B',
  c: 'K',
  d: 'D',
  f: 'F',
  g: 'G',
  h: 'HH',
  j: 'JH',
  k: 'K',
  l: 'L',
  m: 'M',
  n: 'N',
  p: 'P',
  q: 'K',
  r: 'R',
  s: 'S',
  t: 'T',
  v: 'V',
  w: 'W',
  x: 'K S',
  y: 'Y',
  z: 'Z',
};

const SHORT: Readonly<Record<string, string>> = { a: 'AE', e: 'EH', i: 'IH', o: 'AA', u: 'AH', y: 'IH' };
const LONG: Readonly<Record<string, string>> = { a: 'EY', e: 'IY', i: 'AY', o: 'OW', u: 'UW', y: 'AY' };
const AT_END: Readonly<Record<string, string>> = { a: 'AH', e: 'IY', i: 'IY', o: 'OW', u: 'UW', y: 'IY' };

const LETTER_NAMES: Readonly<Record<string, string>> = {
  a: 'EY',
  b: 'B IY',
  c: 'S IY',
  d: 'D IY',
  e: 'IY',
  f: 'EH F',
  g: 'JH IY',
  h: 'EY CH',
  i: 'AY',
  j: 'JH EY',
  k: 'K EY',
  l: 'EH L',
  m: 'EH M',
  n: 'EH N',
  o: 'OW',
  p: 'P IY',
  q: 'K Y UW',
  r: 'AA R',
  s: 'EH S',
  t: 'T IY',
  u: 'Y UW',
  v: 'V IY',
  w: 'D AH B AH L Y UW',
  x: 'EH K S',
  y: 'W AY',
  z: 'Z IY',
};

const MAGIC_E = /^[aeiouy][bcdfgklmnpstvz]es?$/;

/** Phones of the CMU set parted by blanks, or an empty string for what has no letters. A word without a vowel is spelled. */
export function pronounce(word: string): string {
  const letters = word.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (!/[aeiouy]/.test(letters))
    return letters
      .split('')
      .map((letter) => LETTER_NAMES[letter])
      .join(' ');
  const phones: string[] = [];
  for (let at = 0; at < letters.length; ) {
    const rest = letters.slice(at);
    const cluster = CLUSTERS.find(([group]) => rest.startsWith(group));
    if (cluster) {
      phones.push(cluster[1]);
      at += cluster[0].length;
      continue;
    }
    phones.push(soundOf(letters, at));
    // A doubled consonant is one sound.
    at += rest[0] === rest[1] && !isVowel(rest[0]) ? 2 : 1;
  }
  return phones.filter((phone) => phone !== '').join(' ');
}

function soundOf(letters: string, at: number): string {
  const letter = letters[at] as string;
  const next = letters[at + 1];
  if (letter === 'c' && next !== undefined && 'eiy'.includes(next)) return 'S';
  if (letter === 'g' && next !== undefined && 'eiy'.includes(next)) return 'JH';
  if (letter === 'x' && at === 0) return 'Z';
  if (letter === 'y' && at === 0) return 'Y';
  if (!isVowel(letter)) return CONSONANTS[letter] as string;
  const hasOtherVowel = /[aeiouy]/.test(letters.slice(0, at));
  if (next === undefined) return letter === 'e' && hasOtherVowel ? '' : (AT_END[letter] as string);
  if (MAGIC_E.test(letters.slice(at))) return LONG[letter] as string;
  if (letter === 'e' && next === 's' && at === letters.length - 2 && hasOtherVowel) return '';
  return SHORT[letter] as string;
}

function isVowel(letter: string | undefined): boolean {
  return letter !== undefined && 'aeiouy'.includes(letter);
}
