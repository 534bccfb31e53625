// From what a session says of its voice (a speech model, and a name) to the engine that speaks and its voice.
import type { Tts, Voice } from '../engine.ts';
import { nearestVoice } from '../text/voice-match.ts';
import { nearestIds } from './nearest-ids.ts';
import { housePrefix, type SpeechRoute } from './service.ts';
import type { SpeechIds } from './speech-ids.ts';
import type { VoiceCandidate } from './fallback-tts.ts';

/** Finds the voice that comes nearest to a name which somebody else's voice has; undefined: nobody knows the name. */
export type MatchVoice = (name: string, voices: readonly Voice[]) => Voice | undefined;

/** A voice as it is listed: those of the usual engine by their own names, those of the others as `provider/voice`. */
export interface OfferedVoice extends Voice {
  readonly provider: string;
}

export class VoiceIds {
  readonly #speech: SpeechIds<Tts>;
  readonly #match: MatchVoice;

  constructor(speech: SpeechIds<Tts>, match: MatchVoice) {
    this.#speech = speech;
    this.#match = match;
  }

  /**
   * Who speaks. The model says who, where it names a service; else a voice that is named as `provider/voice` does. A voice that the engine does not have is
   * replaced by the nearest that it has. Undefined: nobody serves the model, or knows the voice.
   */
  route(model: string, voice: string): VoiceCandidate | undefined {
    const [prefix, name] = this.#split(voice);
    const named = this.#speech.namesEngine(model);
    const route = this.#speech.route(prefix !== undefined && !named ? prefix : model);
    if (!route) return undefined;
    const own = this.#on(route.engine, name);
    if (own !== undefined) return { ...route, voice: own };
    // What a service does not list may be a voice of the operator's account.
    if (prefix !== undefined && this.#isService(prefix, route)) return { ...route, voice: name };
    if (!this.#knows(voice)) return undefined;
    const voices = route.engine.voices();
    const meant = this.#voiceOf(prefix, name);
    const nearest = this.#match(name, voices) ?? (meant && nearestVoice(meant, voices)) ?? voices[0];
    return nearest && { ...route, voice: nearest.id };
  }

  /** Whether some engine has such a voice, or there is one that comes near it. */
  has(voice: string): boolean {
    return this.#knows(voice);
  }

  /** Ids of voices that look like this one: for an error. */
  nearest(voice: string): string[] {
    return nearestIds(
      voice,
      this.offered.map(({ id }) => id),
    );
  }

  get offered(): readonly OfferedVoice[] {
    const { engine: usual } = this.#speech.usual;
    const { offered } = this.#speech;
    const sorted = [...offered.filter(({ engine }) => engine === usual), ...offered.filter(({ engine }) => engine !== usual)];
    return sorted.flatMap(({ prefix, alone, engine }) =>
      engine.voices().map((voice) => ({ ...voice, id: engine === usual ? voice.id : `${alone}/${voice.id}`, provider: prefix })),
    );
  }

  /** The voice of that name that some engine has: of the engine of that prefix, where there is one. */
  #voiceOf(prefix: string | undefined, name: string): Voice | undefined {
    const engine = prefix === undefined ? undefined : this.#speech.route(prefix)?.engine;
    const engines = engine ? [engine] : this.#speech.offered.map((offer) => offer.engine);
    return engines.flatMap((each) => each.voices()).find(({ id, name: shown }) => same(id, name) || same(shown, name));
  }

  /** The id of the engine's own voice of that name, without regard to case. */
  #on(engine: Tts, name: string): string | undefined {
    return engine.voices().find(({ id, name: shown }) => same(id, name) || same(shown, name))?.id;
  }

  #knows(voice: string): boolean {
    const [prefix, name] = this.#split(voice);
    const own = prefix === undefined ? undefined : this.#speech.route(prefix);
    if (prefix !== undefined && own && this.#isService(prefix, own)) return true;
    return this.#speech.offered.some(
      ({ engine }) => this.#on(engine, name) !== undefined || this.#match(name, engine.voices()) !== undefined,
    );
  }

  /** Whether the prefix is that of a service, and the engine that service's. */
  #isService(prefix: string, { engine, id }: SpeechRoute<Tts>): boolean {
    return !id.startsWith(`${housePrefix}/`) && this.#speech.route(prefix)?.engine === engine;
  }

  /** The prefix only where it is that of an engine. */
  #split(voice: string): [prefix: string | undefined, name: string] {
    const slash = voice.indexOf('/');
    const prefix = voice.slice(0, Math.max(0, slash));
    return slash > 0 && this.#speech.namesEngine(prefix) ? [prefix, voice.slice(slash + 1)] : [undefined, voice];
  }
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
