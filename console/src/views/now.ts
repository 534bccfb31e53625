// The time, again and again: for what is shown of something that goes on.
import { useEffect, useReducer } from 'preact/hooks';

/** Draws anew every so often, while `running`. */
export function useTicks(everyMs: number, running = true): void {
  const [, redraw] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => redraw(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, running]);
}
