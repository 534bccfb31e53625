// The page's frame: a line on top, and below it the page's own conversation or the calls of its key.
import { useState } from 'preact/hooks';
import type { Calls } from '../app/calls.ts';
import type { Console } from '../app/console.ts';
import type { Place } from '../realtime/place.ts';
import { type Store, useStore } from '../app/store.ts';
import { CallsPage } from './calls-page.tsx';
import { Header } from './header.tsx';
import { KeyDialog } from './key-dialog.tsx';
import type { Tab } from './tabs.tsx';
import { TalkPage } from './talk-page.tsx';

export function App({ parley, calls, place }: { parley: Console; calls: Calls; place: Store<Place> }) {
  const [tab, setTab] = useState<Tab>('talk');
  const now = useStore(place, (each) => each);
  const locked = useStore(parley.state, ({ link }) => link.phase === 'locked');
  return (
    <div class="app" data-page={now.page} data-tab={tab}>
      <Header parley={parley} page={now.page} />
      {now.page === 'talk' ? (
        <TalkPage parley={parley} tab={tab} onTab={setTab} />
      ) : (
        <CallsPage calls={calls} call={now.call} isLocked={locked} />
      )}
      {locked && <KeyDialog parley={parley} />}
    </div>
  );
}
