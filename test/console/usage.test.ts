// The page of usage, without a page: what is asked for, in which words sums are shown, and the picture of the days.
import { describe, expect, test } from 'vitest';
import {
  barsOf,
  costDigits,
  costWords,
  daysOf,
  faultOf,
  measuresOf,
  nameOf,
  queryOf,
  soundWords,
  type UsageAmounts,
  type UsageRow,
} from '../../console/src/realtime/usage.ts';

const now = Date.parse('2026-11-29T23:30:00Z');
const amounts: UsageAmounts = {
  requests: 1,
  input_tokens: 0,
  cached_tokens: 0,
  output_tokens: 0,
  heard_seconds: 0,
  spoken_seconds: 0,
  characters: 0,
  cost: null,
  cost_is_complete: false,
};
const row = (part: Partial<UsageRow>): UsageRow => ({ ...amounts, ...part });

describe('what is asked for', () => {
  test('a period is of whole days by UTC, today among them', () => {
    expect(daysOf({ kind: 'latest', days: 1 }, now)).toEqual({ from: '2026-11-29', to: '2026-11-29' });
    expect(daysOf({ kind: 'latest', days: 7 }, now)).toEqual({ from: '2026-11-23', to: '2026-11-29' });
    expect(daysOf({ kind: 'latest', days: 30 }, now)).toEqual({ from: '2026-10-31', to: '2026-11-29' });
    expect(daysOf({ kind: 'own', from: '2026-01-01', to: '2026-02-01' }, now)).toEqual({ from: '2026-01-01', to: '2026-02-01' });
  });

  test('own dates that cannot be are told before anybody is asked', () => {
    expect(faultOf({ from: '', to: '2026-02-01' })).toBe('Choose the first and the last day.');
    expect(faultOf({ from: '2026-02-02', to: '2026-02-01' })).toBe('The first day is after the last.');
    expect(faultOf({ from: '2026-02-01', to: '2026-02-01' })).toBeUndefined();
  });

  test('days and sessions come newest first, models with what they do, and further pages by their name', () => {
    const query = (group: 'day' | 'model' | 'session', page?: string) =>
      Object.fromEntries(new URLSearchParams(queryOf({ period: { kind: 'latest', days: 7 }, group }, now, page)));
    expect(query('day')).toEqual({ from: '2026-11-23', to: '2026-11-29', group_by: 'day', order: 'desc', limit: '1000' });
    expect(query('model')).toMatchObject({ group_by: 'stage,model', order: 'asc', limit: '100' });
    expect(query('session', '100')).toMatchObject({ group_by: 'day,session', order: 'desc', page: '100' });
  });
});

describe('words', () => {
  test('a row is named by what it is of', () => {
    expect(nameOf(row({ stage: 'stt', model: 'deepgram/nova-3' }), 'model')).toEqual({ name: 'deepgram/nova-3', note: 'Hears' });
    expect(nameOf(row({ day: '2026-11-28', session: 'sess_1' }), 'session')).toEqual({ name: 'sess_1', note: '2026-11-28' });
    expect(nameOf(row({ day: '2026-09-01', session: null }), 'session').name).toBe('Sessions that are summed');
  });

  test.each([
    [0, '0 s'],
    [0.44, '0.4 s'],
    [59.96, '1 min 00 s'],
    [725, '12 min 05 s'],
    [11_040, '3 h 04 min'],
    [7_200_000, '2,000 h 00 min'],
  ])('%f seconds of sound are %s', (seconds, words) => {
    expect(soundWords(seconds)).toBe(words);
  });

  test('a cost has the currency, a mark where it is not all, and a dash where nothing has a price', () => {
    const cost = (value: number | null, digits = 4, isComplete = true) =>
      costWords({ ...amounts, cost: value, cost_is_complete: isComplete }, 'EUR', digits);
    expect([cost(1234.5, 2), cost(0.0327), cost(0.347), cost(0.00001), cost(0), cost(null)]).toEqual([
      '€1,234.50',
      '€0.0327',
      '€0.3470',
      '< €0.0001',
      '€0.0000',
      '–',
    ]);
    expect(cost(2, 4, false)).toBe('€2.0000 +');
    expect([costDigits({ ...amounts, cost: 99 }), costDigits({ ...amounts, cost: 100 }), costDigits(amounts)]).toEqual([4, 2, 4]);
  });
});

describe('the days as bars', () => {
  const data = [row({ day: '2026-11-28', input_tokens: 700, output_tokens: 84 }), row({ day: '2026-11-26', input_tokens: 10 })];
  const range = { from: '2026-11-26', to: '2026-11-29', currency: null, data };

  test('every day has one, and lines stand at round numbers up to the highest', () => {
    const { bars, top, grid, named } = barsOf(range, 'tokens');
    expect(bars.map(({ day, value }) => [day, value])).toEqual([
      ['2026-11-26', 10],
      ['2026-11-27', 0],
      ['2026-11-28', 784],
      ['2026-11-29', 0],
    ]);
    expect(bars[2]?.words).toBe('2026-11-28: 784');
    expect([top, grid.map(([, words]) => words)]).toEqual([1000, ['0', '500', '1,000']]);
    expect(named).toHaveLength(4);
  });

  test('sound has the lines of a clock, and a year names a few days only', () => {
    const year = {
      from: '2026-01-01',
      to: '2026-12-31',
      currency: null,
      data: [row({ day: '2026-05-05', heard_seconds: 3000, spoken_seconds: 500 })],
    };
    const { bars, grid, named } = barsOf(year, 'sound');
    expect([bars.length, named.length <= 6]).toEqual([365, true]);
    expect(grid.map(([, words]) => words)).toEqual(['0 s', '30 min', '1 h']);
  });

  test('nothing at all is a picture as well, and cost is drawn only where there are prices', () => {
    const { top, bars } = barsOf({ ...range, data: [] }, 'requests');
    expect([top, bars.every(({ value }) => value === 0)]).toEqual([1, true]);
    expect([measuresOf({ currency: null })[0], measuresOf({ currency: 'EUR' })[0]]).toEqual(['tokens', 'cost']);
  });
});
