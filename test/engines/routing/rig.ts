// Recognisers and voices that tests give ids to.
import type { Attempt, Engine, EngineInfo, Stt, Tts, Voice } from '../../../src/engines/engine.ts';
import type { SpeechService } from '../../../src/engines/routing/service.ts';
import { SpeechIds, type SpeechIdsParts } from '../../../src/engines/routing/speech-ids.ts';
import { FakeStt, FakeTts } from '../../pipeline/fake-engines.ts';

export class NamedStt extends FakeStt {
  override readonly info: EngineInfo;

  constructor(id: string) {
    super();
    this.info = { id, kind: 'stt', name: id, licence: 'Apache-2.0', languages: ['*'] };
  }
}

export class NamedTts extends FakeTts {
  override readonly info: EngineInfo;

  constructor(id: string, voices: readonly Voice[] = []) {
    super();
    this.info = { id, kind: 'tts', name: id, licence: 'Apache-2.0', languages: ['*'] };
    this.own = [...voices];
  }
}

export function voice(id: string, gender: Voice['gender'] = 'male'): Voice {
  return { id, name: id, description: `${id}.`, language: 'en-US', gender, tags: [] };
}

export function service<E extends Engine>(prefix: string, engine: E, more: Partial<SpeechService<E>> = {}): SpeechService<E> {
  return {
    prefix,
    alsoKnownAs: [],
    name: prefix,
    engine,
    defaultModel: `${prefix}-usual`,
    models: () => [`${prefix}-usual`, `${prefix}-small`],
    ...more,
  };
}

export function ids<E extends Stt | Tts>(house: readonly E[], more: Partial<Omit<SpeechIdsParts<E>, 'house'>> = {}): SpeechIds<E> {
  return new SpeechIds({
    house: house.map((engine) => ({ id: engine.info.id, engine })),
    services: [],
    aliases: new Map(),
    isProtocolOwn: () => false,
    ...more,
  });
}

/** Who was asked, and what came of it. */
export function told(attempt: Attempt): string {
  return `${attempt.model} ${attempt.outcome === 'failed' ? attempt.reason : attempt.outcome}`;
}
