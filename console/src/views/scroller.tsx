// A view that stays at the end of what grows in it, as long as the reader does.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** @param grown Another value each time there is more to read. */
export function Scroller({ label, grown, children }: { label: string; grown: unknown; children: ComponentChildren }) {
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  useEffect(() => {
    if (atEnd.current) toEnd();
  }, [grown]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const resized = new ResizeObserver(() => atEnd.current && toEnd());
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
    setAway(!atEnd.current);
  };
  return (
    <div class="conversation-frame">
      <div class="conversation" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label={label}>
        {children}
      </div>
      {away && (
        <button type="button" class="button small to-end" onClick={toEnd}>
          To the end
        </button>
      )}
    </div>
  );
}
