// The routers that there are, by their names. Whoever has read them from somewhere puts them in; a model's id `inworld/<router>` finds them.
import type { Llm } from '../../engine.ts';
import { type ModelDirectory, type ModelWorld, servesName } from './model-order.ts';
import { type ModelTable, readModelTable } from './model-table.ts';
import { type ReadRouter, readRouter } from './router.ts';
import { smartRouter, type SmartRouterParts } from './smart-router.ts';
import { type Trial, type TrialRequest, tryRouter } from './trial.ts';

const namespace = 'inworld/';
/** Inworld's own models. */
const reserved = 'inworld/models/';

export interface SmartRoutesParts extends Omit<SmartRouterParts, 'world'> {
  readonly directory: ModelDirectory;
}

export class SmartRoutes {
  readonly #parts: SmartRouterParts;
  readonly #routers = new Map<string, { read: ReadRouter; llm: Llm }>();
  #table: ModelTable = new Map();

  constructor({ directory, ...parts }: SmartRoutesParts) {
    const { health } = parts.asking;
    const table = () => this.#table;
    const world: ModelWorld = {
      // What the operator has figures of is known to be there, although its provider may not list it.
      directory: { ...directory, known: () => [...new Set([...directory.known(), ...table().keys()])] },
      get table() {
        return table();
      },
      measured: (id) => health.figures(id),
    };
    this.#parts = { ...parts, world };
  }

  /** Who serves a model's id; `unknown`: it names a router, and there are routers, but not this one. */
  find(id: string): Llm | 'unknown' | undefined {
    if (!id.startsWith(namespace) || id.startsWith(reserved)) return undefined;
    return this.#routers.get(id.slice(namespace.length))?.llm ?? (this.#routers.size > 0 ? 'unknown' : undefined);
  }

  /** Ids of all, in the order of their names. */
  get ids(): string[] {
    return [...this.#routers.keys()].sort().map((name) => `${namespace}${name}`);
  }

  /** What this JSON would be under that name; nothing is changed. @throws RouterError */
  read(json: unknown, name: string): ReadRouter {
    const { directory } = this.#parts.world;
    return readRouter(json, name, { table: this.#table, serves: (each) => servesName(each, directory) });
  }

  put(read: ReadRouter): void {
    this.#routers.set(read.router.name, { read, llm: smartRouter(read.router, this.#parts) });
  }

  remove(name: string): void {
    this.#routers.delete(name);
  }

  /** From now on this is what the operator says of models; undefined: nothing. Routers that sort by it are to be read anew. @throws RouterError */
  useTable(json: unknown): void {
    this.#table = json === undefined ? new Map() : readModelTable(json);
  }

  /** One that was put in, by its name. */
  get(name: string): ReadRouter | undefined {
    return this.#routers.get(name)?.read;
  }

  /** A router for one request, which names its models by itself (Inworld's `models`, `sort`, `ignore` and `fallback`). @throws RouterError */
  once(model: string, { models, sort, ignore, fallback }: Readonly<Record<string, unknown>>): Llm {
    const selection = Object.fromEntries(Object.entries({ models, sort, ignore }).filter(([, value]) => value !== undefined));
    const variant = { variant_id: 'request', model_id: model, model_selection: selection, ...(fallback === undefined ? {} : { fallback }) };
    const json = { name: 'request', default_route: { route_id: 'request', variants: [{ variant, weight: 100 }] } };
    return smartRouter(this.read(json, 'request').router, this.#parts);
  }

  /** What a router would do with a request, whether it was put in or not. Nobody is asked. */
  try(read: ReadRouter, request: TrialRequest): Trial {
    const { world, asking, chance } = this.#parts;
    return tryRouter(read, request, { world, health: asking.health, chance });
  }
}
