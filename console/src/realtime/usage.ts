// What was used, as the server sums it: which sums are asked for, in which words they are shown, and the picture of the days. Pure.
export interface UsageAmounts {
  readonly requests: number;
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly output_tokens: number;
  readonly heard_seconds: number;
  readonly spoken_seconds: number;
  readonly characters: number;
  /** Null: nothing of it has a price. */
  readonly cost: number | null;
  readonly cost_is_complete: boolean;
}

export interface UsageRow extends UsageAmounts {
  readonly day?: string;
  readonly key?: string;
  /** Null: sessions of long ago, which were summed together. */
  readonly session?: string | null;
  readonly stage?: string;
  readonly model?: string;
}

/** One page of an answer of `GET /v1/usage`. */
export interface UsageAnswer {
  readonly from: string;
  readonly to: string;
  readonly currency: string | null;
  readonly totals: UsageAmounts;
  readonly data: readonly UsageRow[];
  readonly next_page: string | null;
}

export type Group = 'day' | 'model' | 'key' | 'session';

export type Period =
  | { readonly kind: 'latest'; readonly days: 1 | 7 | 30 }
  | { readonly kind: 'own'; readonly from: string; readonly to: string };

export interface UsageWish {
  readonly period: Period;
  readonly group: Group;
}

const dayMs = 86_400_000;
/** As many days as the server sums at a time: all of them stand on one page. */
const mostRows = 1000;
const usualRows = 100;

/** What the server is asked to tell apart. */
const columns: Readonly<Record<Group, string>> = { day: 'day', model: 'stage,model', key: 'key', session: 'day,session' };

/** The day by UTC, as the server counts: `2026-11-29`. */
function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** First and last day of it. */
export function daysOf(period: Period, nowMs: number): { readonly from: string; readonly to: string } {
  if (period.kind === 'own') return { from: period.from, to: period.to };
  return { from: dayOf(nowMs - (period.days - 1) * dayMs), to: dayOf(nowMs) };
}

/** In words, why these dates cannot be asked for. */
export function faultOf({ from, to }: { readonly from: string; readonly to: string }): string | undefined {
  if (from === '' || to === '') return 'Choose the first and the last day.';
  return from > to ? 'The first day is after the last.' : undefined;
}

/** @param page `next_page` of the page before. */
export function queryOf({ period, group }: UsageWish, nowMs: number, page?: string): string {
  const { from, to } = daysOf(period, nowMs);
  const wish = { from, to, group_by: columns[group], order: group === 'day' || group === 'session' ? 'desc' : 'asc' };
  const rows = { limit: String(group === 'day' ? mostRows : usualRows), ...(page === undefined ? {} : { page }) };
  return new URLSearchParams({ ...wish, ...rows }).toString();
}

const stages: Readonly<Record<string, string>> = { llm: 'Answers', stt: 'Hears', tts: 'Speaks' };

/** What a row is of, and what stands small beside it. */
export function nameOf(row: UsageRow, group: Group): { readonly name: string; readonly note: string | undefined } {
  switch (group) {
    case 'day':
      return { name: row.day ?? '', note: undefined };
    case 'model':
      return { name: row.model ?? '', note: stages[row.stage ?? ''] };
    case 'key':
      return { name: row.key ?? '', note: undefined };
    case 'session':
      return { name: row.session ?? 'Sessions that are summed', note: row.day };
  }
}

export function countWords(count: number): string {
  return count.toLocaleString('en-US');
}

/** `0.4 s`, `12 min 05 s`, `3 h 04 min`. */
export function soundWords(seconds: number): string {
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return h > 0 ? `${countWords(h)} h ${two(min)} min` : `${min} min ${two(s)} s`;
}

/** Of small sums the parts of a cent matter. */
const fineBelow = 100;

/** How many digits the costs of a table have behind the point, all of them, so that they can be added up. */
export function costDigits({ cost }: UsageAmounts): number {
  return (cost ?? 0) < fineBelow ? 4 : 2;
}

/** Of what has no price a dash. What has one in part only is marked by `+`. */
export function costWords({ cost, cost_is_complete: isComplete }: UsageAmounts, currency: string, digits: number): string {
  if (cost === null) return '–';
  const written = (value: number) => moneyWords(value, currency, digits, digits);
  const least = 10 ** -digits;
  const words = cost > 0 && cost < least / 2 ? `< ${written(least)}` : written(cost);
  return isComplete ? words : `${words} +`;
}

function moneyWords(value: number, currency: string, least: number, most: number): string {
  return value.toLocaleString('en-US', { style: 'currency', currency, minimumFractionDigits: least, maximumFractionDigits: most });
}

const measures = ['cost', 'tokens', 'sound', 'requests'] as const;
export type Measure = (typeof measures)[number];

/** Those that can be drawn, the usual one first: costs only where there are prices. */
export function measuresOf({ currency }: Pick<UsageAnswer, 'currency'>): readonly Measure[] {
  return currency === null ? measures.slice(1) : measures;
}

const amount: Readonly<Record<Measure, (row: UsageAmounts) => number>> = {
  cost: ({ cost }) => cost ?? 0,
  tokens: ({ input_tokens, output_tokens }) => input_tokens + output_tokens,
  sound: ({ heard_seconds, spoken_seconds }) => heard_seconds + spoken_seconds,
  requests: ({ requests }) => requests,
};

export interface Bar {
  readonly day: string;
  readonly value: number;
  /** What a reader is told of it. */
  readonly words: string;
}

interface Bars {
  /** One for each day of the range, also for those on which nothing was used. */
  readonly bars: readonly Bar[];
  /** What the picture is as high as. */
  readonly top: number;
  /** Values at which there is a line, with their words. */
  readonly grid: readonly (readonly [number, string])[];
  /** Days that are named below. */
  readonly named: readonly string[];
}

const mostNamed = 6;

export function barsOf({ from, to, currency, data }: Pick<UsageAnswer, 'from' | 'to' | 'currency' | 'data'>, measure: Measure): Bars {
  const byDay = new Map(data.map((row) => [row.day, row]));
  const count = Math.round((Date.parse(to) - Date.parse(from)) / dayMs) + 1;
  const days = Array.from({ length: count }, (_, index) => dayOf(Date.parse(from) + index * dayMs));
  const words = (value: number) => wordsOf(value, measure, currency);
  const bars = days.map((day) => {
    const row = byDay.get(day);
    const value = row ? amount[measure](row) : 0;
    return { day, value, words: `${day}: ${words(value)}` };
  });
  const step = stepOf(Math.max(0, ...bars.map(({ value }) => value)), measure === 'sound');
  const lines = Math.max(1, Math.ceil(Math.max(0, ...bars.map(({ value }) => value)) / step));
  const every = Math.ceil(days.length / mostNamed);
  return {
    bars,
    top: lines * step,
    grid: Array.from({ length: lines + 1 }, (_, index) => [index * step, words(index * step).replace(/ 00 (?:s|min)$/, '')] as const),
    named: days.filter((_, index) => index % every === 0),
  };
}

function wordsOf(value: number, measure: Measure, currency: string | null): string {
  switch (measure) {
    case 'cost':
      return currency === null ? '' : moneyWords(value, currency, 2, 4);
    case 'sound':
      return soundWords(value);
    case 'tokens':
    case 'requests':
      return countWords(value);
  }
}

/** A step of 1, 2 or 5 of some power of ten, so that there are three lines at most; of seconds, of what clocks have. */
function stepOf(most: number, isSound: boolean): number {
  if (most <= 0) return 1;
  const rough = most / 3;
  if (isSound) {
    const found = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 18_000, 36_000].find((step) => step >= rough);
    return found ?? 36_000 * Math.ceil(rough / 36_000);
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}
