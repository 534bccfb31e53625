// The page's view of the routers: keeps the list, the text that is being edited and the dry run, and tells the server what the user wants changed. Views call
// its methods and show its state; what a router's JSON says is read in realtime/.
import type { OpenRouter } from '../realtime/place.ts';
import { requestOf, type Trial, type TrialWish } from '../realtime/router-trial.ts';
import { type FieldFault, fieldsOf, firstRouter, type RouterFolder, type RouterJson } from '../realtime/routers.ts';
import { parseObject } from '../realtime/settings.ts';
import { createRouter, fetchRouters, removeRouter, ServerRefusal, tryRouter, updateRouter } from './server.ts';
import { createStore, type Store } from './store.ts';

/** A router's JSON, as it is being edited. */
export interface Draft {
  readonly text: string;
  /** What it was when it was read; undefined: it is new. */
  readonly base: { readonly router: RouterJson; readonly text: string } | undefined;
  /** What is wrong with it, as far as the server has said. */
  readonly faults: readonly FieldFault[];
}

/** What came of a dry run. */
export type Tried =
  | { readonly kind: 'no' }
  | { readonly kind: 'told'; readonly trial: Trial }
  | { readonly kind: 'refused'; readonly why: readonly string[] };

export interface RoutersState {
  readonly isLoading: boolean;
  readonly folder: RouterFolder | undefined;
  readonly open: OpenRouter;
  readonly draft: Draft | undefined;
  readonly work: 'none' | 'saving' | 'removing' | 'trying';
  readonly wish: TrialWish;
  readonly tried: Tried;
  /** What was done last. */
  readonly done: string | undefined;
  readonly problem: string | undefined;
}

const initial: RoutersState = {
  isLoading: false,
  folder: undefined,
  open: { kind: 'none' },
  draft: undefined,
  work: 'none',
  wish: { kind: 'message', message: 'Hello.', user: '', metadata: '', request: '' },
  tried: { kind: 'no' },
  done: undefined,
  problem: undefined,
};

const newName = 'my-router';

export interface RoutersHandlers {
  /** The server wants a key. */
  onLocked(): void;
  /** Some model that the server has, for a router that is begun. */
  usualModel(): string;
  /** Another router is to be shown. */
  onGo(open: OpenRouter): void;
}

export class Routers {
  readonly state: Store<RoutersState> = createStore(initial);
  readonly #handlers: RoutersHandlers;
  /** What was being edited when another router was opened, by the router's name; undefined is that of the new one. */
  readonly #drafts = new Map<string | undefined, Draft>();
  #loading = new AbortController();

  constructor(handlers: RoutersHandlers) {
    this.#handlers = handlers;
  }

  /** The page of routers is shown. */
  open(): void {
    void this.refresh();
  }

  /** It is left. What is being edited is kept. */
  close(): void {
    this.#loading.abort();
    this.#keepDraft();
    this.#change({ ...initial, wish: this.state.get().wish });
  }

  /** Opens a router, a new one, or none. */
  show(open: OpenRouter): void {
    const { open: shown, draft } = this.state.get();
    if (draft && nameIn(open) === nameIn(shown) && open.kind === shown.kind) return;
    this.#keepDraft();
    this.#change({ open, draft: undefined, tried: { kind: 'no' }, done: undefined, problem: undefined });
    this.#begin();
  }

  async refresh(): Promise<void> {
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#change({ isLoading: true, problem: undefined });
    try {
      const folder = await fetchRouters(signal);
      if (signal.aborted) return;
      const { draft } = this.state.get();
      // What is not being edited is as the server has it now.
      this.#change({ isLoading: false, folder, draft: isEdited(draft) ? draft : undefined });
      this.#begin();
    } catch (error) {
      if (signal.aborted) return;
      this.#change({ isLoading: false });
      this.#failed(error);
    }
  }

  edit(text: string): void {
    const { draft } = this.state.get();
    if (draft) this.#change({ draft: { ...draft, text }, done: undefined });
  }

  /** Back to what the server has. */
  revert(): void {
    this.#drafts.delete(nameIn(this.state.get().open));
    this.#change({ draft: undefined, done: undefined, problem: undefined });
    this.#begin();
  }

  async save(): Promise<void> {
    const { open, draft } = this.state.get();
    if (!draft || open.kind === 'none') return;
    await this.#do('saving', async (isOpen) => {
      const router = parseObject(draft.text, 'The router');
      if (open.kind === 'new') {
        const name = await createRouter(router);
        if (!isOpen()) return undefined;
        this.#change({ draft: undefined, open: { kind: 'one', name } });
        this.#handlers.onGo({ kind: 'one', name });
        return `Made. Sessions ask for it as inworld/${name}.`;
      }
      const { name } = router;
      const named = typeof name === 'string' ? name.replace(/^routers\//, '') : open.name;
      if (named !== open.name) {
        const description = `name is '${named}', and must stay '${open.name}': make a new router for another name.`;
        throw new ServerRefusal(400, description, [{ field: 'name', description }]);
      }
      await updateRouter(open.name, router, fieldsOf(draft.base?.router ?? {}, router));
      if (!isOpen()) return undefined;
      // What was written meanwhile is not saved yet.
      const text = this.state.get().draft?.text ?? draft.text;
      this.#change({ draft: { text, base: { router, text: draft.text }, faults: [] } });
      return 'Saved. It holds for every answer from now on.';
    });
  }

  async remove(): Promise<void> {
    const { open } = this.state.get();
    if (open.kind !== 'one') return;
    await this.#do('removing', async (isOpen) => {
      await removeRouter(open.name);
      if (!isOpen()) return undefined;
      this.#change({ draft: undefined, open: { kind: 'none' } });
      this.#handlers.onGo({ kind: 'none' });
      return undefined;
    });
  }

  // --- the dry run

  wish(part: Partial<TrialWish>): void {
    const { wish, open } = this.state.get();
    const next = { ...wish, ...part };
    // Who goes over to a whole request begins with what the form says.
    const isFirst = next.kind === 'request' && next.request === '';
    this.#change({ wish: isFirst ? { ...next, request: this.#written(next, nameIn(open) ?? newName) } : next });
  }

  /** Tries what is in the editor, saved or not. */
  async try(): Promise<void> {
    const { open, draft, wish } = this.state.get();
    const name = nameIn(open) ?? newName;
    const isOpen = () => this.state.get().open === open;
    this.#change({ work: 'trying', tried: { kind: 'no' }, done: undefined });
    try {
      const request =
        wish.kind === 'request' ? parseObject(wish.request, 'The request') : requestOf(name, wish, parseObject(wish.metadata, 'Metadata'));
      const router = draft && (isEdited(draft) || draft.faults.length > 0) ? { name, ...parseObject(draft.text, 'The router') } : undefined;
      const trial = await tryRouter({ request: { ...request, model: `inworld/${name}` }, ...(router ? { router } : {}) });
      if (!isOpen()) return;
      this.#marked([]);
      this.#change({ tried: { kind: 'told', trial } });
    } catch (error) {
      if (error instanceof ServerRefusal && error.status === 401) return this.#handlers.onLocked();
      if (isOpen()) this.#refused(error);
    } finally {
      this.#change({ work: 'none' });
    }
  }

  #refused(error: unknown): void {
    const faults = error instanceof ServerRefusal ? error.faults : [];
    const ofRouter = faults.flatMap(({ field, description }) =>
      field === 'router' || field.startsWith('router.') ? [{ field: field.slice('router.'.length), description }] : [],
    );
    if (ofRouter.length > 0) this.#marked(ofRouter);
    const why = faults.length === 0 ? [wordsOf(error)] : faults.map(({ description }) => description);
    this.#change({ tried: { kind: 'refused', why } });
  }

  #written(wish: TrialWish, name: string): string {
    let metadata: RouterJson = {};
    try {
      metadata = parseObject(wish.metadata, 'Metadata');
    } catch {
      // What cannot be read is left out: the request is about to be written by hand.
    }
    return JSON.stringify(requestOf(name, wish, metadata), undefined, 2);
  }

  // --- the state

  /** The text of what is open, as soon as the server has told of it. */
  #begin(): void {
    const { open, folder, draft } = this.state.get();
    if (draft || !folder || open.kind === 'none') return;
    const kept = this.#drafts.get(nameIn(open));
    if (kept) return this.#change({ draft: kept });
    if (open.kind === 'new') {
      return this.#change({ draft: { text: written(firstRouter(newName, this.#handlers.usualModel())), base: undefined, faults: [] } });
    }
    const file = folder.routers.find(({ name }) => name === open.name);
    if (!file?.router) return;
    const text = written(file.router);
    this.#change({ draft: { text, base: { router: file.router, text }, faults: file.faults } });
  }

  #keepDraft(): void {
    const { open, draft } = this.state.get();
    if (draft && isEdited(draft)) this.#drafts.set(nameIn(open), draft);
    else if (draft) this.#drafts.delete(nameIn(open));
  }

  #marked(faults: readonly FieldFault[]): void {
    const { draft } = this.state.get();
    if (draft) this.#change({ draft: { ...draft, faults } });
  }

  /** @param change is handed whether what it is about is still open, and resolves with what is to be said of it. */
  async #do(work: 'saving' | 'removing', change: (isOpen: () => boolean) => Promise<string | undefined>): Promise<void> {
    const { open } = this.state.get();
    const isOpen = () => this.state.get().open === open;
    this.#drafts.delete(nameIn(open));
    this.#change({ work, problem: undefined, done: undefined });
    this.#marked([]);
    try {
      const done = await change(isOpen);
      await this.refresh();
      this.#change({ done });
    } catch (error) {
      // What is said at the fields need not be said twice.
      if (error instanceof ServerRefusal && error.faults.length > 0 && isOpen()) this.#marked(error.faults);
      else this.#failed(error);
    } finally {
      this.#change({ work: 'none' });
    }
  }

  #failed(error: unknown): void {
    if (error instanceof ServerRefusal && error.status === 401) return this.#handlers.onLocked();
    this.#change({ problem: wordsOf(error) });
  }

  #change(part: Partial<RoutersState>): void {
    this.state.set({ ...this.state.get(), ...part });
  }
}

function nameIn(open: OpenRouter): string | undefined {
  return open.kind === 'one' ? open.name : undefined;
}

function isEdited(draft: Draft | undefined): boolean {
  return draft !== undefined && draft.text !== draft.base?.text;
}

function written(router: RouterJson): string {
  return JSON.stringify(router, undefined, 2);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
