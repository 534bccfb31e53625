// One page of the calls of a key, the newest first, as OpenAI pages its lists.
import { z } from 'zod';
import { errors } from '../../protocol/errors.ts';
import type { ListedCall } from './deps.ts';
import { read } from './family.ts';

const usualCalls = 100;
const mostCalls = 1000;
const within = `it must be from 1 to ${mostCalls}.`;
const states = ['ringing', 'connecting', 'talking', 'transferring', 'ending', 'ended', 'all'] as const;

const query = z.object({
  /** Those that go on, where nothing is said. */
  state: z.enum(states).optional(),
  limit: z.coerce.number().int('it must be a whole number.').min(1, within).max(mostCalls, within).default(usualCalls),
  /** The id of the one before the first. */
  after: z.string().max(128, 'it is longer than 128 characters.').optional(),
});

/** @param calls the oldest first. @throws RealtimeError naming what of the query cannot be used. */
export function callPage(calls: readonly ListedCall[], asked: unknown): object {
  const { state, limit, after } = read(query, asked);
  const newest = calls.toReversed();
  const from = after === undefined ? 0 : newest.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && from === 0)
    throw errors.invalid('after', "Invalid value for 'after': this key has no such call, or not any more.");
  const isWanted = (call: ListedCall) => state === 'all' || (state === undefined ? call.state !== 'ended' : call.state === state);
  const wanted = newest.slice(from).filter(isWanted);
  const data = wanted.slice(0, limit);
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: wanted.length > limit };
}
