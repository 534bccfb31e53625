// Each turn as a picture: what the user, the server and the loudspeaker did when, and the milliseconds to read.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { useStore } from '../app/store.ts';
import { TapeBar } from './tape-bar.tsx';
import { markWords, medianWait, type Picture, pictureOf, readingsOf, type Span } from '../realtime/timeline.ts';
import type { Turn } from '../realtime/turns.ts';

const laneNames: Readonly<Record<Span['lane'], string>> = { you: 'You', server: 'Server', heard: 'Heard' };
const legend: readonly (readonly [Span['kind'], string])[] = [
  ['speech', 'speech'],
  ['silence', 'silence that ends the turn'],
  ['thinking', 'until the first word'],
  ['writing', 'writing'],
  ['sound', 'heard'],
];
const lanes = ['you', 'server', 'heard'] as const;
const laneHeight = 26;
const axisHeight = 22;

export function TimelinePanel({ parley, chosen }: { parley: Console; chosen: number | undefined }) {
  const opened = useStore(parley.state, ({ tape }) => tape);
  const live = useStore(parley.state, (state) => state.turns.list);
  const turns = opened?.tape.turns.list ?? live;
  const [whole, setWhole] = useState(false);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (chosen !== undefined) list.current?.querySelector(`[data-turn="${chosen}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const median = medianWait(turns);
  return (
    <div
      class="timeline"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const [file] = event.dataTransfer?.files ?? [];
        if (file) void parley.openTape(file);
      }}
    >
      <div class="panel-head">
        <h2>Timeline</h2>
        <fieldset class="segments small">
          <legend class="unseen">What to show</legend>
          {[false, true].map((each) => (
            <label key={String(each)}>
              <input type="radio" name="zoom" checked={whole === each} onChange={() => setWhole(each)} />
              <span>{each ? 'Whole turn' : 'The wait'}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <TapeBar parley={parley} opens={true} />
      {turns.length === 0 ? (
        <p class="empty">
          {opened
            ? 'Nobody said anything on this tape.'
            : 'When you have said something, each turn is drawn here: when you spoke, when the server noticed, and how long you waited. So is each turn of a tape that you open or drop here.'}
        </p>
      ) : (
        <>
          <p class="timeline-sum">
            {median === undefined ? (
              <span class="soft">No sound yet.</span>
            ) : (
              <>
                <strong>{median} ms</strong>{' '}
                <span class="soft">to the first sound{turns.length > 1 && `, median of ${turns.length} turns`}</span>
              </>
            )}
          </p>
          <ol class="turns" ref={list} reversed>
            {turns.toReversed().map((turn) => (
              <li key={turn.number} data-turn={turn.number} data-chosen={turn.number === chosen}>
                <TurnView turn={turn} whole={whole} now={opened?.tape.lengthMs} />
              </li>
            ))}
          </ol>
          <ul class="legend">
            {legend.map(([kind, words]) => (
              <li key={kind}>
                <svg width="12" height="12" aria-hidden="true">
                  <rect class={`span-${kind}`} width="12" height="12" rx="3" />
                </svg>
                {words}
              </li>
            ))}
          </ul>
          <p class="soft small-print">
            Counted from where you fell silent (or sent a text), by{' '}
            {opened ? 'the server’s clock; what was heard is reckoned' : 'this page’s clock'}.
          </p>
        </>
      )}
    </div>
  );
}

/** @param now Until when it goes on, if it is not over: by the page's clock, where nothing is said. */
function TurnView({ turn, whole, now }: { turn: Turn; whole: boolean; now: number | undefined }) {
  const picture = pictureOf(turn, now ?? performance.now(), whole);
  const readings = readingsOf(turn);
  const spoken = readings.map(({ words, ms }) => `${words} ${ms} ms`).join(', ');
  return (
    <figure class="turn">
      <figcaption>
        Turn {turn.number}{' '}
        <span class="soft">
          {turn.said === 'text' ? 'written' : 'spoken'}
          {turn.interrupted ? ', interrupted' : ''}
        </span>
      </figcaption>
      {picture && <Drawing picture={picture} label={`Turn ${turn.number}: ${spoken}`} />}
      <dl class="readings">
        {readings.map(({ name, words, ms }) => (
          <div key={name} data-mark={name}>
            <dt>{words}</dt>
            <dd>{ms} ms</dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}

function Drawing({ picture, label }: { picture: Picture; label: string }) {
  const place = (ms: number) => `${(((ms - picture.from) / (picture.to - picture.from)) * 100).toFixed(3)}%`;
  const inside = (ms: number) => ms >= picture.from && ms <= picture.to;
  const height = lanes.length * laneHeight + axisHeight;
  const top = (lane: Span['lane']) => lanes.indexOf(lane) * laneHeight;
  return (
    <div class="drawing">
      <ul class="lane-names" aria-hidden="true">
        {lanes.map((lane) => (
          <li key={lane}>{laneNames[lane]}</li>
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
                key={`${lane}-${kind}`}
                class={`span span-${kind}`}
                x={place(x)}
                y={top(lane) + 5}
                width={`${(((end - x) / (picture.to - picture.from)) * 100).toFixed(3)}%`}
                height={laneHeight - 10}
                rx="3"
              >
                <title>{`${title}: ${Math.round(to - from)} ms`}</title>
              </rect>
            );
          })}
        {picture.ticks
          .filter(({ at }) => inside(at))
          .map(({ lane, name, at }) => (
            <line key={name} class={`tick tick-${name}`} x1={place(at)} x2={place(at)} y1={top(lane) + 2} y2={top(lane) + laneHeight - 2}>
              <title>{`${markWords[name]}: ${Math.round(at)} ms`}</title>
            </line>
          ))}
      </svg>
    </div>
  );
}

/** Numbers at the edges stay within the picture. */
function anchorOf(at: number, { from, to }: Picture): 'start' | 'middle' | 'end' {
  const share = (at - from) / (to - from);
  return share < 0.06 ? 'start' : share > 0.94 ? 'end' : 'middle';
}

function wordsFor(at: number, { from, to }: Picture): string {
  const words = to - from > 4000 ? `${at / 1000} s` : at === 0 ? '0 ms' : String(at);
  return words.replace('-', '−');
}
