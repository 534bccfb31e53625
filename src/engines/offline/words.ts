// Speech as words: what recognition wrote, made comparable. Recognition may be lower case without punctuation, or written English.

const contractions: readonly [RegExp, string][] = [
  [/\b(what|who|where|when|how|that|it|there|here|he|she|name)'s\b/g, '$1 is'],
  [/\b(what|who|where|how|you|they|we)'re\b/g, '$1 are'],
  [/\bi'm\b/g, 'i am'],
  [/\b(i|you|we|they)'ve\b/g, '$1 have'],
  [/\b(i|you|we|they|it|that)'ll\b/g, '$1 will'],
  [/\b(i|you|we|they)'d\b/g, '$1 would'],
  [/\blet's\b/g, 'let us'],
  [/\bcan't\b/g, 'cannot'],
  [/\bwon't\b/g, 'will not'],
  [/n't\b/g, ' not'],
];

/** One line of words: quotes made plain, punctuation at the ends of words taken off, case kept. `7:30`, `3.5` and `2+2` survive. */
export function clean(raw: string): string {
  return (
    raw
      .replace(/[‘’]/g, "'")
      .replace(/\b([ap])\.\s?m\b\.?/gi, '$1m')
      .replace(/\b([ap]) m\b/gi, '$1m')
      .replace(/[“”"()[\]{}…—–]/g, ' ')
      .replace(/[.,;:?!]+(?=\s|$)/g, ' ')
      // Recognition cannot hear the difference; speakers mean the sky.
      .replace(/\b(the )whether\b|\bwhether(?= (?:in|for|at|near|like|today|tomorrow|forecast)\b)/gi, '$1weather')
      .replace(/\s+/g, ' ')
      .trim()
  );
}

const lead =
  /^(?:(?:um+|uh+|er+|hm+|so|well|okay|ok|hey|and|now|alright|right|actually|please|excuse me|sorry|hello|hi|good (?:morning|afternoon|evening)|there|parley|could you|can you|would you|will you|i (?:want|need) you to|i would like you to|would you mind|i was wondering(?: if you could)?|do you know|just|kindly) )+/;
const tail = / (?:please|thanks|thank you|for me|right now|now then|mate|if you can|if you would)$/;

/** Lower case, contractions opened, without the words that only make a request polite. `names` are what the assistant is called. */
export function coreOf(said: string, names: readonly string[]): string {
  let text = said.toLowerCase();
  for (const [pattern, full] of contractions) text = text.replace(pattern, full);
  for (let before = ''; before !== text; ) {
    before = text;
    for (const name of names) text = text.replace(new RegExp(`^${escape(name)} (?=.)|(?<=.) ${escape(name)}$`, 'i'), '');
    const rest = text.replace(lead, '');
    // What is nothing but a greeting stays one.
    if (rest !== '' && !/^(?:there|again|everyone|everybody|friend)$/.test(rest)) text = rest;
    text = text.replace(tail, '');
  }
  return text.trim();
}

function escape(text: string): string {
  return text.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+(?:[.:]\d+)*/gu) ?? [];
}

/** Cuts endings until `booking`, `booked` and `book` agree; the result is a key, not a word. */
export function stem(word: string): string {
  let key = word.toLowerCase().replace(/'s?$/, '');
  if (key.length > 4 && key.endsWith('ies')) key = `${key.slice(0, -3)}y`;
  else if (/(?:[sx]|ch|sh)es$/.test(key)) key = key.slice(0, -2);
  else if (key.length > 3 && /[^sui]s$/.test(key)) key = key.slice(0, -1);
  if (key.length > 5 && key.endsWith('ing')) key = key.slice(0, -3).replace(/([^aeiouls])\1$/, '$1');
  else if (key.length > 4 && key.endsWith('ed')) key = key.slice(0, -2).replace(/([^aeiouls])\1$/, '$1');
  if (key.length > 4 && key.endsWith('e')) key = key.slice(0, -1);
  return key;
}

const stopWords = new Set(
  `a an the this that these those i me my mine we us our you your he she it its they them their is are was were be been being am do does
did doing done have has had will would can could should shall may might must not no and or but if then so as of in on at to for with from
by about into over under up down out off what which who whom whose when where why how please thanks thank okay ok yes hello hi hey tell
show give let want need like know say think go going get got make there here now just some any all more very really also too much many
today tomorrow tonight one lot thing something anything again back`.split(/\s+/),
);

export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}

/** The stems that carry meaning. */
export function contentStems(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !stopWords.has(word))
    .map(stem);
}

/** `getWeather_now` → `get weather now`. */
export function humanise(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_\-.\s]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** `book_table` → `book table`, `weather` → `use weather`: what the assistant can do with it. */
export function toolAsVerb(tool: { name: string }): string {
  const words = humanise(tool.name);
  return words.includes(' ') ? words : `use ${words}`;
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `new york` → `New York`; what already has capitals is left alone. */
export function titleCase(text: string): string {
  return text === text.toLowerCase()
    ? text.replace(/(^|[\s-])(\p{L})/gu, (_, gap: string, letter: string) => gap + letter.toUpperCase())
    : text;
}

/** `a`, `a and b`, `a, b and c`. */
export function listing(items: readonly string[], last = 'and'): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}

/** Whether two words differ by at most one letter added, lost or changed: recognition's usual slip. */
export function nearlySame(a: string, b: string): boolean {
  if (a === b) return true;
  // Shorter words have too many true neighbours: cancel and cancer, light and night.
  if (Math.min(a.length, b.length) < 7 || Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return a.slice(at + 1) === b.slice(at + 1) || a.slice(at) === b.slice(at + 1) || a.slice(at + 1) === b.slice(at);
}

/** Seen from the other side: `my dog is with me` → `your dog is with you`. */
export function fromYourSide(text: string): string {
  const swap: Record<string, string> = { i: 'you', me: 'you', my: 'your', mine: 'yours', myself: 'yourself', we: 'you', our: 'your' };
  return text
    .replace(/\bi am\b|\bi'm\b/gi, 'you are')
    .replace(/\bi was\b/gi, 'you were')
    .replace(/\b(i|me|my|mine|myself|we|our)\b/gi, (word) => swap[word.toLowerCase()] ?? word);
}
