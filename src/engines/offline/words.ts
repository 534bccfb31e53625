// Speech as words: what recognition wrote, made comparable. Recognition may be lower case without punctuation, or written English.

/** Rules look at every word many times; nobody says more than this in one breath. */
const UNDERSTOOD_CHARS = 4000;

export interface Utterance {
  /** As it stands in the conversation. */
  readonly raw: string;
  /** Without punctuation, case kept. */
  readonly said: string;
  /** Lower case, contractions opened, without the words that only make a request polite. */
  readonly core: string;
}

/** `name` is what the assistant is called. */
export function utterance(raw: string, name?: string): Utterance {
  const said = clean(raw.slice(0, UNDERSTOOD_CHARS));
  return { raw: raw.trim(), said, core: coreOf(said, name) };
}

/** One line of words: quotes made plain, punctuation at the ends of words taken off. `7:30`, `3.5` and `2+2` survive. */
function clean(raw: string): string {
  return (
    raw
      .replace(/[‘’]/g, "'")
      .replace(/\b([ap])\.\s?m\b\.?/gi, '$1m')
      .replace(/[“”"()[\]{}…—–]/g, ' ')
      .replace(/[.,;:?!]+(?=\s|$)/g, ' ')
      .replace(/(?<=\d),(?=\d{3}\b)/g, '')
      // Recognition cannot hear the difference; speakers mean the sky.
      .replace(/\b(the )whether\b|\bwhether(?= (?:in|for|at|near|like|today|tomorrow|forecast)\b)/gi, '$1weather')
      .replace(/\s+/g, ' ')
      .trim()
  );
}

const lead =
  /^(?:(?:um+|uh+|er+|hm+|so|well|okay|ok|hey|and|now|alright|right|actually|please|excuse me|sorry|hello|hi|good (?:morning|afternoon|evening)|there|parley|could you|can you|would you|will you|i (?:want|need) you to|i would like you to|do you know|just|kindly) )+/;
const tail = / (?:please|thanks|thank you|for me|right now|now then)$/;

function coreOf(said: string, name: string | undefined): string {
  const called = name?.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const address = called === undefined ? undefined : new RegExp(`^${called} (?=.)|(?<=.) ${called}$`, 'i');
  let text = said
    .toLowerCase()
    .replace(/\b(what|who|where|when|how|that|it|there|he|she|name)'s\b/g, '$1 is')
    .replace(/'re\b/g, ' are')
    .replace(/\bi'm\b/g, 'i am')
    .replace(/\bi'd\b/g, 'i would')
    .replace(/\bcan't\b/g, 'cannot')
    .replace(/n't\b/g, ' not');
  for (let before = ''; before !== text; ) {
    before = text;
    if (address) text = text.replace(address, '');
    const rest = text.replace(lead, '');
    // What is nothing but a greeting stays one.
    if (rest !== '' && !/^(?:there|again|everyone|everybody|parley|assistant|computer)$/.test(rest)) text = rest;
    text = text.replace(tail, '');
  }
  return text.trim();
}

/** Cuts endings until `booking`, `booked` and `book` agree; the result is a key, not a word. */
export function stem(word: string): string {
  const singular = word.toLowerCase().replace(/'s?$|(?<=[sx]|ch|sh)es$|(?<=\w\w[^sui])s$/, '');
  return singular.replace(/(?<=\w{3})(?:ing|ed)$/, '').replace(/([^aeiouls])\1$|(?<=\w{4})e$/, '$1');
}

export function stems(text: string): string[] {
  return (text.match(/[\p{L}\p{N}']+(?:[.:]\d+)*/gu) ?? []).map(stem);
}

const stopWords = new Set(
  `a an the this that these those i me my mine we us our you your he she it its they them their is are was were be been being am do does
did doing done have has had will would can could should shall may might must not no and or but if then so as of in on at to for with from
by about into over under up down out off what what's which who who's whom whose when where why how please thanks thank okay ok yes hello hi hey
tell show give let want need like know say think go going got make there here now just some any all more very really also too much many
today tomorrow tonight one lot thing something anything again back i'm it's`
    .split(/\s+/)
    .map(stem),
);

/** The stems that carry meaning. */
export function contentStems(text: string): string[] {
  return stems(text).filter((key) => !stopWords.has(key));
}

/** `getWeather_now` → `get weather now`. */
export function humanise(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_\-.\s]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** Of a function's name; those of MCP servers have the server's label before them: `weather__get_weather` → `get weather`. */
export function plainName(name: string): string {
  return humanise(name.replace(/^.*__(?=.)/, ''));
}

/** `new york` → `New York`; what already has capitals is left alone. */
export function titleCase(text: string): string {
  return text === text.toLowerCase() ? text.replace(/(?<=^|[\s-])\p{L}/gu, (letter) => letter.toUpperCase()) : text;
}

/** As a sentence: it begins with a capital and ends with a mark. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?…]["”']?$/.test(trimmed) ? '' : '.'}`;
}

/** `a`, `a and b`, `a, b and c`; `or` with `disjunction`. */
export function listing(items: readonly string[], type: 'conjunction' | 'disjunction' = 'conjunction'): string {
  return new Intl.ListFormat('en-GB', { type }).format(items);
}
