// The timeline of the page's own conversation, or of a tape that is looked at in its place.
import { useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { useStore } from './use-store.ts';
import { TapeBar } from './tape-bar.tsx';
import { TurnsView } from './turns-view.tsx';
import { Zoom } from './zoom.tsx';

export function TimelinePanel({ parley, chosen }: { parley: Console; chosen: number | undefined }) {
  const opened = useStore(parley.state, ({ tape }) => tape);
  const live = useStore(parley.state, (state) => state.turns.list);
  const turns = opened?.tape.turns.list ?? live;
  const [whole, setWhole] = useState(false);
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
        <Zoom whole={whole} part="The wait" all="Whole turn" onChange={setWhole} />
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
          <TurnsView turns={turns} whole={whole} now={() => opened?.tape.lengthMs ?? performance.now()} who="You" chosen={chosen} />
          <p class="soft small-print">
            Counted from where you fell silent (or sent a text), by{' '}
            {opened ? 'the server’s clock; what was heard is reckoned' : 'this page’s clock'}.
          </p>
        </>
      )}
    </div>
  );
}
