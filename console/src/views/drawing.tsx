// A picture with lanes: what lasted as bars, what happened as ticks, over a grid of time.
import type { Picture } from '../realtime/timeline.ts';

const laneHeight = 26;
const axisHeight = 22;
/** Beyond this a grid is read in minutes. */
const longMs = 60_000;

/** @param lanes In their order, with their names. */
export function Drawing<Lane extends string>({
  picture,
  lanes,
  label,
}: {
  picture: Picture<Lane>;
  lanes: readonly (readonly [Lane, string])[];
  label: string;
}) {
  const place = (ms: number) => `${(((ms - picture.from) / (picture.to - picture.from)) * 100).toFixed(3)}%`;
  const inside = (ms: number) => ms >= picture.from && ms <= picture.to;
  const height = lanes.length * laneHeight + axisHeight;
  const top = (lane: Lane) => lanes.findIndex(([each]) => each === lane) * laneHeight;
  return (
    <div class="drawing">
      <ul class="lane-names" aria-hidden="true">
        {lanes.map(([lane, name]) => (
          <li key={lane}>{name}</li>
        ))}
      </ul>
      <svg class="picture" height={height} role="img" aria-label={label}>
        {picture.grid.map((at) => (
          <g key={at} class={at === 0 ? 'grid origin' : 'grid'}>
            <line x1={place(at)} x2={place(at)} y1="0" y2={height - axisHeight + 4} />
            <text x={place(at)} y={height - 5} text-anchor={anchorOf(at, picture)}>
              {wordsFor(at, picture)}
            </text>
          </g>
        ))}
        {picture.spans
          .filter(({ from, to }) => to > picture.from && from < picture.to)
          .map(({ lane, kind, from, to, label: title }) => {
            const x = Math.max(from, picture.from);
            const end = Math.min(to, picture.to);
            return (
              <rect
                key={`${lane}-${kind}-${from}`}
                class={`span span-${kind}`}
                x={place(x)}
                y={top(lane) + 5}
                width={`${(((end - x) / (picture.to - picture.from)) * 100).toFixed(3)}%`}
                height={laneHeight - 10}
                rx="3"
              >
                <title>{`${title}: ${lengthWords(to - from)}`}</title>
              </rect>
            );
          })}
        {picture.ticks
          .filter(({ at }) => inside(at))
          .map(({ lane, name, at, label: title }) => (
            <line
              key={`${name}-${at}`}
              class={`tick tick-${name}`}
              x1={place(at)}
              x2={place(at)}
              y1={top(lane) + 2}
              y2={top(lane) + laneHeight - 2}
            >
              <title>{title}</title>
            </line>
          ))}
      </svg>
    </div>
  );
}

/** Numbers at the edges stay within the picture. */
function anchorOf(at: number, { from, to }: Picture<string>): 'start' | 'middle' | 'end' {
  const share = (at - from) / (to - from);
  return share < 0.06 ? 'start' : share > 0.94 ? 'end' : 'middle';
}

function wordsFor(at: number, { from, to }: Picture<string>): string {
  if (to > longMs) return `${Math.floor(at / 60_000)}:${String(Math.floor(at / 1000) % 60).padStart(2, '0')}`;
  const words = to - from > 4000 ? `${at / 1000} s` : at === 0 ? '0 ms' : String(at);
  return words.replace('-', '−');
}

function lengthWords(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
