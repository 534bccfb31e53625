// From the id of a language model to the provider that serves it.
import type { Llm } from '../engine.ts';
import type { Candidate } from './fallback-llm.ts';
import { nearestIds } from './nearest-ids.ts';
import { housePrefix } from './service.ts';

/** Language models behind one prefix: `groq` serves `groq/<model>`. */
export interface LlmProvider {
  readonly prefix: string;
  readonly alsoKnownAs: readonly string[];
  /** For people: `Groq`. */
  readonly name: string;
  readonly llm: Llm;
  /** The same without a second try, for whoever has other models to ask. */
  readonly once: Llm;
  readonly defaultModel?: string;
  /** What it offered when it was asked last; empty when it does not tell. */
  readonly models: readonly string[];
}

export interface LlmRoute {
  readonly engine: Llm;
  readonly model: string;
  readonly id: string;
  /** It is a router, which chooses among models by itself. */
  readonly isRouter?: true;
}

export interface LlmIdsParts {
  /** The engine of this machine, which serves every id while there is no provider. */
  readonly house: Llm;
  /** Those there are now, the first choice first. */
  providers(): readonly LlmProvider[];
  readonly aliases: ReadonlyMap<string, string>;
  /** Which provider a bare model name belongs to, if it is a famous one. */
  readonly ownerOfBareModel: (model: string) => string | undefined;
  /** Who serves the id of a router, `inworld/<router>`; `unknown`: there are routers, but not this one. */
  readonly router: (id: string) => Llm | 'unknown' | undefined;
}

/** Ids that name no model but mean "whatever this server has": speech-to-speech models, and the API's own default. */
const anyModel = /^(?:openai\/)?gpt-(?:4o-|4o-mini-)?realtime|^auto$|^google-ai-studio\/gemini-2\.5-flash$/;

export class LlmIds {
  readonly #parts: LlmIdsParts;

  constructor(parts: LlmIdsParts) {
    this.#parts = parts;
  }

  /** Who serves the id; undefined: nobody. */
  route(id: string): LlmRoute | undefined {
    const named = this.#parts.aliases.get(id) ?? id;
    const router = this.#parts.router(named);
    if (typeof router === 'object') return { engine: router, model: named, id: named, isRouter: true };
    return router === 'unknown' ? this.#direct(named) : this.#model(named);
  }

  /** Who serves a model, for whoever chooses among several: `provider/model`, an alias or a bare name, but no router. */
  candidate(id: string): (Candidate & { readonly model: string }) | undefined {
    const { aliases, house } = this.#parts;
    const found = this.#model(aliases.get(id) ?? id);
    if (!found) return undefined;
    const provider = this.#parts.providers().find(({ llm }) => llm === found.engine);
    if (!provider) return { provider: housePrefix, llm: house, model: house.info.id };
    return { provider: provider.prefix, llm: provider.once, model: found.model };
  }

  #model(named: string): LlmRoute | undefined {
    const { house, ownerOfBareModel } = this.#parts;
    const providers = this.#parts.providers();
    if (named === housePrefix || named.startsWith(`${housePrefix}/`) || providers.length === 0)
      return { engine: house, model: named, id: named };
    const direct = this.#direct(named);
    if (direct) return direct;
    if (anyModel.test(named)) return this.#first();
    if (named.includes('/')) return undefined;
    const owner = ownerOfBareModel(named);
    const provider = providers.find(({ prefix, models }) => prefix === owner || models.includes(named));
    return provider && routeOf(provider, named);
  }

  serves(id: string): boolean {
    return this.route(id) !== undefined;
  }

  /** The model of a session that names none. */
  get usual(): string {
    const [first] = this.#parts.providers();
    return first?.defaultModel === undefined ? 'google-ai-studio/gemini-2.5-flash' : `${first.prefix}/${first.defaultModel}`;
  }

  /** What each provider is known to offer; its default first. */
  get offered(): readonly { readonly prefix: string; readonly models: readonly string[] }[] {
    return this.#parts
      .providers()
      .map(({ prefix, models, defaultModel }) => ({ prefix, models: [...new Set([...(defaultModel ? [defaultModel] : []), ...models])] }));
  }

  /** Ids that are served and look like this one: for an error. */
  nearest(id: string): string[] {
    return nearestIds(
      id,
      this.offered.flatMap(({ prefix, models }) => models.map((model) => `${prefix}/${model}`)),
    );
  }

  /** `provider/model`; a model's own name may hold further slashes. */
  #direct(id: string): LlmRoute | undefined {
    const slash = id.indexOf('/');
    if (slash < 0) return undefined;
    const prefix = id.slice(0, slash);
    const provider = this.#parts.providers().find((candidate) => candidate.prefix === prefix || candidate.alsoKnownAs.includes(prefix));
    return provider && routeOf(provider, id.slice(slash + 1));
  }

  #first(): LlmRoute | undefined {
    const provider = this.#parts.providers().find((candidate) => candidate.defaultModel !== undefined);
    return provider?.defaultModel === undefined ? undefined : routeOf(provider, provider.defaultModel);
  }
}

function routeOf({ prefix, llm }: LlmProvider, model: string): LlmRoute {
  return { engine: llm, model, id: `${prefix}/${model}` };
}
