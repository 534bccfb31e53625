// The engines of a server: those of this machine and the services that its settings open, warmed up, and the router among them.
import type { Config } from './config.ts';
import { type CloudEar, openEars, searchEars } from './engines/cloud/ears/discover.ts';
import { type CloudVoice, openVoices, searchVoices } from './engines/cloud/voices/discover.ts';
import { ProviderWatch } from './engines/cloud/provider-watch.ts';
import { discoverProviders, ownerOfBareModel } from './engines/cloud/providers.ts';
import { SpeechWatch } from './engines/cloud/speech-watch.ts';
import { type Attempt, type Engine, EngineError, type EngineEnvironment, type Speech, type Stt, type Tts } from './engines/engine.ts';
import { type EngineState, engineState } from './engines/engine-state.ts';
import { kokoroAliases } from './engines/local/kokoro/voices.ts';
import { meteredLlm, meteredStt, meteredTts, type OnUsed } from './engines/metered.ts';
import { chooseEngines } from './engines/routing/chosen.ts';
import { fallbackLlm, type FallbackOptions } from './engines/routing/fallback-llm.ts';
import { ModelHealth } from './engines/routing/health.ts';
import { LlmIds } from './engines/routing/llm-ids.ts';
import { modelDirectory } from './engines/routing/model-directory.ts';
import { isOwnRecogniser, isOwnSpeechModel } from './engines/routing/protocol-ids.ts';
import { Router } from './engines/routing/router.ts';
import { housePrefix, type SpeechService } from './engines/routing/service.ts';
import { SmartRoutes } from './engines/routing/smart/smart-routes.ts';
import { SpeechIds } from './engines/routing/speech-ids.ts';
import { type MatchVoice, type OfferedVoice, VoiceIds } from './engines/routing/voice-ids.ts';
import { matchVoice } from './engines/text/voice-match.ts';
import { voiceAliases } from './engines/text/voice-names.ts';
import type { ListedModel } from './http/routes/deps.ts';
import { randomInteger } from './lib/ids.ts';
import { SetupError } from './lib/own-file.ts';
import { concat } from './media/pcm.ts';
import { writeWav } from './media/wav.ts';
import type { Meters } from './metrics/meters.ts';

export interface ServerEngines {
  readonly router: Router;
  /** The routers that sessions may name as models; whoever reads them puts them in. */
  readonly routes: SmartRoutes;
  /** What every session needs, as it is at this moment: warmed up before the first. */
  readonly states: readonly (() => EngineState)[];
  /** All there are at this moment; those of `states` come first, in the same order. */
  readonly all: readonly Engine[];
  /** Those that start when somebody wants them. */
  readonly later: readonly Engine[];
  /** What may be named, by kind. */
  models(): ListedModel[];
  voices(): readonly OfferedVoice[];
  /** A voice introducing itself, as a WAV file. */
  sample(voice: { readonly id: string; readonly name: string }): Promise<Uint8Array>;
  /** Calls under way end with EngineError `unavailable`. */
  close(): Promise<void>;
}

export interface ServerEnginesParts {
  readonly config: Config;
  readonly environment: EngineEnvironment;
  readonly meters: Meters;
  /** One line for whoever waits for the start. */
  readonly progress: (line: string) => void;
  /** Told what each model, recogniser and voice does, and for whom. */
  readonly onUsed: OnUsed;
  /** Fires when the server is going. */
  readonly signal: AbortSignal;
}

/** @throws SetupError when a setting names a recogniser or a voice that nobody serves. */
export async function openEngines(parts: ServerEnginesParts): Promise<ServerEngines> {
  const { config, environment, meters, onUsed, signal } = parts;
  const { clock, log } = environment;
  const house = chooseEngines({ ...config.engines, stt: config.speech.stt.house, tts: config.speech.tts.house }, environment);
  const { llm, vad, turn, denoiser, decoder } = house;
  const needed: Engine[] = [...house.stt.map(({ engine }) => engine), ...house.tts.map(({ engine }) => engine), llm, vad, turn];

  // Scripted engines serve load tools, which must not meet a server that happens to run here.
  const isScripted = config.engines.llm === 'scripted';
  const probing = isScripted ? { PARLEY_LLM_PROBE: 'off', PARLEY_STT_PROBE: 'off', PARLEY_TTS_PROBE: 'off' } : {};
  const looking = { ...environment, settings: { ...environment.settings, ...probing } };
  const tellOf = (attempt: Attempt) => {
    const { stage = 'llm', model, ms } = attempt;
    const outcome = attempt.outcome === 'failed' ? attempt.reason : attempt.outcome;
    meters.add('parley_attempts_total', 1, { stage, provider: model.split('/', 1)[0] ?? '', outcome });
    if (attempt.outcome === 'failed') log.warn({ stage, model, reason: outcome, ms: Math.round(ms) }, 'an engine failed');
  };
  const asking: FallbackOptions = {
    clock,
    log,
    health: new ModelHealth(clock, config.fallbackRestMs),
    hedgeMs: config.llmHedgeMs,
    onAttempt: tellOf,
    onSecondTry: ({ engine, reason }) => meters.add('parley_second_tries_total', 1, { engine, reason }),
  };
  const providers = new ProviderWatch({
    clock,
    log,
    async discover() {
      const found = await discoverProviders(looking, signal);
      return found.map((each) => ({ ...each, llm: meteredLlm(each.llm, under(each.prefix), onUsed) }));
    },
    through: (provider, once) => fallbackLlm([{ provider, llm: once }], asking),
  });
  const [states, hearing, speaking] = await Promise.all([
    Promise.all(needed.map((engine) => warm(engine, parts))),
    watchEars(looking, onUsed),
    watchVoices(looking, onUsed),
    providers.look(),
  ]);

  const { aliases, speech: choice } = config;
  const ears = new SpeechIds({
    house: house.stt.map(({ id, engine }) => ({ id, engine: meteredStt(engine, () => `${housePrefix}/${engine.info.id}`, onUsed) })),
    get services() {
      return hearing.services;
    },
    usual: choice.stt.usual,
    aliases,
    isProtocolOwn: isOwnRecogniser,
  });
  const speech = new SpeechIds({
    house: house.tts.map(({ id, engine }) => ({ id, engine: meteredTts(engine, () => `${housePrefix}/${engine.info.id}`, onUsed) })),
    get services() {
      return speaking.services;
    },
    usual: choice.tts.usual,
    aliases,
    isProtocolOwn: isOwnSpeechModel,
  });
  for (const [name, ids, { usual }, watch] of [
    ['PARLEY_STT', ears, choice.stt, hearing],
    ['PARLEY_TTS', speech, choice.tts, speaking],
  ] as const) {
    if (usual === undefined || ids.namesEngine(usual)) continue;
    if (!watch.awaits(usual.split('/', 1)[0] ?? '')) throw new SetupError(unserved(name, usual, ids.nearest(usual)));
    log.warn({ setting: name }, `${usual} does not answer on this machine yet; the server's own engine serves until it does`);
  }
  const voices = new VoiceIds(speech, knownByOtherNames);
  const minds: LlmIds = new LlmIds({
    house: meteredLlm(llm, () => `${housePrefix}/${llm.info.id}`, onUsed),
    providers: () => providers.current,
    aliases,
    ownerOfBareModel,
    router: (id) => routes.find(id),
  });
  const routes = new SmartRoutes({
    directory: modelDirectory(minds, () => providers.current),
    asking,
    chance: () => randomInteger(2 ** 32) / 2 ** 32,
  });
  const router = new Router({
    vad,
    turn,
    denoiser,
    decoder,
    ears,
    speech,
    voices,
    minds,
    fallbacks: { stt: choice.stt.fallback, tts: choice.tts.fallback, llm: config.llmFallback },
    clock,
    restMs: config.fallbackRestMs,
    patienceMs: config.fallbackMs,
    asking: { ...asking, ttftMs: config.fallbackMs },
    onAttempt: tellOf,
  });

  return {
    router,
    routes,
    states,
    get all() {
      const services = [...hearing.services, ...speaking.services].filter(({ presence }) => presence !== 'gone');
      return [...needed, denoiser, decoder, ...services.map(({ engine }) => engine), ...providers.current.map(({ llm }) => llm)];
    },
    later: [denoiser, decoder],
    async close() {
      await Promise.all([providers, hearing, speaking, ...needed, denoiser, decoder].map((each) => each.close()));
    },
    voices: () => voices.offered,
    models: () => [
      ...routes.ids.map((id): ListedModel => ({ id, provider: 'inworld', kind: 'llm' })),
      ...minds.offered.flatMap((offer) => listed(offer, 'llm')),
      ...listed({ prefix: housePrefix, models: [llm.info.id] }, 'llm'),
      ...ears.offered.flatMap((offer) => listed(offer, 'stt', sttCapabilities(offer.engine))),
      ...speech.offered.flatMap((offer) => listed(offer, 'tts', ttsCapabilities(offer.engine))),
    ],
    async sample(voice) {
      const { engine, ...wish } = router.tts('', voice.id, []);
      async function* text() {
        yield `Hello, I am ${voice.name}. This is how I sound.`;
      }
      const pieces: Speech[] = [];
      for await (const piece of engine.speak(text(), { ...wish, speed: 1 }, signal)) pieces.push(piece);
      const rateHz = pieces[0]?.pcm.rateHz ?? 24_000;
      return writeWav({ samples: concat(pieces.map(({ pcm }) => pcm.samples)), rateHz });
    },
  };
}

async function watchEars(environment: EngineEnvironment, onUsed: OnUsed): Promise<SpeechWatch<CloudEar, Stt>> {
  const configured = await openEars(environment);
  const { clock, log } = environment;
  const serve = (ear: CloudEar) => serviceOf(ear, meteredStt(ear.stt, under(ear.prefix), onUsed));
  const watch = new SpeechWatch({ clock, log, configured, search: searchEars(environment, configured), serve });
  await watch.look();
  return watch;
}

async function watchVoices(environment: EngineEnvironment, onUsed: OnUsed): Promise<SpeechWatch<CloudVoice, Tts>> {
  const { clock, log } = environment;
  const serve = (voice: CloudVoice) => serviceOf(voice, meteredTts(voice.tts, under(voice.prefix), onUsed));
  const configured = await openVoices(environment);
  const watch = new SpeechWatch({ clock, log, configured, search: searchVoices(environment), serve });
  await watch.look();
  return watch;
}

/** How the models of a service are called in full. */
function under(prefix: string): (model: string) => string {
  return (model) => `${prefix}/${model}`;
}

function listed(
  { prefix, models, engine }: { readonly prefix: string; readonly models: readonly string[]; readonly engine?: Engine },
  kind: ListedModel['kind'],
  capabilities?: readonly string[],
): ListedModel[] {
  const more = { ...(engine ? { languages: engine.info.languages } : {}), ...(capabilities ? { capabilities } : {}) };
  return models.map((model) => ({ id: `${prefix}/${model}`, provider: prefix, kind, ...more }));
}

function sttCapabilities({ can }: Stt): string[] {
  const { partials, wordTimes, keyTerms, logprobs } = can;
  return named({ partials, word_times: wordTimes, key_terms: keyTerms, logprobs });
}

function ttsCapabilities({ takes, steers }: Tts): string[] {
  return named({ pieces: takes === 'pieces', directions: steers === true });
}

function named(abilities: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(abilities).flatMap(([name, can]) => (can ? [name] : []));
}

/** A service under the ids that name it. What its usual model is may be known only later. */
function serviceOf<E extends Engine>(service: CloudEar | CloudVoice, engine: E): SpeechService<E> {
  const { prefix, alsoKnownAs, name, source } = service;
  return {
    prefix,
    alsoKnownAs,
    name,
    engine,
    presence: source,
    get defaultModel() {
      return service.defaultModel;
    },
    models: () => service.models(),
  };
}

/** Warms an engine up; one that cannot be had does not stop the server. */
async function warm(engine: Engine, { environment: { clock, log }, progress, signal }: ServerEnginesParts): Promise<() => EngineState> {
  const startedAt = clock.now();
  let failure: string | undefined;
  try {
    await engine.warmUp(signal);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    failure = error.message;
    log.warn({ engine: engine.info.id, reason: error.reason }, error.message);
  }
  const readyMs = Math.round(clock.now() - startedAt);
  const state = () => engineState(engine, failure, readyMs);
  const { info, problem, works } = state();
  progress(`${info.name}: ${works ? `ready in ${readyMs} ms` : problem}`);
  if (works && problem !== undefined) progress(`  ${problem}`);
  return state;
}

function unserved(setting: string, id: string, nearest: readonly string[]): string {
  const instead = nearest.length > 0 ? ` Did you mean ${nearest.join(' or ')}?` : '';
  return `${setting} names '${id}', which nobody serves: the service's key is not set, or the name is wrong.${instead}`;
}

/** The voice that the name of another synthesiser's or service's voice stands for. */
const knownByOtherNames: MatchVoice = (name, voices) => {
  const called = (wanted: string | undefined) => voices.find(({ id }) => id.toLowerCase() === wanted?.toLowerCase());
  return called(kokoroAliases.get(name.toLowerCase())) ?? called(voiceAliases.get(name.toLowerCase())) ?? matchVoice(name, voices);
};
