// The page of usage: for a period, what was used by day, model, key or session, and what it cost.
import { useEffect } from 'preact/hooks';
import { useStore } from './use-store.ts';
import type { Usage } from '../app/usage.ts';
import { daysOf, type Group, type Period } from '../realtime/usage.ts';
import { RefreshIcon } from './icons.tsx';
import { ProblemLine } from './problem.tsx';
import { Segments } from './segments.tsx';
import { UsageChart } from './usage-chart.tsx';
import { UsageTable } from './usage-table.tsx';

export function UsagePage({ usage, isLocked }: { usage: Usage; isLocked: boolean }) {
  useEffect(() => {
    if (isLocked) return;
    usage.open();
    return () => usage.close();
  }, [usage, isLocked]);
  const load = useStore(usage.state, (state) => state.load);
  const report = useStore(usage.state, (state) => state.report);
  const problem = useStore(usage.state, (state) => state.problem);
  return (
    <main class="usage" aria-label="Usage" aria-busy={load !== 'rest'}>
      <div class="panel-head">
        <h2>Usage</h2>
        <p class="soft small-print" role="status">
          {load === 'rest' ? report && `${report.answer.from} to ${report.answer.to}, days by UTC` : 'Asking the server …'}
        </p>
      </div>
      <UsageWishes usage={usage} />
      <ProblemLine text={problem} />
      {report && report.answer.totals.requests === 0 && <Empty />}
      {report && report.answer.totals.requests > 0 && (
        <>
          <UsageChart usage={usage} report={report} />
          <UsageTable usage={usage} report={report} />
        </>
      )}
      {report?.answer.currency === null && (
        <p class="hint">
          There are no prices, so that nothing has a cost. The setting <code>PARLEY_PRICES</code> names the file that has them: what models,
          recognisers and voices cost, by their ids.
        </p>
      )}
    </main>
  );
}

const periods = [
  [1, 'Today'],
  [7, '7 days'],
  [30, '30 days'],
  [0, 'Own dates'],
] as const;
const groupNames: readonly (readonly [Group, string])[] = [
  ['day', 'Day'],
  ['model', 'Model'],
  ['key', 'Key'],
  ['session', 'Session'],
];

function UsageWishes({ usage }: { usage: Usage }) {
  const { period, group } = useStore(usage.state, (state) => state.wish);
  const choose = (days: 0 | 1 | 7 | 30) => {
    // Own dates begin with those that are shown.
    usage.choosePeriod(days === 0 ? { kind: 'own', ...daysOf(period, Date.now()) } : { kind: 'latest', days });
  };
  return (
    <div class="usage-wishes">
      <Segments label="Period" value={period.kind === 'own' ? 0 : period.days} choices={periods} onChange={choose} />
      <Segments label="By" value={group} choices={groupNames} onChange={(each) => usage.chooseGroup(each)} />
      <button type="button" class="button small" onClick={() => void usage.refresh()}>
        <RefreshIcon /> Refresh
      </button>
      {period.kind === 'own' && <OwnDates period={period} onChange={(own) => usage.choosePeriod(own)} />}
    </div>
  );
}

type OwnPeriod = Period & { kind: 'own' };

function OwnDates({ period, onChange }: { period: OwnPeriod; onChange: (period: OwnPeriod) => void }) {
  return (
    <div class="usage-dates">
      {(['from', 'to'] as const).map((end) => (
        <label key={end} class="field">
          <span>{end === 'from' ? 'First day' : 'Last day'}</span>
          <input
            type="date"
            required
            value={period[end]}
            onChange={({ currentTarget }) => onChange({ ...period, [end]: currentTarget.value })}
          />
        </label>
      ))}
    </div>
  );
}

function Empty() {
  return (
    <div class="empty">
      <p>Nothing was used in this time.</p>
      <p class="small-print">
        What models, recognisers and voices do is counted for every session and request, and stands here some seconds later.
      </p>
    </div>
  );
}
