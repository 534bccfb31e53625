// The engines of this machine that a configuration chooses: one of each kind, of ears and voices one or more. One that has a stand-in is joined with it to one engine: each call goes to who
// serves at that moment.
import { first, pick, rows } from '../catalogue.ts';
import type {
  Decoder,
  Denoiser,
  Engine,
  EngineEnvironment,
  EngineFactory,
  EngineKind,
  Llm,
  Stt,
  Tts,
  TurnDetector,
  Vad,
} from '../engine.ts';
import { ByLanguage } from './by-language.ts';
import { Preferred } from './preferred.ts';

export interface Chosen {
  /** By their ids in the catalogue, the usual one first; at least one of each. */
  readonly stt: readonly OfHouse<Stt>[];
  readonly tts: readonly OfHouse<Tts>[];
  readonly llm: Llm;
  readonly vad: Vad;
  readonly turn: TurnDetector;
  readonly denoiser: Denoiser;
  readonly decoder: Decoder;
}

export interface OfHouse<E extends Engine> {
  readonly id: string;
  readonly engine: E;
}

export type ChosenIds = Readonly<Record<Exclude<EngineKind, 'stt' | 'tts'>, string> & Record<'stt' | 'tts', readonly string[]>>;

/** Makes the engines of those ids. Nothing is loaded yet. Throws when there is no such engine: ids come from a checked configuration. */
export function chooseEngines(ids: ChosenIds, environment: EngineEnvironment): Chosen {
  return {
    stt: ids.stt.map((id) => ({ id, engine: chooseStt(id, environment) })),
    llm: pick(rows.llm, ids.llm).create(environment),
    tts: ids.tts.map((id) => ({ id, engine: chooseTts(id, environment) })),
    vad: pick(rows.vad, ids.vad).create(environment),
    turn: chooseTurnDetector(ids.turn, environment),
    denoiser: first(rows.denoise).create(environment),
    decoder: first(rows.codec).create(environment),
  };
}

function chooseStt(id: string, environment: EngineEnvironment): Stt {
  const { otherLanguages } = pick<Stt>(rows.stt, id);
  const usual = withStandIn(id, environment);
  return otherLanguages === undefined ? usual : new ByLanguage(usual, pick<Stt>(rows.stt, otherLanguages).create(environment), environment);
}

function withStandIn(id: string, environment: EngineEnvironment): Stt {
  const { engine, preferred } = choose<Stt>(rows.stt, id, environment, withStandIn);
  if (!preferred) return engine;
  return joined(preferred, {
    get can() {
      return preferred.current.can;
    },
    open: (options, onPartial) => preferred.current.open(options, onPartial),
  });
}

export function chooseTts(id: string, environment: EngineEnvironment): Tts {
  const { engine, preferred } = choose<Tts>(rows.tts, id, environment, chooseTts);
  if (!preferred) return engine;
  return joined(preferred, {
    get takes() {
      return preferred.current.takes;
    },
    // Directions in brackets (`steers`) are not offered: no stand-in follows them.
    voices: () => preferred.current.voices(),
    speak: (text, options, signal) => preferred.current.speak(text, options, signal),
  });
}

function chooseTurnDetector(id: string, environment: EngineEnvironment): TurnDetector {
  const { engine, preferred } = choose<TurnDetector>(rows.turn, id, environment, chooseTurnDetector);
  if (!preferred) return engine;
  return joined(preferred, { score: (turn, signal) => preferred.current.score(turn, signal) });
}

function choose<E extends Engine>(
  factories: readonly EngineFactory<E>[],
  id: string,
  environment: EngineEnvironment,
  chooseOther: (id: string, environment: EngineEnvironment) => E,
): { engine: E; preferred?: Preferred<E> } {
  const factory = pick(factories, id);
  const engine = factory.create(environment);
  if (factory.standIn === undefined) return { engine };
  // Which may have a stand-in of its own.
  return { engine, preferred: new Preferred(engine, chooseOther(factory.standIn, environment), environment) };
}

/** What every engine has, of the two as one, and the calls of its kind. */
function joined<E extends Engine>(preferred: Preferred<E>, calls: Omit<E, keyof Engine>): E {
  const engine: Engine = {
    get info() {
      return preferred.current.info;
    },
    warmUp: (signal) => preferred.warmUp(signal),
    health: () => preferred.health,
    close: () => preferred.close(),
  };
  return Object.defineProperties(engine, Object.getOwnPropertyDescriptors(calls)) as E;
}
