// Work that waits, in a fair order. A key that has had much of the workers' time lately comes after those that have had less; then what is
// urgent comes first; and among equals one of each key in turn, and of each session of a key. The queue is bounded, and when it is full it is
// who has the most waiting that has to give way, not whoever comes last.
import type { Origin } from '../engine.ts';

/** What waits with one urgency, by session; the session whose turn it is comes first. */
type Lane<Item> = Map<string, Item[]>;

/** What waits of one key. */
interface Waiting<Item> {
  /** By priority, the most urgent first; none is empty. */
  lanes: { readonly priority: number; readonly lane: Lane<Item> }[];
  size: number;
}

/** How soon a lane's turn comes: the heavier key later, then the higher priority. */
interface Rank {
  readonly weight: number;
  readonly priority: number;
}

/** Keys whose last turn is remembered; who has had none for long is as one who has had none. */
const MOST_REMEMBERED = 1000;

const nobody: Origin = { key: '', session: '' };

export class FairQueue<Item> {
  readonly #most: number;
  readonly #weightOf: (key: string) => number;
  readonly #keys = new Map<string, Waiting<Item>>();
  /** When each key had its last turn, counted in turns; the latest comes last. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #size = 0;

  /** `weightOf` a key is 0 unless it has had more than others of what is being waited for. */
  constructor(most: number, weightOf: (key: string) => number = () => 0) {
    this.#most = most;
    this.#weightOf = weightOf;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Lets `item` wait; priority 0 comes before 1. Gives back what has no place any more: nothing while there is room, else the youngest of the
   * key with the most waiting among what would come later or, when there is none, among what is as urgent; that may be `item` itself.
   */
  push(item: Item, origin: Origin = nobody, priority = 0): Item | undefined {
    const displaced = this.#size < this.#most ? undefined : this.#displace(origin, priority);
    if (displaced === undefined && this.#size >= this.#most) return item;
    const waiting = this.#keys.get(origin.key) ?? { lanes: [], size: 0 };
    this.#keys.set(origin.key, waiting);
    const lane = laneOf(waiting, priority);
    const items = lane.get(origin.session);
    if (items) items.push(item);
    else lane.set(origin.session, [item]);
    waiting.size++;
    this.#size++;
    return displaced;
  }

  /** The next in turn. */
  shift(): Item | undefined {
    let next: { key: string; waiting: Waiting<Item>; rank: Rank } | undefined;
    for (const [key, waiting] of this.#keys) {
      const rank = { weight: this.#weightOf(key), priority: waiting.lanes[0]?.priority ?? 0 };
      const isEqual = next && !comesBefore(next.rank, rank);
      if (!next || comesBefore(rank, next.rank) || (isEqual && this.#lastTurnOf(key) < this.#lastTurnOf(next.key)))
        next = { key, waiting, rank };
    }
    if (!next) return undefined;
    const { key, waiting } = next;
    const [session, items] = firstOf(waiting);
    const item = items.shift() as Item;
    this.#took(key, waiting, session);
    this.#hadTurn(key);
    return item;
  }

  #lastTurnOf(key: string): number {
    return this.#turns.get(key) ?? 0;
  }

  /** Remembered also of one who has nothing waiting any more: it is not the first again when it comes back at once. */
  #hadTurn(key: string): void {
    this.#turn++;
    this.#turns.delete(key);
    this.#turns.set(key, this.#turn);
    const [longestAgo] = this.#turns.keys();
    if (this.#turns.size > MOST_REMEMBERED && longestAgo !== undefined) this.#turns.delete(longestAgo);
  }

  /** Whether the item had been waiting. */
  remove(item: Item): boolean {
    for (const [key, waiting] of this.#keys) {
      for (const { lane } of waiting.lanes) {
        for (const [session, items] of lane) {
          const at = items.indexOf(item);
          if (at < 0) continue;
          items.splice(at, 1);
          if (items.length === 0) lane.delete(session);
          this.#forget(key, waiting);
          return true;
        }
      }
    }
    return false;
  }

  /** Everything, in turn; nothing waits any more. */
  drain(): Item[] {
    const items: Item[] = [];
    while (this.#size > 0) items.push(this.shift() as Item);
    return items;
  }

  #took(key: string, waiting: Waiting<Item>, session: string): void {
    const lane = waiting.lanes[0]?.lane;
    const items = lane?.get(session) ?? [];
    // The next of this session waits for the others'.
    lane?.delete(session);
    if (items.length > 0) lane?.set(session, items);
    this.#forget(key, waiting);
  }

  /** One of the key's items is gone. */
  #forget(key: string, waiting: Waiting<Item>): void {
    waiting.lanes = waiting.lanes.filter(({ lane }) => lane.size > 0);
    waiting.size--;
    this.#size--;
    if (waiting.size === 0) this.#keys.delete(key);
  }

  #displace({ key, session }: Origin, priority: number): Item | undefined {
    const own = { weight: this.#weightOf(key), priority };
    const owns = this.#keys.get(key);
    let victim: { key: string; waiting: Waiting<Item>; rank: Rank } | undefined;
    for (const [other, waiting] of this.#keys) {
      const rank = { weight: this.#weightOf(other), priority: waiting.lanes.at(-1)?.priority ?? 0 };
      const isWorse = !victim || comesBefore(victim.rank, rank) || (!comesBefore(rank, victim.rank) && waiting.size > victim.waiting.size);
      if (isWorse) victim = { key: other, waiting, rank };
    }
    if (!victim || comesBefore(victim.rank, own)) return undefined;
    const lane = victim.waiting.lanes.at(-1)?.lane as Lane<Item>;
    const [fullest, items] = [...lane].reduce((most, other) => (other[1].length > most[1].length ? other : most));
    if (!comesBefore(own, victim.rank)) {
      // Among equals somebody gives way only to one who still has less waiting afterwards: otherwise two would displace each other for ever.
      const least = victim.key === key ? (lane.get(session)?.length ?? 0) : (owns?.size ?? 0);
      const most = victim.key === key ? items.length : victim.waiting.size;
      if (most <= least + 1) return undefined;
    }
    const displaced = items.pop();
    if (items.length === 0) lane.delete(fullest);
    this.#forget(victim.key, victim.waiting);
    return displaced;
  }
}

function comesBefore(a: Rank, b: Rank): boolean {
  return a.weight < b.weight || (a.weight === b.weight && a.priority < b.priority);
}

function laneOf<Item>(waiting: Waiting<Item>, priority: number): Lane<Item> {
  const found = waiting.lanes.find((other) => other.priority === priority);
  if (found) return found.lane;
  const lane: Lane<Item> = new Map();
  waiting.lanes = [...waiting.lanes, { priority, lane }].sort((a, b) => a.priority - b.priority);
  return lane;
}

function firstOf<Item>({ lanes }: Waiting<Item>): [session: string, items: Item[]] {
  for (const entry of lanes[0]?.lane ?? []) return entry;
  throw new Error('a key waits without anything that waits');
}
