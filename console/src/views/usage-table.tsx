// The sums, row by row, and their total. On a narrow screen a row is a card: the roles keep it a table for those who hear it.
import { useStore } from './use-store.ts';
import type { Usage, UsageReport } from '../app/usage.ts';
import { costDigits, costWords, countWords, type Group, nameOf, soundWords, type UsageAmounts } from '../realtime/usage.ts';

const heads: Readonly<Record<Group, string>> = { day: 'Day', model: 'Model', key: 'Key', session: 'Session' };

interface Column {
  readonly head: string;
  readonly of: (amounts: UsageAmounts) => string;
}

const columns: readonly Column[] = [
  { head: 'Requests', of: ({ requests }) => countWords(requests) },
  { head: 'Tokens in', of: ({ input_tokens }) => countWords(input_tokens) },
  { head: 'of these cached', of: ({ cached_tokens }) => countWords(cached_tokens) },
  { head: 'Tokens out', of: ({ output_tokens }) => countWords(output_tokens) },
  { head: 'Heard', of: ({ heard_seconds }) => soundWords(heard_seconds) },
  { head: 'Spoken', of: ({ spoken_seconds }) => soundWords(spoken_seconds) },
  { head: 'Characters', of: ({ characters }) => countWords(characters) },
];

export function UsageTable({ usage, report }: { usage: Usage; report: UsageReport }) {
  const load = useStore(usage.state, (state) => state.load);
  const { group, answer, rows, nextPage } = report;
  const { currency, totals } = answer;
  const digits = costDigits(totals);
  const cost = (amounts: UsageAmounts) => (currency === null ? '' : costWords(amounts, currency, digits));
  const shown = currency === null ? columns : [...columns, { head: 'Cost', of: cost }];
  return (
    <>
      <table class="usage-table" role="table" aria-label={`Usage by ${group}`}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              {heads[group]}
            </th>
            {shown.map(({ head }) => (
              <th key={head} role="columnheader" scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => {
            const { name, note } = nameOf(row, group);
            return (
              <tr key={`${name} ${note ?? ''}`} role="row">
                <th role="rowheader" scope="row">
                  <span class={group === 'day' ? undefined : 'code'}>{name}</span>
                  {note !== undefined && <span class="soft small-print">{note}</span>}
                </th>
                <Cells columns={shown} amounts={row} />
              </tr>
            );
          })}
        </tbody>
        <tfoot role="rowgroup">
          <tr role="row">
            <th role="rowheader" scope="row">
              Total{nextPage !== null && <span class="soft small-print">of all rows, {rows.length} of which are shown</span>}
            </th>
            <Cells columns={shown} amounts={totals} />
          </tr>
        </tfoot>
      </table>
      {nextPage !== null && (
        <button type="button" class="button usage-more" disabled={load !== 'rest'} onClick={() => void usage.more()}>
          {load === 'more' ? 'Asking the server …' : 'More rows'}
        </button>
      )}
      {currency !== null && !totals.cost_is_complete && (
        <p class="hint">
          + Some of it has no price in the table that <code>PARLEY_PRICES</code> names, and is not in the cost.
        </p>
      )}
    </>
  );
}

function Cells({ columns: shown, amounts }: { columns: readonly Column[]; amounts: UsageAmounts }) {
  return (
    <>
      {shown.map(({ head, of }) => {
        const words = of(amounts);
        return (
          <td key={head} role="cell" data-head={head} data-empty={words === '0' || words === '0 s'}>
            {words}
          </td>
        );
      })}
    </>
  );
}
