// Which engine serves the id a client asked for, and who is asked in its place.
import { describe, expect, it } from 'vitest';
import { EngineError, type Llm } from '../../src/engines/engine.ts';
import { ownerOfBareModel } from '../../src/engines/cloud/providers.ts';
import { LlmIds, type LlmIdsParts } from '../../src/engines/routing/llm-ids.ts';
import { isOwnRecogniser, isOwnSpeechModel } from '../../src/engines/routing/protocol-ids.ts';
import { Router, type RouterParts } from '../../src/engines/routing/router.ts';
import { VoiceIds } from '../../src/engines/routing/voice-ids.ts';
import { findVoice } from '../../src/engines/local/flite/voices.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { apiDefaults } from '../../src/protocol/api.ts';
import { FakeEngines } from '../pipeline/fake-engines.ts';
import { settled } from '../rig.ts';
import { ids, NamedStt, NamedTts, service, voice } from './routing/rig.ts';

const fakes = new FakeEngines();
const named = (name: string) => ({ info: { name } }) as unknown as Llm;
const house = named('house');
const groq = { prefix: 'groq', name: 'Groq', alsoKnownAs: [], llm: named('groq'), defaultModel: 'llama-4', models: ['llama-4', 'tiny'] };
const google = {
  prefix: 'google-ai-studio',
  name: 'Google',
  alsoKnownAs: ['google'],
  llm: named('google'),
  defaultModel: 'gemini-3-flash',
  models: [],
};

const own = new NamedTts('own', [voice('Dennis'), voice('Olivia', 'female')]);

interface Given extends Partial<Omit<RouterParts, 'minds'>> {
  providers?: ReturnType<LlmIdsParts['providers']>;
  aliases?: ReadonlyMap<string, string>;
}

function router({ providers = [], aliases = new Map(), ...parts }: Given = {}): Router {
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
    minds: new LlmIds({ house, providers: () => providers, aliases, ownerOfBareModel }),
    fallbacks: { stt: ['parley'], tts: ['parley'], llm: [] },
    clock: new ManualClock(),
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
    ['inworld/my-router', 'groq: llama-4'],
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

  it.each(['openai', 'ollama', 'custom', 'google-ai-studio'])(
    'F02: of %s alone serve what sessions are given that name none, on either API',
    (prefix) => {
      const alone = router({
        providers: [{ prefix, name: prefix, alsoKnownAs: [], llm: named(prefix), defaultModel: 'its-own', models: [] }],
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
    const by = router({ ears, onAttempt: ({ id, outcome }) => void tried.push(`${id} ${outcome}`) });
    for (const engine of [deepgram, soniox]) engine.script = (call) => call.fail(new EngineError(engine.info.id, 'rejected', 'No.'));
    const hear = async (fallback?: readonly string[]) => {
      const { engine, model } = by.stt('deepgram/nova-3', fallback);
      const recognition = engine.open({ model, vocabulary: [] }, () => {});
      recognition.hear(new Int16Array(160));
      await recognition.words('final').catch(() => {});
      await settled();
      return tried.splice(0);
    };
    expect(await hear()).toEqual(['deepgram/nova-3 rejected', 'parley/fake-stt served']);
    expect(await hear(['soniox'])).toEqual(['deepgram/nova-3 rejected', 'soniox/soniox-usual rejected']);
    expect(await hear(['soniox', 'nobody/x', 'parley'])).toEqual([
      'deepgram/nova-3 rejected',
      'soniox/soniox-usual rejected',
      'parley/fake-stt served',
    ]);
    expect(await hear([])).toEqual([]);
  });

  it('is given out as the same engine again, so that an utterance need not be broken off', () => {
    const by = router({ ears });
    expect(by.stt('deepgram/nova-3').engine).toBe(by.stt('deepgram/nova-3').engine);
    expect(by.stt('deepgram/nova-3').engine).not.toBe(by.stt('deepgram/other').engine);
    expect(by.stt('deepgram/nova-3', []).engine).toBe(deepgram);
  });
});
