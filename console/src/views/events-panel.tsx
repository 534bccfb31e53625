// The event log: every event in both directions, to search, to read in full, to copy. Only the rows in sight are in the page.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { useStore } from './use-store.ts';
import { findEntries, type LogEntry, mostEntries } from '../realtime/event-log.ts';
import { CopyButton } from './copy-button.tsx';
import { TapeBar } from './tape-bar.tsx';

const rowHeight = 30;
const kinds = ['all', 'sent', 'received', 'errors'] as const;
type Kind = (typeof kinds)[number];

export function EventsPanel({ parley }: { parley: Console }) {
  const [search, setSearch] = useState('');
  const [kind, setKind] = useState<Kind>('all');
  const [chosen, setChosen] = useState<number>();
  const changes = useStore(parley.logged, (count) => count);
  const onTape = useStore(parley.state, ({ tape }) => tape !== undefined);
  const found = useMemo(() => findEntries(parley.shownLog.entries, search, kind), [changes, search, kind]);
  const entry = found.find(({ number }) => number === chosen);
  return (
    <div class="events">
      <div class="panel-head">
        <h2>Events</h2>
        <div class="row">
          <CopyButton text={() => found.map(({ body }) => JSON.stringify(body)).join('\n')} label="Copy all" />
          {!onTape && (
            <button type="button" class="button small" onClick={() => parley.log.clear()}>
              Clear
            </button>
          )}
        </div>
      </div>
      <TapeBar parley={parley} opens={false} />
      <div class="events-filter">
        <input
          type="search"
          aria-label="Search in events"
          placeholder="Search type or content"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <fieldset class="segments small">
          <legend class="unseen">Which events</legend>
          {kinds.map((each) => (
            <label key={each}>
              <input type="radio" name="event-kind" checked={kind === each} onChange={() => setKind(each)} />
              <span>{each.charAt(0).toUpperCase() + each.slice(1)}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <p class="soft small-print" role="status">
        {found.length === parley.shownLog.entries.length
          ? `${found.length} events`
          : `${found.length} of ${parley.shownLog.entries.length} events`}
        {parley.shownLog.entries.length === mostEntries && ', the newest that are kept'}
      </p>
      {found.length === 0 ? (
        <p class="empty">
          {parley.shownLog.entries.length === 0
            ? 'Events in both directions are written down here, from the first.'
            : 'No event is like that.'}
        </p>
      ) : (
        <Rows entries={found} chosen={entry?.number} onChoose={setChosen} />
      )}
      {entry && <Detail entry={entry} onClose={() => setChosen(undefined)} />}
    </div>
  );
}

function Rows({
  entries,
  chosen,
  onChoose,
}: {
  entries: readonly LogEntry[];
  chosen: number | undefined;
  onChoose: (number: number) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [window_, setWindow] = useState({ top: 0, height: 600 });
  const following = useRef(true);
  const look = () => {
    const element = scroller.current;
    if (!element) return;
    following.current = element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight;
    setWindow({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(() => {
    const element = scroller.current;
    // Who has chosen an event reads it: the list stays where it is.
    if (element && following.current && chosen === undefined) element.scrollTop = element.scrollHeight;
    look();
  }, [entries, chosen]);
  const first = Math.max(0, Math.floor(window_.top / rowHeight) - 4);
  const last = Math.min(entries.length, Math.ceil((window_.top + window_.height) / rowHeight) + 4);
  const start = entries[0]?.at ?? 0;
  const choose = (step: number) => {
    const index = entries.findIndex(({ number }) => number === chosen);
    const next = entries[Math.max(0, Math.min(entries.length - 1, index < 0 ? entries.length - 1 : index + step))];
    if (!next) return;
    onChoose(next.number);
    const top = entries.indexOf(next) * rowHeight;
    const element = scroller.current;
    if (!element) return;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight - element.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(step);
  };
  return (
    <div
      class="event-rows"
      ref={scroller}
      onScroll={look}
      onKeyDown={onKeyDown}
      tabIndex={0}
      role="listbox"
      aria-label="Events; arrow keys choose one"
      aria-activedescendant={chosen === undefined ? undefined : `event-${chosen}`}
    >
      <div class="event-space" style={{ height: `${entries.length * rowHeight}px` }}>
        {entries.slice(first, last).map((entry, index) => (
          <div
            key={entry.number}
            id={`event-${entry.number}`}
            role="option"
            aria-selected={entry.number === chosen}
            class="event-row"
            data-direction={entry.direction}
            data-bad={/error|failed/.test(entry.type)}
            style={{ top: `${(first + index) * rowHeight}px` }}
            onClick={() => onChoose(entry.number)}
          >
            <span class="event-time">{((entry.at - start) / 1000).toFixed(2)}</span>
            <span class="event-way" aria-label={entry.direction}>
              {entry.direction === 'sent' ? '↑' : '↓'}
            </span>
            <span class="event-type">{entry.type}</span>
            {entry.times > 1 && <span class="event-times">×{entry.times}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}

function Detail({ entry, onClose }: { entry: LogEntry; onClose: () => void }) {
  const text = JSON.stringify(entry.body, null, 2);
  return (
    <section class="event-detail" aria-label={`Event ${entry.type}`}>
      <div class="panel-head">
        <h3>
          <code>{entry.type}</code>
        </h3>
        <div class="row">
          <CopyButton text={() => text} />
          <button type="button" class="button small" onClick={onClose}>
            Close
          </button>
        </div>
      </div>
      <pre class="data" tabIndex={0}>
        {text}
      </pre>
    </section>
  );
}
