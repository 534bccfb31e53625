// The page's frame: a line on top, and below it the page's own conversation, the calls of its key, what was used, or the routers.
import { useState } from 'preact/hooks';
import type { Calls } from '../app/calls.ts';
import type { Console } from '../app/console.ts';
import type { Routers } from '../app/routers.ts';
import type { Usage } from '../app/usage.ts';
import type { Place } from '../realtime/place.ts';
import type { Store } from '../app/store.ts';
import { useStore } from './use-store.ts';
import { CallsPage } from './calls-page.tsx';
import { Header } from './header.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { RoutersPage } from './routers-page.tsx';
import type { Tab } from './tabs.tsx';
import { TalkPage } from './talk-page.tsx';
import { UsagePage } from './usage-page.tsx';

interface AppProps {
  parley: Console;
  calls: Calls;
  usage: Usage;
  routers: Routers;
  place: Store<Place>;
}

export function App({ parley, calls, usage, routers, place }: AppProps) {
  const [tab, setTab] = useState<Tab>('talk');
  const now = useStore(place, (each) => each);
  const locked = useStore(parley.state, ({ link }) => link.phase === 'locked');
  return (
    <div class="app" data-page={now.page} data-tab={tab}>
      <Header parley={parley} page={now.page} />
      {now.page === 'talk' && <TalkPage parley={parley} tab={tab} onTab={setTab} />}
      {now.page === 'calls' && <CallsPage calls={calls} call={now.call} isLocked={locked} />}
      {now.page === 'usage' && <UsagePage usage={usage} isLocked={locked} />}
      {now.page === 'routers' && <RoutersPage routers={routers} open={now.open} isLocked={locked} />}
      {locked && <KeyDialog parley={parley} />}
    </div>
  );
}
