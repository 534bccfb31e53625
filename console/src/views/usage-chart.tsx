// The days as bars.
import { useStore } from './use-store.ts';
import type { Usage, UsageReport } from '../app/usage.ts';
import { type Bar, barsOf, type Measure, measuresOf } from '../realtime/usage.ts';
import { Segments } from './segments.tsx';

const height = 130;
const axisHeight = 20;
/** Room above the highest line, for half of its words. */
const headHeight = 8;
const names: Readonly<Record<Measure, string>> = { cost: 'Cost', tokens: 'Tokens', sound: 'Sound', requests: 'Requests' };

export function UsageChart({ usage, report }: { usage: Usage; report: UsageReport }) {
  const chosen = useStore(usage.state, (state) => state.measure);
  const measures = measuresOf(report.answer);
  const measure = measures.find((each) => each === chosen) ?? measures[0] ?? 'tokens';
  const { from, to, currency } = report.answer;
  const { bars, top, grid, named } = barsOf({ from, to, currency, data: report.days }, measure);
  const y = (value: number) => headHeight + (1 - value / top) * (height - headHeight);
  const wide = 100 / bars.length;
  return (
    <figure class="usage-chart">
      <figcaption>
        <h3>By day</h3>
        <Segments
          label="What is drawn"
          value={measure}
          choices={measures.map((each) => [each, names[each]] as const)}
          onChange={(each) => usage.chooseMeasure(each)}
        />
      </figcaption>
      <div class="usage-picture">
        <svg class="usage-scale" height={height + axisHeight} aria-hidden="true">
          {grid.map(([value, words]) => (
            <text key={value} x="100%" y={y(value) + 4} text-anchor="end">
              {words}
            </text>
          ))}
        </svg>
        <svg class="picture" height={height + axisHeight} role="img" aria-label={`${names[measure]} by day: ${saidOf(bars)}`}>
          {grid.map(([value]) => (
            <g key={value} class={value === 0 ? 'grid origin' : 'grid'}>
              <line x1="0" x2="100%" y1={y(value)} y2={y(value)} />
            </g>
          ))}
          {bars.map(({ day, value, words }, index) => (
            <g key={day}>
              <rect
                class="usage-bar"
                x={`${(index + 0.12) * wide}%`}
                y={y(value)}
                width={`${0.76 * wide}%`}
                height={height - y(value)}
                rx={bars.length > 60 ? 0 : 2}
              />
              {/* All of the day's column tells its words. */}
              <rect class="usage-column" x={`${index * wide}%`} y="0" width={`${wide}%`} height={height}>
                <title>{words}</title>
              </rect>
              {named.includes(day) && (
                <text class="usage-day" x={`${(index + 0.12) * wide}%`} y={height + axisHeight - 5}>
                  {day.slice(5)}
                </text>
              )}
            </g>
          ))}
        </svg>
      </div>
    </figure>
  );
}

/** For those who hear the picture: the days on which there was something. */
function saidOf(bars: readonly Bar[]): string {
  const some = bars.filter(({ value }) => value > 0);
  const said = some.slice(-10).map(({ words }) => words);
  return said.length === 0
    ? 'nothing'
    : `${said.join('; ')}${some.length > said.length ? `; and ${some.length - said.length} days before` : ''}`;
}
