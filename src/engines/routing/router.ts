// From the ids clients ask for to the engines that serve them.
import {
  type Decoder,
  type Denoiser,
  EngineError,
  type Engines,
  type Llm,
  type Stt,
  type Tts,
  type TurnDetector,
  type Vad,
} from '../engine.ts';
import type { Candidate } from './fallback-llm.ts';

/** Language models behind one prefix: `groq` serves `groq/<model>`. */
export interface LlmProvider {
  readonly prefix: string;
  readonly alsoKnownAs: readonly string[];
  readonly llm: Llm;
  /** The same without a second try, for whoever has other models to ask; `llm` where there is no such. */
  readonly once?: Llm;
  readonly defaultModel?: string;
  /** What it offered when the server started; empty when it does not tell. */
  readonly models: readonly string[];
}

export interface RouterParts {
  vad: Vad;
  turn: TurnDetector;
  denoiser: Denoiser;
  decoder: Decoder;
  stt: Stt;
  tts: Tts;
  /** The embedded engine, which serves every id while no provider is configured. */
  llm: Llm;
  providers: readonly LlmProvider[];
  aliases: ReadonlyMap<string, string>;
  /** Finds a voice by any of its names. */
  voice: (name: string) => string | undefined;
  /** Which provider a bare model name belongs to, if it is a famous one. */
  ownerOfBareModel: (model: string) => string | undefined;
  /** Who serves the id of a router, `inworld/<router>`; `unknown`: there are routers, but not this one. */
  smartRoute?: (id: string) => Llm | 'unknown' | undefined;
}

interface Route {
  engine: Llm;
  model: string;
}

/** Prefix by which an embedded engine can always be named, whatever else is configured. */
const house = 'parley/';

/** Ids that name no model but mean "whatever this server has": speech-to-speech models, and the API's own default. */
const anyModel = /^(?:openai\/)?gpt-(?:4o-|4o-mini-)?realtime|^auto$|^google-ai-studio\/gemini-2\.5-flash$/;

export class Router implements Engines {
  readonly #parts: RouterParts;
  readonly vad: Vad;
  readonly turn: TurnDetector;
  readonly denoiser: Denoiser;
  readonly decoder: Decoder;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.vad = parts.vad;
    this.turn = parts.turn;
    this.denoiser = parts.denoiser;
    this.decoder = parts.decoder;
  }

  llm(id: string): Route {
    const route = this.#route(id);
    if (!route) throw unserved(`The model '${id}' is served by no configured provider and is no alias.`);
    return route;
  }

  /** Who serves a model, for whoever chooses among several: `provider/model`, an alias or a bare name, but no router. */
  candidate(id: string): Candidate | undefined {
    const { providers, aliases, llm } = this.#parts;
    const found = this.#model(aliases.get(id) ?? id);
    if (!found) return undefined;
    const provider = providers.find((each) => each.llm === found.engine);
    if (!provider) return { provider: 'parley', llm, model: llm.info.id };
    return { provider: provider.prefix, llm: provider.once ?? provider.llm, model: found.model };
  }

  hasLlm(id: string): boolean {
    return this.#route(id) !== undefined;
  }

  /** There is one recogniser and one synthesiser at a time: they serve every id. */
  stt(id: string): { engine: Stt; model: string } {
    return { engine: this.#parts.stt, model: id };
  }

  hasStt(_id: string): boolean {
    return true;
  }

  tts(id: string, voice: string): { engine: Tts; model: string; voice: string } {
    const known = this.#parts.voice(voice);
    if (known === undefined) throw unserved(`There is no voice '${voice}'.`);
    return { engine: this.#parts.tts, model: id, voice: known };
  }

  hasTts(_id: string): boolean {
    return true;
  }

  hasVoice(name: string): boolean {
    return this.#parts.voice(name) !== undefined;
  }

  /** The model of a session that names none. */
  get defaultModel(): string {
    const [first] = this.#parts.providers;
    return first?.defaultModel === undefined ? 'google-ai-studio/gemini-2.5-flash' : `${first.prefix}/${first.defaultModel}`;
  }

  /** Plain words on who serves an id: for the log. */
  serves(id: string): string {
    const route = this.#route(id);
    return route ? `${route.engine.info.name}${route.model === id ? '' : ` as ${route.model}`}` : 'nobody';
  }

  #route(id: string): Route | undefined {
    const { aliases, smartRoute } = this.#parts;
    const named = aliases.get(id) ?? id;
    const router = smartRoute?.(named);
    if (typeof router === 'object') return { engine: router, model: named };
    return router === 'unknown' ? this.#direct(named) : this.#model(named);
  }

  #model(named: string): Route | undefined {
    const { providers, llm, ownerOfBareModel } = this.#parts;
    if (named.startsWith(house) || providers.length === 0) return { engine: llm, model: named };
    const direct = this.#direct(named);
    if (direct) return direct;
    if (anyModel.test(named)) return this.#first();
    if (named.includes('/')) return undefined;
    const owner = ownerOfBareModel(named);
    const provider = providers.find(({ prefix, models }) => prefix === owner || models.includes(named));
    return provider && { engine: provider.llm, model: named };
  }

  /** `provider/model`; a model's own name may hold further slashes. */
  #direct(id: string): Route | undefined {
    const slash = id.indexOf('/');
    if (slash < 0) return undefined;
    const prefix = id.slice(0, slash);
    const provider = this.#parts.providers.find((candidate) => candidate.prefix === prefix || candidate.alsoKnownAs.includes(prefix));
    return provider && { engine: provider.llm, model: id.slice(slash + 1) };
  }

  #first(): Route | undefined {
    const provider = this.#parts.providers.find((candidate) => candidate.defaultModel !== undefined);
    return provider?.defaultModel === undefined ? undefined : { engine: provider.llm, model: provider.defaultModel };
  }
}

/** What the client itself has asked for by name. */
function unserved(what: string): EngineError {
  return new EngineError('router', 'unavailable', what, { forClient: what });
}
