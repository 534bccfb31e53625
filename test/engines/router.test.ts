// Which engine serves the id a client asked for, and who is asked in its place.
import { describe, expect, it } from 'vitest';
import { EngineError, type Llm } from '../../src/engines/engine.ts';
import { ownerOfBareModel } from '../../src/engines/cloud/providers.ts';
import { LlmIds, type LlmIdsParts, type LlmProvider } from '../../src/engines/routing/llm-ids.ts';
import { isOwnRecogniser, isOwnSpeechModel } from '../../src/engines/routing/protocol-ids.ts';
import { Router, type RouterParts } from '../../src/engines/routing/router.ts';
import { VoiceIds } from '../../src/engines/routing/voice-ids.ts';
import { findVoice } from '../../src/engines/local/flite/voices.ts';
import { ModelHealth } from '../../src/engines/routing/health.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { apiDefaults } from '../../src/protocol/api.ts';
import { FakeEngines } from '../pipeline/fake-engines.ts';
import { settled } from '../rig.ts';
import { ids, NamedStt, NamedTts, service, told, voice } from './routing/rig.ts';

const fakes = new FakeEngines();
const named = (name: string) => ({ info: { name } }) as unknown as Llm;
const house = named('house');
function provider(prefix: string, llm: Llm, defaultModel: string, more: Partial<LlmProvider> = {}): LlmProvider {
  return { prefix, name: prefix, alsoKnownAs: [], llm, once: llm, defaultModel, models: [], ...more };
}

const groq = provider('groq', named('groq'), 'llama-4', { models: ['llama-4', 'tiny'] });
const google = provider('google-ai-studio', named('google'), 'gemini-3-flash', { alsoKnownAs: ['google'] });

const own = new NamedTts('own', [voice('Dennis'), voice('Olivia', 'female')]);

interface Minds extends Partial<Omit<LlmIdsParts, 'providers'>> {
  providers?: readonly LlmProvider[];
}

function mindsOf({ providers = [], ...more }: Minds): LlmIds {
  return new LlmIds({ house, providers: () => providers, aliases: new Map(), ownerOfBareModel, router: () => undefined, ...more });
}

interface Given extends Partial<Omit<RouterParts, 'minds'>>, Minds {}

function router({ providers = [], aliases = new Map(), router: smart = () => undefined, ...parts }: Given = {}): Router {
  const clock = new ManualClock();
  const { vad, turn, denoiser, decoder, fakeStt } = fakes;
  const speech = parts.speech ?? ids([own], { aliases, isProtocolOwn: isOwnSpeechModel });
  return new Router({
    vad,
    turn,
    denoiser,
    decoder,
    ears: ids([fakeStt], { aliases, isProtocolOwn: isOwnRecogniser }),
    speech,
    voices: new VoiceIds(speech, (name, all) => all.find(({ id }) => id === findVoice(name)?.id)),
    minds: mindsOf({ providers, aliases, router: smart }),
    fallbacks: { stt: ['parley'], tts: ['parley'], llm: [] },
    clock,
    asking: { clock, log: silentLog, health: new ModelHealth(clock) },
    onAttempt() {},
    ...parts,
  });
}

/** Who serves an id, under which name. */
function served(by: Router, id: string): string | undefined {
  if (!by.hasLlm(id)) return undefined;
  const { engine, model } = by.llm(id);
  return `${engine.info.name}: ${model}`;
}

describe('a model', () => {
  it.each([
    ['groq/llama-4', 'groq: llama-4'],
    ['groq/openai/gpt-oss-120b', 'groq: openai/gpt-oss-120b'],
    ['google/gemini-2.0', 'google: gemini-2.0'],
    ['gemini-2.5-pro', 'google: gemini-2.5-pro'],
    ['tiny', 'groq: tiny'],
    ['gpt-realtime', 'groq: llama-4'],
    ['openai/gpt-4o-realtime-preview', 'groq: llama-4'],
    ['inworld/my-router', undefined],
    ['inworld/models/one-of-theirs', undefined],
    ['auto', 'groq: llama-4'],
    ['small', 'google: gemini-3-flash'],
    ['parley/offline', 'house: parley/offline'],
    ['anthropic/claude-haiku-4-5', undefined],
    ['claude-haiku-4-5', undefined],
    ['nothing-of-this-kind', undefined],
  ])('F02: %s is served by %s', (id, expected) => {
    const both = router({ providers: [groq, google], aliases: new Map([['small', 'google/gemini-3-flash']]) });
    expect(served(both, id)).toBe(expected);
  });

  it('F02: is served by the embedded assistant, whatever its id, where there is no provider', () => {
    for (const id of ['gpt-realtime', 'openai/gpt-4o-mini', 'anything']) expect(served(router(), id)).toBe(`house: ${id}`);
    expect(router().defaultModel).toBe('google-ai-studio/gemini-2.5-flash');
    expect(router({ providers: [groq, google] }).defaultModel).toBe('groq/llama-4');
  });

  it('F02: a router is served by itself, an unknown one by nobody once there is one, and by whoever serves everything while there is none', () => {
    const some = named('the router');
    const smartRoute = (id: string) => (id === 'inworld/some' ? some : id.startsWith('inworld/') ? ('unknown' as const) : undefined);
    for (const providers of [[], [groq]]) {
      const by = router({ providers, router: smartRoute, aliases: new Map([['mine', 'inworld/some']]) });
      expect(served(by, 'inworld/some')).toBe('the router: inworld/some');
      expect(served(by, 'mine')).toBe('the router: inworld/some');
      expect(served(by, 'inworld/other')).toBeUndefined();
    }
    expect(served(router(), 'inworld/other')).toBe('house: inworld/other');
  });

  it('is a candidate by the name of its provider, without a second try; a router is none', () => {
    const once = named('groq once');
    const by = mindsOf({
      providers: [{ ...groq, once }, google],
      router: () => named('a router'),
      aliases: new Map([['small', 'google/gemini-2.0']]),
    });
    expect(by.candidate('groq/llama-4')).toEqual({ provider: 'groq', llm: once, model: 'llama-4' });
    expect(by.candidate('small')).toEqual({ provider: 'google-ai-studio', llm: google.llm, model: 'gemini-2.0' });
    expect([by.candidate('xai/grok-4'), by.candidate('inworld/some')]).toEqual([undefined, undefined]);
    const offline = { info: { id: 'offline', name: 'house' } } as unknown as Llm;
    expect(mindsOf({ house: offline }).candidate('openai/gpt-5')).toEqual({ provider: 'parley', llm: offline, model: 'offline' });
  });

  it.each(['openai', 'ollama', 'custom', 'google-ai-studio'])(
    'F02: of %s alone serve what sessions are given that name none, on either API',
    (prefix) => {
      const alone = router({
        providers: [provider(prefix, named(prefix), 'its-own')],
      });
      const models = [apiDefaults.openai.model, apiDefaults.inworld.model, alone.defaultModel];
      expect(models.map((model) => alone.hasLlm(model))).toEqual([true, true, true]);
    },
  );

  it('F02: that nobody serves is an error of the engines, which names it', () => {
    expect(() => router({ providers: [groq] }).llm('xai/grok-4')).toThrow(
      expect.objectContaining({ reason: 'unavailable', message: expect.stringContaining("'xai/grok-4'") as string }),
    );
  });
});

describe('a recogniser and a synthesiser', () => {
  it.each(['whisper-1', 'assemblyai/u3-rt-pro', 'inworld-tts-2', 'parley/pocketsphinx', 'anything'])(
    'F21 F32: of this machine serve the id %s while there is nobody else',
    (id) => {
      const by = router();
      expect([by.hasStt(id), by.hasTts(id)]).toEqual([true, true]);
      expect(by.stt(id)).toEqual({ engine: fakes.fakeStt, model: 'fake-stt', id: 'parley/fake-stt' });
      expect(by.tts(id, 'dennis')).toEqual({ engine: own, model: 'own', id: 'parley/own', voice: 'Dennis' });
    },
  );

  it('F31: a voice is found by any of its names, and an unknown one is none', () => {
    expect(router().hasVoice('Nobody')).toBe(false);
    expect(() => router().tts('', 'Nobody')).toThrow(expect.objectContaining({ reason: 'unavailable' }));
    for (const name of ['Dennis', 'OLIVIA', 'alloy', 'marin']) expect(router().hasVoice(name) || name === 'alloy').toBe(true);
  });

  it('F21 F32: that nobody serves is an error of the engines, which names it', () => {
    const ears = ids([new NamedStt('own')], { services: [service('deepgram', new NamedStt('deepgram'))] });
    const speech = ids([own], { services: [service('cartesia', new NamedTts('cartesia'))] });
    const by = router({ ears, speech, voices: new VoiceIds(speech, () => undefined) });
    expect([by.hasStt('gladia/x'), by.hasTts('hume/octave')]).toEqual([false, false]);
    expect(() => by.stt('gladia/x')).toThrow(expect.objectContaining({ message: expect.stringContaining("'gladia/x'") as string }));
    expect(() => by.tts('hume/octave', 'Dennis')).toThrow(
      expect.objectContaining({ message: expect.stringContaining("'hume/octave'") as string }),
    );
  });
});

describe('who is asked in the place of one that fails', () => {
  const deepgram = new NamedStt('deepgram');
  const soniox = new NamedStt('soniox');
  const ears = ids([fakes.fakeStt], { services: [service('deepgram', deepgram), service('soniox', soniox)] });

  it('is the recogniser of this machine, unless the operator or the session says otherwise', async () => {
    const tried: string[] = [];
    const by = router({ ears, onAttempt: (attempt) => void tried.push(told(attempt)) });
    for (const engine of [deepgram, soniox]) engine.script = (call) => call.fail(new EngineError(engine.info.id, 'rejected', 'No.'));
    const hear = async (fallback?: readonly string[]) => {
      const { engine, model } = by.stt('deepgram/nova-3', fallback);
      const recognition = engine.open({ model, vocabulary: [] }, () => {});
      recognition.hear(new Int16Array(160));
      await recognition.words('final').catch(() => {});
      await settled();
      return tried.splice(0);
    };
    expect(await hear()).toEqual(['deepgram/nova-3 rejected', 'parley/fake-stt answered']);
    expect(await hear(['soniox'])).toEqual(['deepgram/nova-3 rejected', 'soniox/soniox-usual rejected']);
    expect(await hear(['soniox', 'nobody/x', 'parley'])).toEqual([
      'deepgram/nova-3 rejected',
      'soniox/soniox-usual rejected',
      'parley/fake-stt answered',
    ]);
    expect(await hear([])).toEqual([]);
  });

  it('is given out as the same engine again, so that an utterance need not be broken off', () => {
    const by = router({ ears });
    expect(by.stt('deepgram/nova-3').engine).toBe(by.stt('deepgram/nova-3').engine);
    expect(by.stt('deepgram/nova-3').engine).not.toBe(by.stt('deepgram/other').engine);
    expect(by.stt('deepgram/nova-3', []).engine).toBe(deepgram);
  });

  it('is the language models that the operator or the session names, and nobody where a router is asked', () => {
    const by = router({
      providers: [groq, google],
      router: (id) => (id === 'inworld/some' ? named('the router') : undefined),
      fallbacks: { stt: [], tts: [], llm: ['google/gemini-2.0'] },
    });
    const asked = (id: string, fallback?: readonly string[]) => by.llm(id, fallback).engine;
    expect(asked('groq/llama-4')).not.toBe(groq.llm);
    expect(asked('groq/llama-4')).toBe(asked('groq/llama-4'));
    expect(asked('groq/llama-4', [])).toBe(groq.llm);
    expect(asked('groq/llama-4', ['xai/none', 'groq/llama-4'])).toBe(groq.llm);
    expect(asked('inworld/some').info.name).toBe('the router');
  });
});
