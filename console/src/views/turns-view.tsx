// The turns of a conversation, each as a picture with the milliseconds to read, the latest first.
import { useEffect, useRef } from 'preact/hooks';
import { medianWait, pictureOf, readingsOf, type Span, type TurnLane } from '../realtime/timeline.ts';
import type { Turn } from '../realtime/turns.ts';
import { Drawing } from './drawing.tsx';

const legend: readonly (readonly [Span['kind'], string])[] = [
  ['speech', 'speech'],
  ['silence', 'silence that ends the turn'],
  ['thinking', 'until the first word'],
  ['writing', 'writing'],
  ['sound', 'heard'],
];

export interface TurnsViewProps {
  turns: readonly Turn[];
  /** Whole turns, or the waits in them. */
  whole: boolean;
  /** Until when a turn goes on that is not over. */
  now: () => number;
  /** Who speaks with the agent. */
  who: string;
  /** The number of the turn that is to be seen. */
  chosen: number | undefined;
}

export function TurnsView({ turns, whole, now, who, chosen }: TurnsViewProps) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (chosen !== undefined) list.current?.querySelector(`[data-turn="${chosen}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const median = medianWait(turns);
  return (
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
            <TurnView turn={turn} whole={whole} now={now()} who={who} />
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
    </>
  );
}

function TurnView({ turn, whole, now, who }: { turn: Turn; whole: boolean; now: number; who: string }) {
  const picture = pictureOf(turn, now, whole, who);
  const readings = readingsOf(turn);
  const spoken = readings.map(({ words, ms }) => `${words} ${ms} ms`).join(', ');
  const lanes: readonly (readonly [TurnLane, string])[] = [
    ['you', who],
    ['server', 'Server'],
    ['heard', 'Heard'],
  ];
  return (
    <figure class="turn">
      <figcaption>
        Turn {turn.number}{' '}
        <span class="soft">
          {turn.said === 'text' ? 'written' : 'spoken'}
          {turn.interrupted ? ', interrupted' : ''}
        </span>
      </figcaption>
      {picture && <Drawing picture={picture} lanes={lanes} label={`Turn ${turn.number}: ${spoken}`} />}
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
