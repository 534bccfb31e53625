// Workers of engines that die when they are told to: the real scripts, in threads that end themselves, since a thread cannot be killed from outside.
import { writeFileSync } from 'node:fs';

/** What a worker runs in place of `script`. One of those that were given the same file dies for each time that `orderDeath` writes it. */
export function dying(script: URL, order: string): URL {
  const worker = new URL('./dying-worker.ts', import.meta.url);
  worker.searchParams.set('script', script.href);
  worker.searchParams.set('order', order);
  return worker;
}

/** One dies as soon as it looks up from what it does; or in a task, when it has handed out so many parts of its result. */
export function orderDeath(order: string, afterParts = 0): void {
  writeFileSync(order, String(afterParts));
}
