// The tabs of the side; "Talk" among them only where there is no room for the conversation beside.
import { useRef } from 'preact/hooks';

export const tabs = ['talk', 'timeline', 'settings', 'events', 'code'] as const;
export type Tab = (typeof tabs)[number];

const names: Readonly<Record<Tab, string>> = { talk: 'Talk', timeline: 'Timeline', settings: 'Settings', events: 'Events', code: 'Code' };

export function Tabs({ tab, panel, onTab }: { tab: Tab; panel: Tab; onTab: (tab: Tab) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const shown = [...(list.current?.querySelectorAll<HTMLElement>('[role=tab]') ?? [])].filter((each) => each.offsetParent !== null);
    const next = shown[(shown.findIndex((each) => each === event.target) + step + shown.length) % shown.length];
    next?.focus();
    next?.click();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views" ref={list} onKeyDown={move}>
      {tabs.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          id={`tab-${each}`}
          class={`tab tab-${each}`}
          // On a wide screen the panel's own tab is the chosen one; on a phone it may be "Talk".
          aria-selected={each === tab || (tab === 'talk' && each === panel)}
          aria-controls={`panel-${each}`}
          data-chosen={each === tab}
          tabIndex={each === tab || (tab === 'talk' && each === panel) ? 0 : -1}
          onClick={() => onTab(each)}
        >
          {names[each]}
        </button>
      ))}
    </div>
  );
}
