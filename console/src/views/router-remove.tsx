// Deletes a router by two presses: a file that is deleted by mistake cannot be taken back.
import { useEffect, useState } from 'preact/hooks';
import type { Routers } from '../app/routers.ts';
import { useStore } from './use-store.ts';

/** How long the first press is remembered. */
const sureMs = 4000;

export function RemoveButton({ routers, name }: { routers: Routers; name: string }) {
  const work = useStore(routers.state, (state) => state.work);
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return;
    const timer = setTimeout(() => setAsked(false), sureMs);
    return () => clearTimeout(timer);
  }, [asked]);
  return (
    <button
      type="button"
      class="button danger"
      data-asked={asked}
      disabled={work !== 'none'}
      onClick={() => {
        if (asked) void routers.remove();
        setAsked(!asked);
      }}
    >
      <span aria-live="polite">{work === 'removing' ? 'Deleting …' : asked ? `Press again to delete ${name}` : 'Delete'}</span>
    </button>
  );
}
