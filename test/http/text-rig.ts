// The routes that answer in text, with two models whose answers the test makes, and OpenAI's client.
import OpenAI from 'openai';
import { expect } from 'vitest';
import { openChatDesk } from '../../src/chat-desk.ts';
import type { Llm } from '../../src/engines/engine.ts';
import { ModelHealth } from '../../src/engines/routing/health.ts';
import { LlmIds } from '../../src/engines/routing/llm-ids.ts';
import { modelDirectory } from '../../src/engines/routing/model-directory.ts';
import { Router } from '../../src/engines/routing/router.ts';
import { SmartRoutes } from '../../src/engines/routing/smart/smart-routes.ts';
import { VoiceIds } from '../../src/engines/routing/voice-ids.ts';
import type { KeyLimits } from '../../src/access/usage.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { GuardedFetch } from '../../src/lib/guarded-fetch.ts';
import { silentLog } from '../../src/lib/log.ts';
import { ids, NamedTts } from '../engines/routing/rig.ts';
import { type Answer, FakeEngines, FakeLlm } from '../pipeline/fake-engines.ts';
import { httpRig } from './rig.ts';

export type TextRig = Awaited<ReturnType<typeof textRig>>;

export async function textRig(limits: Partial<KeyLimits> = {}, hedgeMs?: number) {
  const { vad, turn, denoiser, decoder, fakeStt } = new FakeEngines();
  const [groq, xai] = [new FakeLlm(), new FakeLlm()];
  const clock = new ManualClock();
  const provider = (prefix: string, llm: Llm) => ({
    prefix,
    name: prefix,
    alsoKnownAs: [],
    llm,
    once: llm,
    defaultModel: 'usual',
    models: [],
  });
  const providers = [provider('groq', groq), provider('xai', xai)];
  const asking = { clock, log: silentLog, health: new ModelHealth(clock), hedgeMs };
  const minds: LlmIds = new LlmIds({
    house: new FakeLlm(),
    providers: () => providers,
    aliases: new Map(),
    ownerOfBareModel: () => undefined,
    router: (id) => routes.find(id),
  });
  const routes = new SmartRoutes({ directory: modelDirectory(minds, () => providers), asking, chance: () => 0.5 });
  const speech = ids([new NamedTts('own')]);
  const router = new Router({
    vad,
    turn,
    denoiser,
    decoder,
    ears: ids([fakeStt]),
    speech,
    voices: new VoiceIds(speech, () => undefined),
    minds,
    fallbacks: { stt: [], tts: [], llm: [] },
    clock,
    asking,
    onAttempt() {},
  });
  const outgoing = new GuardedFetch({ clock: systemClock, allowHosts: [], ownAddresses: () => [] });
  const http = await httpRig(undefined, limits, { chat: openChatDesk({ router, routes, outgoing, defaultModel: 'groq/usual' }) });
  return {
    groq,
    xai,
    http,
    /** Of the models. */
    clock,
    openai: new OpenAI({ apiKey: http.key.credential, baseURL: `${http.url}/v1`, maxRetries: 0 }),
    /** Adds a router, in Inworld's JSON. */
    addRouter: (name: string, json: object) => routes.put(routes.read(json, name)),
    async close() {
      await Promise.all([http.close(), outgoing.close()]);
    },
  };
}

/** What a model was asked, once it was. */
export async function askedOf(llm: FakeLlm): Promise<Answer> {
  await expect.poll(() => llm.calls.length).toBeGreaterThan(0);
  return llm.last;
}
