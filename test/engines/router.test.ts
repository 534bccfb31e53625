// Which engine serves the id a client asked for.
import { describe, expect, it } from 'vitest';
import type { Llm } from '../../src/engines/engine.ts';
import { ownerOfBareModel } from '../../src/engines/cloud/providers.ts';
import { Router, type RouterParts } from '../../src/engines/routing/router.ts';
import { findVoice } from '../../src/engines/local/flite/voices.ts';
import { apiDefaults } from '../../src/protocol/api.ts';
import { FakeEngines } from '../pipeline/fake-engines.ts';

const fakes = new FakeEngines();
const named = (name: string) => ({ info: { name } }) as unknown as Llm;
const house = named('house');
const groq = { prefix: 'groq', alsoKnownAs: [], llm: named('groq'), defaultModel: 'llama-4', models: ['llama-4', 'tiny'] };
const google = {
  prefix: 'google-ai-studio',
  alsoKnownAs: ['google'],
  llm: named('google'),
  defaultModel: 'gemini-3-flash',
  models: [],
};

function router(parts: Partial<RouterParts> = {}): Router {
  const { vad, turn, denoiser, decoder, fakeStt: stt, fakeTts: tts } = fakes;
  const voice = (name: string) => findVoice(name)?.id;
  const aliases = new Map<string, string>();
  return new Router({ vad, turn, denoiser, decoder, stt, tts, llm: house, providers: [], aliases, voice, ownerOfBareModel, ...parts });
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
      const by = router({ providers, smartRoute, aliases: new Map([['mine', 'inworld/some']]) });
      expect(served(by, 'inworld/some')).toBe('the router: inworld/some');
      expect(served(by, 'mine')).toBe('the router: inworld/some');
      expect(served(by, 'inworld/other')).toBeUndefined();
    }
    expect(served(router({ smartRoute: () => undefined }), 'inworld/other')).toBe('house: inworld/other');
  });

  it('is a candidate by the name of its provider, without a second try; a router is none', () => {
    const once = named('groq once');
    const by = router({
      providers: [{ ...groq, once }, google],
      smartRoute: () => named('a router'),
      aliases: new Map([['small', 'google/gemini-2.0']]),
    });
    expect(by.candidate('groq/llama-4')).toEqual({ provider: 'groq', llm: once, model: 'llama-4' });
    expect(by.candidate('small')).toEqual({ provider: 'google-ai-studio', llm: google.llm, model: 'gemini-2.0' });
    expect([by.candidate('xai/grok-4'), by.candidate('inworld/some')]).toEqual([undefined, undefined]);
    const offline = { info: { id: 'offline', name: 'house' } } as unknown as Llm;
    expect(router({ llm: offline }).candidate('openai/gpt-5')).toEqual({ provider: 'parley', llm: offline, model: 'offline' });
  });

  it.each(['openai', 'ollama', 'custom', 'google-ai-studio'])(
    'F02: of %s alone serve what sessions are given that name none, on either API',
    (prefix) => {
      const alone = router({ providers: [{ prefix, alsoKnownAs: [], llm: named(prefix), defaultModel: 'its-own', models: [] }] });
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
    'F21 F32: serve the id %s, which they are told',
    (id) => {
      const by = router();
      expect([by.hasStt(id), by.hasTts(id)]).toEqual([true, true]);
      expect(by.stt(id)).toEqual({ engine: fakes.fakeStt, model: id });
      expect(by.tts(id, 'dennis')).toEqual({ engine: fakes.fakeTts, model: id, voice: 'Dennis' });
    },
  );

  it('F31: a voice is found by any of its names, and an unknown one is none', () => {
    expect(router().hasVoice('Nobody')).toBe(false);
    expect(() => router().tts('x', 'Nobody')).toThrow(expect.objectContaining({ reason: 'unavailable' }));
    for (const name of ['Dennis', 'OLIVIA', 'alloy', 'marin']) expect(router().hasVoice(name)).toBe(true);
  });
});
