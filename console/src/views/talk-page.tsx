// The page's own conversation: in the middle what is said, beside it what can be seen and set.
import { useEffect, useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { CodePanel } from './code-panel.tsx';
import { ConversationView } from './conversation.tsx';
import { Dock } from './dock.tsx';
import { EventsPanel } from './events-panel.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { type Tab, Tabs } from './tabs.tsx';
import { TimelinePanel } from './timeline-panel.tsx';

export function TalkPage({ parley, tab, onTab }: { parley: Console; tab: Tab; onTab: (tab: Tab) => void }) {
  const [turn, setTurn] = useState<number>();
  useKeys(parley);
  const showTurn = (number: number) => {
    setTurn(number);
    onTab('timeline');
  };
  // Beside the conversation there is always something to see; only on a phone the conversation is a tab of its own.
  const panel = tab === 'talk' ? 'timeline' : tab;
  return (
    <>
      <main class="talk" id="panel-talk" aria-label="Conversation">
        <ConversationView parley={parley} onTurn={showTurn} />
        <Dock parley={parley} />
      </main>
      <aside class="side" aria-label="Timeline, settings, events and code">
        <Tabs tab={tab} panel={panel} onTab={onTab} />
        <section class="panel" role="tabpanel" id={`panel-${panel}`} aria-labelledby={`tab-${panel}`} tabIndex={-1}>
          {panel === 'timeline' && <TimelinePanel parley={parley} chosen={turn} />}
          {panel === 'settings' && <SettingsPanel parley={parley} />}
          {panel === 'events' && <EventsPanel parley={parley} />}
          {panel === 'code' && <CodePanel parley={parley} />}
        </section>
      </aside>
    </>
  );
}

/** The space bar is push-to-talk's, Escape interrupts; neither where it means something else. */
function useKeys(parley: Console): void {
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const elsewhere = ({ target }: Event) =>
      target instanceof Element && target.closest('input, textarea, select, button, summary, a, dialog, [role="option"]') !== null;
    window.addEventListener(
      'keydown',
      (event) => {
        if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open]')) parley.interrupt();
        if (event.code !== 'Space' || parley.state.get().push === 'off' || elsewhere(event)) return;
        event.preventDefault();
        if (!event.repeat) parley.desk.press();
      },
      { signal },
    );
    window.addEventListener('keyup', (event) => event.code === 'Space' && parley.desk.release(), { signal });
    window.addEventListener('blur', () => parley.desk.release(), { signal });
    return () => ending.abort();
  }, [parley]);
}
