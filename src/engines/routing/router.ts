// From the ids clients ask for to the engines that serve them, and to those that are asked in their place when they fail.
import type { Clock } from '../../lib/clock.ts';
import {
  type Attempt,
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
import { Cooldown } from './cooldown.ts';
import { fallbackLlm, type FallbackOptions } from './fallback-llm.ts';
import { type FallbackSpeechOptions, fallbackStt, usualPatienceMs } from './fallback-stt.ts';
import { fallbackTts, type VoiceCandidate } from './fallback-tts.ts';
import type { LlmIds, LlmRoute } from './llm-ids.ts';
import type { SpeechRoute } from './service.ts';
import type { SpeechIds } from './speech-ids.ts';
import type { VoiceIds } from './voice-ids.ts';

/** Of engines joined from several the same one is given out again, which is how a session knows that nothing has changed; so many are remembered. */
const mostJoined = 256;

/** Ids of those that are asked in the place of whoever fails, by kind. */
export type Fallbacks = Readonly<Record<'stt' | 'llm' | 'tts', readonly string[]>>;

export interface RouterParts {
  readonly vad: Vad;
  readonly turn: TurnDetector;
  readonly denoiser: Denoiser;
  readonly decoder: Decoder;
  readonly ears: SpeechIds<Stt>;
  readonly speech: SpeechIds<Tts>;
  readonly voices: VoiceIds;
  readonly minds: LlmIds;
  /** Where neither the session nor its client says. */
  readonly fallbacks: Fallbacks;
  readonly clock: Clock;
  /** How long a recogniser or a voice is left alone that failed. */
  readonly restMs?: number;
  /** How long a recogniser may take for all the words once it has the sound, and a voice for its next sound, where another can be asked. */
  readonly patienceMs?: number;
  /** How language models are asked in turn. */
  readonly asking: FallbackOptions;
  /** Told of each recogniser and each voice that was tried where there are several. */
  readonly onAttempt: (attempt: Attempt) => void;
}

export class Router implements Engines {
  readonly #parts: RouterParts;
  readonly #cooldown: Cooldown;
  readonly #ears = new Map<string, Stt>();
  readonly #mouths = new Map<string, Tts>();
  readonly #minds = new Map<string, Llm>();
  readonly vad: Vad;
  readonly turn: TurnDetector;
  readonly denoiser: Denoiser;
  readonly decoder: Decoder;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#cooldown = new Cooldown(parts.clock, parts.restMs);
    this.vad = parts.vad;
    this.turn = parts.turn;
    this.denoiser = parts.denoiser;
    this.decoder = parts.decoder;
  }

  llm(id: string, fallback?: readonly string[]): LlmRoute {
    const { minds, fallbacks, asking } = this.#parts;
    const route = minds.route(id);
    if (!route) throw unserved(`The model '${id}' is served by no configured provider and is no alias.`);
    // A router says by itself who is asked next.
    const others = route.isRouter ? [] : (fallback ?? fallbacks.llm);
    const named = [id, ...others]
      .flatMap((each) => minds.candidate(each) ?? [])
      .map((each) => ({ ...each, id: `${each.provider}/${each.model}` }));
    const candidates = distinct(named);
    if (candidates.length < 2) return route;
    const joined = remembered(this.#minds, candidates.map((each) => each.id).join('\n'), () => fallbackLlm(candidates, asking));
    return { ...route, engine: joined };
  }

  stt(id: string, fallback?: readonly string[]): SpeechRoute<Stt> {
    const { ears, fallbacks } = this.#parts;
    const route = ears.route(id);
    if (!route) throw unserved(`The transcription model '${id}' is served by no configured engine.`);
    const candidates = distinct([route, ...(fallback ?? fallbacks.stt).flatMap((other) => ears.route(other) ?? [])]);
    return { ...route, engine: this.#joined(this.#ears, route, candidates, fallbackStt) };
  }

  tts(id: string, voice: string, fallback?: readonly string[]): VoiceCandidate {
    const { voices, speech, fallbacks } = this.#parts;
    const route = voices.route(id, voice);
    if (!route) {
      throw unserved(speech.serves(id) ? `There is no voice '${voice}'.` : `The speech model '${id}' is served by no configured engine.`);
    }
    const others = (fallback ?? fallbacks.tts).flatMap((other) => (speech.namesEngine(other) ? (voices.route(other, voice) ?? []) : []));
    return { ...route, engine: this.#joined(this.#mouths, route, distinct([route, ...others]), fallbackTts) };
  }

  hasLlm(id: string): boolean {
    return this.#parts.minds.serves(id);
  }

  hasStt(id: string): boolean {
    return this.#parts.ears.serves(id);
  }

  hasTts(id: string): boolean {
    return this.#parts.speech.serves(id);
  }

  hasVoice(name: string): boolean {
    return this.#parts.voices.has(name);
  }

  /** Ids that are served and look like one that is not. */
  nearest(kind: 'llm' | 'stt' | 'tts' | 'voice', id: string): string[] {
    const { minds, ears, speech, voices } = this.#parts;
    return { llm: minds, stt: ears, tts: speech, voice: voices }[kind].nearest(id);
  }

  /** The model of a session that names none. */
  get defaultModel(): string {
    return this.#parts.minds.usual;
  }

  /** Plain words on who serves an id: for the log. */
  serves(id: string): string {
    const route = this.#parts.minds.route(id);
    return route ? `${route.engine.info.name}${route.model === id ? '' : ` as ${route.model}`}` : 'nobody';
  }

  #joined<E extends Stt | Tts, C extends SpeechRoute<E> & { voice?: string }>(
    known: Map<string, E>,
    { engine }: C,
    candidates: readonly C[],
    join: (candidates: readonly C[], options: FallbackSpeechOptions) => E,
  ): E {
    if (candidates.length < 2) return engine;
    const { clock, onAttempt, patienceMs = usualPatienceMs } = this.#parts;
    const key = candidates.map(({ id, voice = '' }) => `${id} ${voice}`).join('\n');
    return remembered(known, key, () => join(candidates, { clock, cooldown: this.#cooldown, patienceMs, onAttempt }));
  }
}

function remembered<E>(known: Map<string, E>, key: string, make: () => E): E {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  if (known.size >= mostJoined) known.clear();
  known.set(key, made);
  return made;
}

/** Nobody is asked twice. */
function distinct<R extends { readonly id: string }>(routes: readonly R[]): R[] {
  return routes.filter(({ id }, index) => routes.findIndex((other) => other.id === id) === index);
}

/** What the client itself has asked for by name. */
function unserved(what: string): EngineError {
  return new EngineError('router', 'unavailable', what, { forClient: what });
}
