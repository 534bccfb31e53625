// What is undefined stands for nothing: a spread must not erase by it what it should leave alone.

/** The object without the keys that are undefined. */
export function present<T extends object>(patch: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
