// What was used and what it cost, as the HTTP route asks for it.
import { defaultWorkspace } from './access/issue.ts';
import type { UsageDesk, UsageGroup } from './http/routes/deps.ts';
import { Refusal } from './http/routes/family.ts';
import type { Clock } from './lib/clock.ts';
import type { Store, UsageColumn, UsageRange, UsageSum } from './store/store.ts';
import { dayOf } from './usage/entry.ts';
import type { Ledger } from './usage/ledger.ts';
import type { Prices } from './usage/prices.ts';

const dayMs = 86_400_000;
const usualDays = 30;
const mostDays = 366;

const columns: Readonly<Record<UsageGroup, UsageColumn>> = {
  day: 'day',
  key: 'keyId',
  session: 'session',
  stage: 'stage',
  model: 'model',
};

export interface UsageDeskParts {
  readonly store: Pick<Store, 'usedModels' | 'sumUsage'>;
  readonly ledger: Pick<Ledger, 'flush'>;
  /** As they are now. */
  readonly prices: () => Prices;
  readonly clock: Clock;
}

export function openUsageDesk({ store, ledger, prices, clock }: UsageDeskParts): UsageDesk {
  return {
    async read({ groupBy, limit, offset, order, ...days }, by) {
      if (by.kind !== 'key') throw new Refusal(403, 'insufficient_permissions', 'Usage is shown to API keys only.');
      const { from, to } = rangeOf(days, clock.wallMs());
      const range: UsageRange = { from, to, ...(by.workspace === defaultWorkspace ? {} : { keyId: by.keyId }) };
      await ledger.flush();
      const table = prices();
      const used = await store.usedModels(range);
      const unitPrices = used.flatMap((each) => table.of(each) ?? []);
      const wanted = groupBy.map((group) => columns[group]);
      const [totals, rows] = await Promise.all([
        store.sumUsage(range, [], unitPrices, { limit: 1, offset: 0, order }),
        wanted.length === 0 ? [] : store.sumUsage(range, wanted, unitPrices, { limit: limit + 1, offset, order }),
      ]);
      const hasMore = rows.length > limit;
      return {
        object: 'usage',
        from,
        to,
        group_by: groupBy,
        currency: table.currency ?? null,
        totals: totals[0] ? amountsOf(totals[0]) : {},
        data: rows.slice(0, limit).map((row) => ({ ...groupOf(row, groupBy), ...amountsOf(row) })),
        has_more: hasMore,
        next_page: hasMore ? String(offset + limit) : null,
      };
    },
  };
}

function rangeOf(
  days: { readonly from: string | undefined; readonly to: string | undefined },
  wallMs: number,
): { from: string; to: string } {
  const to = days.to ?? dayOf(wallMs);
  const from = days.from ?? dayOf(Date.parse(to) - (usualDays - 1) * dayMs);
  if (from > to) throw new Refusal(400, 'invalid_value', `from is ${from}, which is after ${to}.`, 'from');
  if (Date.parse(to) - Date.parse(from) >= mostDays * dayMs)
    throw new Refusal(400, 'invalid_value', `from and to may be no more than ${mostDays} days apart.`, 'from');
  return { from, to };
}

function groupOf({ by }: UsageSum, groupBy: readonly UsageGroup[]): Record<string, string | null> {
  // Sessions of long ago have been summed together.
  return Object.fromEntries(groupBy.map((group) => [group, by[columns[group]] || null]));
}

function amountsOf(sum: UsageSum): Record<string, number | boolean | null> {
  return {
    requests: sum.requests,
    input_tokens: sum.inputTokens,
    cached_tokens: sum.cachedTokens,
    output_tokens: sum.outputTokens,
    heard_seconds: rounded(sum.heardSeconds, 3),
    spoken_seconds: rounded(sum.spokenSeconds, 3),
    characters: sum.characters,
    cost: sum.cost === undefined ? null : rounded(sum.cost, 9),
    cost_is_complete: !sum.hasUnpriced,
  };
}

/** What binary fractions add is no news. */
function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
