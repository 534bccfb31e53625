// The thread of the embedded store. It answers in turn, reads beside writes: what another process keeps waiting is tried again until its time
// is over, and only what is of its kind waits with it.
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock, type Timer } from '../lib/clock.ts';
import { Database } from './database.ts';
import { storeError } from './database-fault.ts';
import { StoreError } from './store.ts';
import { type FromStore, type StoreStart, type ToStore, writes } from './store-messages.ts';

/** Between two tries. The writes of others take microseconds. */
const againMs = 5;

type Ask = Extract<ToStore, { kind: 'ask' }>;

const { path, bounds } = workerData as StoreStart;
const database = new Database(path, bounds);

function say(message: FromStore): void {
  parentPort?.postMessage(message);
}

/** First come, first served. */
class Line {
  readonly #waiting: { ask: Ask; untilMs: number }[] = [];
  #again: Timer | undefined;

  add(ask: Ask): void {
    this.#waiting.push({ ask, untilMs: systemClock.now() + ask.withinMs });
    if (!this.#again) this.#serve();
  }

  end(): void {
    this.#again?.cancel();
    for (const { ask } of this.#waiting) fail(ask, storeError('closed', path, ''));
  }

  #serve(): void {
    this.#again = undefined;
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (!answered(first.ask, first.untilMs)) {
        this.#again = systemClock.after(againMs, () => this.#serve());
        return;
      }
      this.#waiting.shift();
    }
  }
}

/** False when another process is in the way and there is time left. */
function answered(ask: Ask, untilMs: number): boolean {
  try {
    const operation = database[ask.operation] as (...values: readonly unknown[]) => unknown;
    say({ kind: 'done', id: ask.id, value: operation.apply(database, [...ask.values]) });
  } catch (error) {
    if (!(error instanceof StoreError)) say({ kind: 'broke', id: ask.id, error });
    else if (error.reason === 'busy' && systemClock.now() < untilMs) return false;
    else fail(ask, error);
  }
  return true;
}

function fail({ id }: Ask, { reason, advice }: StoreError): void {
  say({ kind: 'failed', id, reason, advice });
}

const reading = new Line();
const writing = new Line();
parentPort?.on('message', (message: ToStore) => {
  if (message.kind === 'ask') return (writes.has(message.operation) ? writing : reading).add(message);
  for (const line of [reading, writing]) line.end();
  database.close();
  parentPort?.close();
});
