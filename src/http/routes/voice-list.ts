// Choosing from a list of voices the way Inworld's list takes it: `filter=source = "SYSTEM" AND lang_code = "en"`, `languages`, `orderBy`
// and pages. What cannot be understood is refused, never ignored: a filter that is not applied would be a wrong answer.
import type { ListedVoice } from './deps.ts';
import { Refusal } from './family.ts';

const longestFilter = 2000;
/** The most voices on a page, and of a list without pages. */
const mostVoices = 2000;

/** A voice's fields as lists of values, by their names without case and underscores. */
const fields: Readonly<Record<string, (voice: ListedVoice) => readonly string[]>> = {
  voiceid: ({ id }) => [id],
  name: ({ name }) => [name],
  displayname: ({ name }) => [name],
  description: ({ description }) => [description],
  langcode: ({ language }) => [language],
  language: ({ language }) => [language],
  languages: ({ language }) => [language],
  source: () => ['SYSTEM'],
  gender: ({ gender }) => [gender],
  tags: ({ tags }) => tags,
};
const languageFields = new Set(['langcode', 'language', 'languages']);

export type VoiceTest = (voice: ListedVoice) => boolean;

/** @throws Refusal when it is not `field = value` (or `!=`, or `:` for "holds") once or several times, joined by AND. */
export function parseFilter(filter: string): VoiceTest {
  if (filter.length > longestFilter) throw new Refusal(400, null, `filter is longer than ${longestFilter} characters`, 'filter');
  const tests: VoiceTest[] = [];
  const term = /\s*([A-Za-z_]+)\s*(!=|=|:)\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))\s*/y;
  const and = /AND\b/iy;
  for (let at = 0; at < filter.length; ) {
    if (tests.length > 0) {
      and.lastIndex = at;
      if (!and.test(filter)) throw unreadable(filter.slice(at));
      at = and.lastIndex;
    }
    term.lastIndex = at;
    const match = term.exec(filter);
    if (!match) throw unreadable(filter.slice(at));
    at = term.lastIndex;
    tests.push(comparison(match[1] ?? '', match[2] ?? '=', match[3] ?? match[4] ?? match[5] ?? ''));
  }
  return (voice) => tests.every((test) => test(voice));
}

function unreadable(rest: string): Refusal {
  return new Refusal(
    400,
    null,
    `filter cannot be read from '${rest.trim().slice(0, 40)}' on; it is field = "value", joined by AND`,
    'filter',
  );
}

function field(name: string, param: string): (voice: ListedVoice) => readonly string[] {
  const known = plain(name);
  const values = Object.hasOwn(fields, known) ? fields[known] : undefined;
  if (!values) throw new Refusal(400, null, `${param} names '${name}', which voices do not have`, param);
  return values;
}

function comparison(name: string, operator: string, wanted: string): VoiceTest {
  const values = field(name, 'filter');
  if (languageFields.has(plain(name))) return (voice) => speaks(voice, wanted) !== (operator === '!=');
  const value = wanted.toLowerCase();
  const holds = operator === ':' ? (own: string) => own.includes(value) : (own: string) => own === value;
  return (voice) => values(voice).some((own) => holds(own.toLowerCase())) !== (operator === '!=');
}

/** `en`, `en-US`, `en_US` and `EN_US` all ask for an American voice; the first for a British one too. */
export function speaks(voice: ListedVoice, language: string): boolean {
  const own = upperSnake(voice.language);
  const wanted = upperSnake(language);
  return own === wanted || own.startsWith(`${wanted}_`);
}

/** `en-US` as Inworld writes it: `EN_US`. */
export function upperSnake(language: string): string {
  return language.toUpperCase().replaceAll('-', '_');
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

/** A comparison by `field asc` or `field desc`, or several. @throws Refusal */
export function parseOrder(orderBy: string): (a: ListedVoice, b: ListedVoice) => number {
  const keys = orderBy.split(',').map((part) => {
    const [name = '', direction = 'asc', ...more] = part.trim().split(/\s+/);
    if (more.length > 0 || !/^(asc|desc)$/i.test(direction))
      throw new Refusal(400, null, 'orderBy is a field, then asc or desc', 'orderBy');
    return { values: field(name, 'orderBy'), sign: direction.toLowerCase() === 'desc' ? -1 : 1 };
  });
  return (a, b) => {
    for (const { values, sign } of keys) {
      const order = (values(a)[0] ?? '').localeCompare(values(b)[0] ?? '');
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

export interface Page<T> {
  readonly values: readonly T[];
  readonly nextPageToken: string;
  readonly totalSize: number;
}

/** One page of a list; the token is `page-size`, so a walk goes on with the size it began with. @throws Refusal */
export function pageOf<T>(all: readonly T[], pageSize: number | undefined, pageToken: string | undefined): Page<T> {
  const [, tokenPage, tokenSize] = /^(\d{1,6})-(\d{1,4})$/.exec(pageToken ?? '') ?? [];
  if (pageToken && tokenPage === undefined) throw new Refusal(400, null, 'pageToken is none that this server gave out', 'pageToken');
  const size = Math.min(pageSize || Number(tokenSize ?? 0) || mostVoices, mostVoices);
  const page = Number(tokenPage ?? 0);
  const values = all.slice(page * size, (page + 1) * size);
  return { values, nextPageToken: (page + 1) * size < all.length ? `${page + 1}-${size}` : '', totalSize: all.length };
}
