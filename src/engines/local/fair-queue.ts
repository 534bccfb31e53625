// Work that waits, in a fair order: what is urgent first, and among equals one of each key in turn. It is bounded, and when it is full it is
// the key with the most waiting that has to give way, not whoever comes last.

/** What waits with one urgency, by key; the key whose turn it is comes first. */
type Lane<Item> = Map<string, Item[]>;

export class FairQueue<Item> {
  readonly #most: number;
  /** By priority, the most urgent first. */
  #lanes: { readonly priority: number; readonly lane: Lane<Item> }[] = [];
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Lets `item` wait; priority 0 comes before 1. Gives back what has no place any more: nothing while there is room, else the youngest of the
   * key with the most waiting among what is less urgent or, when there is none, among what is as urgent; that may be `item` itself.
   */
  push(item: Item, key = '', priority = 0): Item | undefined {
    const displaced = this.#size < this.#most ? undefined : this.#displace(key, priority);
    if (displaced === undefined && this.#size >= this.#most) return item;
    const lane = this.#lane(priority);
    const items = lane.get(key);
    if (items) items.push(item);
    else lane.set(key, [item]);
    this.#size++;
    return displaced;
  }

  /** The next in turn. */
  shift(): Item | undefined {
    for (const { lane } of this.#lanes) {
      for (const [key, items] of lane) {
        const item = items.shift();
        lane.delete(key);
        if (items.length > 0) lane.set(key, items);
        this.#size--;
        return item;
      }
    }
    return undefined;
  }

  /** Whether the item had been waiting. */
  remove(item: Item): boolean {
    for (const { lane } of this.#lanes) {
      for (const [key, items] of lane) {
        const at = items.indexOf(item);
        if (at < 0) continue;
        items.splice(at, 1);
        if (items.length === 0) lane.delete(key);
        this.#size--;
        return true;
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

  #lane(priority: number): Lane<Item> {
    const found = this.#lanes.find((other) => other.priority === priority);
    if (found) return found.lane;
    const lane: Lane<Item> = new Map();
    this.#lanes = [...this.#lanes, { priority, lane }].sort((a, b) => a.priority - b.priority);
    return lane;
  }

  #displace(key: string, priority: number): Item | undefined {
    const worst = this.#lanes.findLast(({ lane }) => lane.size > 0);
    if (!worst || worst.priority < priority) return undefined;
    const [fullest, items] = [...worst.lane].reduce((most, other) => (other[1].length > most[1].length ? other : most));
    // Among equals somebody gives way only to one who still has less waiting afterwards: otherwise two keys would displace each other for ever.
    const own = worst.lane.get(key)?.length ?? 0;
    if (worst.priority === priority && items.length <= own + 1) return undefined;
    const displaced = items.pop();
    if (items.length === 0) worst.lane.delete(fullest);
    this.#size--;
    return displaced;
  }
}
