// The page's view of what was used: asks the server for the sums that the user wants, and keeps the latest answer. Views call its methods and show its state.
import {
  daysOf,
  faultOf,
  type Group,
  type Measure,
  type Period,
  queryOf,
  type UsageAnswer,
  type UsageRow,
  type UsageWish,
} from '../realtime/usage.ts';
import { fetchUsage, ServerRefusal } from './server.ts';
import { createStore, type Store } from './store.ts';

export interface UsageReport {
  /** What it is the answer to. */
  readonly group: Group;
  /** Of the first page: range, currency and totals. */
  readonly answer: UsageAnswer;
  /** By day, for the picture. */
  readonly days: readonly UsageRow[];
  /** Of all pages that were fetched. */
  readonly rows: readonly UsageRow[];
  readonly nextPage: string | null;
}

export interface UsageState {
  readonly wish: UsageWish;
  /** Undefined: the user has chosen none. */
  readonly measure: Measure | undefined;
  readonly load: 'rest' | 'loading' | 'more';
  readonly report: UsageReport | undefined;
  readonly problem: string | undefined;
}

const initial: UsageState = {
  wish: { period: { kind: 'latest', days: 7 }, group: 'day' },
  measure: undefined,
  load: 'rest',
  report: undefined,
  problem: undefined,
};

export class Usage {
  readonly state: Store<UsageState> = createStore(initial);
  readonly #onLocked: () => void;
  #loading = new AbortController();

  /** @param onLocked The server wants a key. */
  constructor(onLocked: () => void) {
    this.#onLocked = onLocked;
  }

  /** The page of usage is shown. */
  open(): void {
    void this.refresh();
  }

  /** It is left. */
  close(): void {
    this.#loading.abort();
    this.#change({ load: 'rest', report: undefined, problem: undefined });
  }

  choosePeriod(period: Period): void {
    this.#change({ wish: { ...this.state.get().wish, period } });
    void this.refresh();
  }

  chooseGroup(group: Group): void {
    this.#change({ wish: { ...this.state.get().wish, group } });
    void this.refresh();
  }

  chooseMeasure(measure: Measure): void {
    this.#change({ measure });
  }

  /** Asks anew, from the first row. */
  async refresh(): Promise<void> {
    const { wish } = this.state.get();
    const fault = faultOf(daysOf(wish.period, Date.now()));
    if (fault !== undefined) return this.#change({ load: 'rest', problem: fault });
    await this.#load('loading', async (signal) => {
      const [answer, days] = await Promise.all([
        fetchUsage(queryOf(wish, Date.now()), signal),
        wish.group === 'day' ? undefined : fetchUsage(queryOf({ ...wish, group: 'day' }, Date.now()), signal),
      ]);
      return { group: wish.group, answer, days: (days ?? answer).data, rows: answer.data, nextPage: answer.next_page };
    });
  }

  /** Fetches the rows that follow. */
  async more(): Promise<void> {
    const { report, wish, load } = this.state.get();
    const page = report?.nextPage;
    if (!report || typeof page !== 'string' || load !== 'rest') return;
    const { from, to } = report.answer;
    const same: UsageWish = { period: { kind: 'own', from, to }, group: wish.group };
    await this.#load('more', async (signal) => {
      const { data, next_page } = await fetchUsage(queryOf(same, Date.now(), page), signal);
      return { ...report, rows: [...report.rows, ...data], nextPage: next_page };
    });
  }

  async #load(load: 'loading' | 'more', ask: (signal: AbortSignal) => Promise<UsageReport>): Promise<void> {
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#change({ load, problem: undefined });
    try {
      const report = await ask(signal);
      if (!signal.aborted) this.#change({ load: 'rest', report });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ServerRefusal && error.status === 401) {
        this.#change({ load: 'rest' });
        return this.#onLocked();
      }
      this.#change({ load: 'rest', problem: error instanceof Error ? error.message : String(error) });
    }
  }

  #change(part: Partial<UsageState>): void {
    this.state.set({ ...this.state.get(), ...part });
  }
}
