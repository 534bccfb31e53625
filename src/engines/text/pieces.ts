// From tagged tokens to sounds, from right to left: what a word sounds like may depend on what follows.
import { currencies, type Lexicon, type Next } from './lexicon.ts';
import { isConsonant, isVowel, pauses, PRIMARY, settle, stress, weigh } from './phonemes.ts';
import type { Token } from './tokens.ts';
import type { UnknownWords } from './unknown.ts';

/** Sounds of a stretch of the text. */
export interface Reading {
  readonly sounds: string;
  readonly start: number;
  readonly end: number;
  /** Whether white space follows. */
  readonly spaced: boolean;
}

interface Piece {
  readonly text: string;
  readonly tag: string;
  readonly start: number;
  readonly end: number;
  readonly head: boolean;
  readonly currency: string | undefined;
  readonly spaced: boolean;
  sounds: string | undefined;
  /** Whether a space goes before it. */
  apart: boolean;
}

/** Pieces without white space between, which may be one word or several. */
interface Group {
  readonly pieces: Piece[];
  /** Whether what follows without white space still belongs to it. */
  open: boolean;
}

const parts = new RegExp(
  [
    "^['‘’]+",
    '[A-ZÀ-ÖØ-Þ](?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])',
    '(?:^-)?(?:[,.]?\\d)+',
    '[-_]+',
    "['‘’]{2,}",
    "\\p{L}*?(?:['‘’]\\p{L})*?[a-zß-öø-ÿ](?=[A-ZÀ-ÖØ-Þ])",
    "\\p{L}+(?:['‘’]\\p{L})*",
    "[^\\p{L}\\p{N}_\\-'‘’]",
    "['‘’]+$",
  ].join('|'),
  'gu',
);
/** No word of a list has more. */
const MOST_PIECES = 12;
/** Signs that mean nothing by themselves within a word. */
const silent = /^[',\-._‘’/]*$/;
const markTags = new Set(['.', ',', '-LRB-', '-RRB-', '``', '""', "''", ':', '$', '#', 'NFP']);
const brackets = new Set('()');
const spoken: Readonly<Record<string, string>> = {
  '/': 'slˈæʃ',
  '=': 'ˈikwᵊlz',
  '+': 'plˈʌs',
  '&': 'ænd',
  '@': 'æt',
  '%': 'pəɹsˈɛnt',
  '#': 'hˈæʃ',
  '*': 'ˈæstəɹˌɪsk',
  '~': 'tˈɪldə',
  '^': 'kˈɛɹət',
  '<': 'lˈɛs ðən',
  '>': 'ɡɹˈATəɹ ðən',
  '—': '—',
};

export class Reader {
  readonly #lexicon: Lexicon;
  readonly #unknown: UnknownWords;

  constructor(lexicon: Lexicon, unknown: UnknownWords) {
    this.#lexicon = lexicon;
    this.#unknown = unknown;
  }

  /** `given`: sounds of private characters. */
  read(tokens: readonly Token[], tags: readonly string[], given: ReadonlyMap<string, string>): Reading[] {
    const groups = group(tokens, tags, given);
    const readings: Reading[] = [];
    let next: Next = { vowel: undefined, to: false };
    for (const { pieces } of groups.toReversed()) {
      next = pieces.length === 1 ? this.#readOne(pieces[0] as Piece, next) : this.#readSeveral(pieces, next);
      const [first, last] = [pieces[0] as Piece, pieces.at(-1) as Piece];
      readings.push({ sounds: settle(join(pieces)), start: first.start, end: last.end, spaced: last.spaced });
    }
    return endSentences(readings.toReversed(), tokens);
  }

  #readOne(piece: Piece, next: Next): Next {
    piece.sounds ??= this.#lexicon.read(piece, next) ?? this.#guess(piece.text);
    return before(piece.sounds, piece, next);
  }

  /** The longest stretch from the right that is one word; what is no word makes the whole an unknown one. */
  #readSeveral(pieces: readonly Piece[], after: Next): Next {
    let next = after;
    let right = pieces.length;
    while (right > 0) {
      const last = pieces[right - 1] as Piece;
      const left = last.sounds === undefined ? this.#knownFrom(pieces, right, next) : undefined;
      if (left !== undefined) {
        const written = merge(pieces.slice(left.from, right));
        next = before(left.sounds, written, next);
        pieces.slice(left.from, right).forEach((piece, i) => {
          piece.sounds = i === 0 ? left.sounds : '';
        });
        right = left.from;
      } else {
        if (last.sounds === undefined) {
          if (!silent.test(last.text)) {
            const sounds = this.#guess(pieces.map(({ text }) => text).join(''));
            pieces.forEach((piece, i) => {
              piece.sounds = i === 0 ? sounds : '';
            });
            return before(sounds, merge(pieces), after);
          }
          last.sounds = '';
        }
        right--;
      }
    }
    settleGroup(pieces);
    return next;
  }

  #knownFrom(pieces: readonly Piece[], right: number, next: Next): { from: number; sounds: string } | undefined {
    for (let from = Math.max(0, right - MOST_PIECES); from < right; from++) {
      const stretch = pieces.slice(from, right);
      if (stretch.some(({ sounds }) => sounds !== undefined)) continue;
      const sounds = this.#lexicon.read(merge(stretch), next);
      if (sounds !== undefined) return { from, sounds };
    }
    return undefined;
  }

  #guess(text: string): string {
    const said = Array.from(text.matchAll(/\p{L}+(?:['’]\p{L}+)*|\d+(?:[,.]\d+)*|[^\p{L}\p{N}_\s]+/gu), ([part]) => {
      if (/^\d/.test(part)) return this.#lexicon.number(part, undefined, false) ?? '';
      if (!/^\p{L}/u.test(part)) return Array.from(part, (sign) => spoken[sign] ?? '').join('');
      return this.#unknown.hasNet ? (this.#unknown.read(part) ?? '') : (this.#lexicon.spell(part) ?? '');
    });
    return said.filter((sounds) => sounds !== '').join(' ');
  }
}

/** The point of "6 p.m." ends a sentence too, where that is over: at the end of the text and before a capital. */
function endSentences(readings: readonly Reading[], tokens: readonly Token[]): Reading[] {
  const last = tokens.at(-1);
  const ends = new Set(
    tokens.flatMap((token, i) => {
      const next = tokens[i + 1]?.text ?? '';
      const over = token === last || (/^[ap]\.?m\.$/i.test(token.text) && /^\p{Lu}\p{Ll}/u.test(next) && !daysAndZones.test(next));
      return token.text.endsWith('.') && over ? [token.end] : [];
    }),
  );
  return readings.map((reading) => {
    const { sounds, end } = reading;
    return ends.has(end) && sounds !== '' && !pauses.has(sounds.at(-1) ?? '') ? { ...reading, sounds: `${sounds}.` } : reading;
  });
}

/** What goes on after a time of day: "6 p.m. Eastern", "9 a.m. Monday". */
const daysAndZones = /^(?:(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day|Eastern|Central|Mountain|Pacific|Greenwich)/;

function group(tokens: readonly Token[], tags: readonly string[], given: ReadonlyMap<string, string>): Group[] {
  const groups: Group[] = [];
  let currency: string | undefined;
  tokens.forEach((token, i) => {
    const tag = tags[i] as string;
    const found = [...token.text.matchAll(parts)];
    found.forEach(([text], j) => {
      const isLast = j === found.length - 1;
      const numeric = /\d/.test(text) && /^-?[\d.,]+$/.test(text);
      const start = token.start + (found[j]?.index ?? 0);
      let sounds = given.get(text);
      let sum: string | undefined;
      if (sounds !== undefined) {
        // Given.
      } else if (currencies[text]) {
        currency = text;
        sounds = '';
      } else if (tag === ':' && (text === '-' || text === '–')) {
        sounds = '—';
      } else if (/^[^\p{L}\p{N}]+$/u.test(text) && (markTags.has(tag) || isMark(token.text))) {
        sounds = Array.from(text, (sign) => (pauses.has(sign) || brackets.has(sign) ? sign : '')).join('');
      } else if (currency !== undefined) {
        if (tag !== 'CD' && !numeric) currency = undefined;
        else if (isLast && !(tags[i + 1] === 'CD' && !/\d/.test(tokens[i + 1]?.text ?? ''))) sum = currency;
      }
      const between = text === '2' && !isLast && /\p{L}$/u.test(found[j - 1]?.[0] ?? '') && /^\p{L}/u.test(found[j + 1]?.[0] ?? '');
      const last = groups.at(-1);
      const joins = sounds === undefined && !between && last?.open === true;
      const piece: Piece = {
        text: between ? 'to' : text,
        tag,
        start,
        end: start + text.length,
        head: !joins,
        currency: sum,
        spaced: isLast && token.spaced,
        sounds,
        apart: false,
      };
      if (joins) {
        last.pieces.push(piece);
        last.open = !piece.spaced;
      } else {
        groups.push({ pieces: [piece], open: sounds === undefined && !between && !piece.spaced });
      }
      if (isLast && sum !== undefined) currency = undefined;
    });
  });
  return groups;
}

/** Whether it is never said, whatever the tagger takes it for. Hyphens and apostrophes are left to the word they stand in. */
function isMark(text: string): boolean {
  return /^[;:,.!?…"“”„«»()[\]{}]+$/.test(text);
}

/** Several pieces as one word: with the tag of the one with the most, and the largest, letters. */
function merge(pieces: readonly Piece[]): { text: string; tag: string; head: boolean; currency: string | undefined } {
  const size = (text: string) => Array.from(text).reduce((sum, letter) => sum + (letter === letter.toLowerCase() ? 1 : 2), 0);
  let widest = pieces[0] as Piece;
  for (const piece of pieces) if (size(piece.text) > size(widest.text)) widest = piece;
  return {
    text: pieces.map(({ text }) => text).join(''),
    tag: widest.tag,
    head: pieces[0]?.head ?? true,
    currency: pieces.find(({ currency }) => currency !== undefined)?.currency,
  };
}

/** What comes before sounds these. */
function before(sounds: string, { text, tag }: { text: string; tag: string }, next: Next): Next {
  const to = text === 'to' || text === 'To' || (text === 'TO' && (tag === 'TO' || tag === 'IN'));
  for (const sound of sounds) {
    if (pauses.has(sound)) return { vowel: undefined, to };
    if (isVowel(sound)) return { vowel: true, to };
    if (isConsonant(sound)) return { vowel: false, to };
  }
  return { vowel: next.vowel, to };
}

/** Pieces of different kinds are said apart; those of one kind are a compound, in which only half of the stresses stay. */
function settleGroup(pieces: readonly Piece[]): void {
  const text = pieces.map((piece) => piece.text).join('');
  const kinds = new Set(Array.from(text.replace(/[',\-._‘’/]/g, ''), (sign) => (/\p{L}/u.test(sign) ? 0 : /\d/.test(sign) ? 1 : 2)));
  const apart = text.includes('/') || kinds.size > 1;
  pieces.forEach((piece, i) => {
    if (i > 0 && !pauses.has(piece.sounds ?? '')) piece.apart = apart;
  });
  if (apart) return;
  const full = pieces.filter(({ sounds }) => sounds !== undefined && sounds !== '');
  const lower = (piece: Piece) => {
    piece.sounds = stress(piece.sounds ?? '', 'reduce');
  };
  if (full.length === 2 && full[0]?.text.length === 1) {
    lower(full[1] as Piece);
    return;
  }
  const stressed = (piece: Piece) => (piece.sounds?.includes(PRIMARY) ? 1 : 0);
  if (full.length < 2 || full.reduce((sum, piece) => sum + stressed(piece), 0) <= Math.floor((full.length + 1) / 2)) return;
  const lightFirst = full.toSorted((a, b) => stressed(a) - stressed(b) || weigh(a.sounds ?? '') - weigh(b.sounds ?? ''));
  lightFirst.slice(0, Math.floor(full.length / 2)).forEach(lower);
}

function join(pieces: readonly Piece[]): string {
  let sounds = '';
  for (const piece of pieces) {
    if (!piece.sounds) continue;
    sounds += piece.apart && sounds !== '' && !sounds.endsWith(' ') ? ` ${piece.sounds}` : piece.sounds;
  }
  return sounds;
}
