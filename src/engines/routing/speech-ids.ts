// From the id of a recogniser or of a speech model to the engine that serves it.
import type { Engine } from '../engine.ts';
import { nearestIds } from './nearest-ids.ts';
import { unnamed } from './protocol-ids.ts';
import { housePrefix, type SpeechRoute, type SpeechService } from './service.ts';

export interface SpeechIdsParts<E extends Engine> {
  /** The engines of this machine by their ids, the usual one first. At least one. */
  readonly house: readonly { readonly id: string; readonly engine: E }[];
  /** Those there are now. */
  readonly services: readonly SpeechService<E>[];
  /** The id of those who name none, as the operator sets it; it has been checked with `serves`. Undefined: the usual engine of this machine. */
  readonly usual?: string | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  /** Whether an id is one of those that clients of the protocol send by themselves, whoever serves them. */
  readonly isProtocolOwn: (id: string) => boolean;
}

export interface OfferedSpeech<E extends Engine> {
  readonly prefix: string;
  readonly alone: string;
  readonly name: string;
  readonly engine: E;
  readonly models: readonly string[];
}

export class SpeechIds<E extends Engine> {
  readonly #parts: SpeechIdsParts<E>;

  constructor(parts: SpeechIdsParts<E>) {
    this.#parts = parts;
  }

  /** Who serves the id; undefined: nobody. An empty id is that of whoever names none. */
  route(id: string): SpeechRoute<E> | undefined {
    const { aliases, services, isProtocolOwn } = this.#parts;
    const named = aliases.get(id) ?? id;
    if (named === '' || unnamed.has(named)) return this.usual;
    const [prefix, model] = split(named);
    if (prefix === housePrefix || this.#isOfHouse(prefix)) return this.#ofHouse(prefix === housePrefix ? model : prefix);
    const service = services.find((each) => isCalled(each, prefix));
    if (service) return routeOf(service, model || service.defaultModel);
    const owner = named.includes('/') ? undefined : this.#ownerOf(named);
    if (owner) return routeOf(owner, named);
    // Where there is nothing but this machine, it serves whatever a client of the protocol may send. Servers that are found on it change nothing of that:
    // an id would mean something else as soon as one of them is started.
    return !services.some(isConfigured) || isProtocolOwn(named) ? this.usual : undefined;
  }

  serves(id: string): boolean {
    return this.route(id) !== undefined;
  }

  /** Whether an id says by itself which engine is meant. */
  namesEngine(id: string): boolean {
    const { aliases, services } = this.#parts;
    const named = aliases.get(id) ?? id;
    if (unnamed.has(named)) return false;
    const [prefix] = split(named);
    return (
      prefix === housePrefix ||
      this.#isOfHouse(prefix) ||
      services.some((each) => isCalled(each, prefix)) ||
      (!named.includes('/') && this.#ownerOf(named) !== undefined)
    );
  }

  /** Of whoever names none. */
  get usual(): SpeechRoute<E> {
    const { usual } = this.#parts;
    return (usual === undefined || usual === '' ? undefined : this.route(usual)) ?? this.#ofHouse('');
  }

  /** Every engine with the models that it is known to offer, and the name by which it alone is meant. */
  get offered(): readonly OfferedSpeech<E>[] {
    const { house, services } = this.#parts;
    return [
      ...house.map(({ id, engine }) => ({ prefix: housePrefix, alone: id, name: engine.info.name, engine, models: [id] })),
      ...services.filter(isThere).map((service) => ({
        prefix: service.prefix,
        alone: service.prefix,
        name: service.name,
        engine: service.engine,
        models: [...new Set([service.defaultModel, ...service.models()])],
      })),
    ];
  }

  /** Ids that are served and look like this one: for an error. */
  nearest(id: string): string[] {
    return nearestIds(
      id,
      this.offered.flatMap(({ prefix, models }) => models.map((model) => `${prefix}/${model}`)),
    );
  }

  #isOfHouse(id: string): boolean {
    return this.#parts.house.some((each) => each.id === id);
  }

  #ofHouse(model: string): SpeechRoute<E> {
    const { house } = this.#parts;
    const found = house.find(({ id }) => id === model) ?? house[0];
    if (!found) throw new Error('There is no engine of this machine.');
    return { engine: found.engine, model: found.id, id: `${housePrefix}/${found.engine.info.id}` };
  }

  #ownerOf(model: string): SpeechService<E> | undefined {
    const services = this.#parts.services.filter(isThere);
    return services.find((each) => each.bareModels?.test(model)) ?? services.find((each) => each.models().includes(model));
  }
}

function isCalled({ prefix, alsoKnownAs }: SpeechService<Engine>, name: string): boolean {
  return prefix === name || alsoKnownAs.includes(name);
}

function isConfigured({ presence = 'configured' }: SpeechService<Engine>): boolean {
  return presence === 'configured';
}

function isThere({ presence }: SpeechService<Engine>): boolean {
  return presence !== 'gone';
}

function routeOf<E extends Engine>({ prefix, engine }: SpeechService<E>, model: string): SpeechRoute<E> {
  return { engine, model, id: `${prefix}/${model}` };
}

/** At the first slash; a model's own name may hold further ones. Without a slash all of it is a prefix. */
function split(id: string): [prefix: string, model: string] {
  const slash = id.indexOf('/');
  return slash < 0 ? [id, ''] : [id.slice(0, slash), id.slice(slash + 1)];
}
