// A hook for the views that show a part of a store.
import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { Store } from '../app/store.ts';

/** The selected part, drawn anew only when it is another. The selector must give the same thing for the same state. */
export function useStore<T, S>(store: Store<T>, select: (value: T) => S): S {
  const [, redraw] = useReducer<number, void>((count) => count + 1, 0);
  const selected = select(store.get());
  const shown = useRef(selected);
  shown.current = selected;
  const latest = useRef(select);
  latest.current = select;
  useEffect(() => {
    const check = () => {
      if (!Object.is(latest.current(store.get()), shown.current)) redraw();
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return selected;
}
