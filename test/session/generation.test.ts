// Inworld's ways to say how the model is to choose its words, and on whose behalf it is asked.
import { describe, expect, test } from 'vitest';
import { Rig } from './rig.ts';
import type { RunOrder } from '../../src/session/effects.ts';

function order(session: object, response?: object): RunOrder | undefined {
  const rig = new Rig({ turnDetection: null });
  rig.client({ type: 'session.update', session });
  rig.says('Hello.');
  rig.client({ type: 'response.create', ...(response ? { response } : {}) });
  expect(rig.faults).toEqual([]);
  const [start] = rig.effects.filter((effect) => effect.kind === 'run.start');
  return start?.order;
}

const all = {
  maxNewTokens: 200,
  temperature: 0.4,
  topP: 0.9,
  frequencyPenalty: 0.5,
  presencePenalty: -0.5,
  repetitionPenalty: 1.1,
  stopSequences: ['END'],
  seed: 7,
  logitBias: { '1234': -100 },
  reasoning: { effort: 'XHIGH', maxTokens: 100, exclude: true },
};

describe('text_generation_config', () => {
  test.each([
    ['as Inworld writes it', { text_generation_config: all }],
    [
      'in snake case',
      {
        text_generation_config: {
          max_new_tokens: 200,
          temperature: 0.4,
          top_p: 0.9,
          frequency_penalty: 0.5,
          presence_penalty: -0.5,
          repetition_penalty: 1.1,
          stop_sequences: ['END'],
          seed: 7,
          logit_bias: { '1234': -100 },
          reasoning: { effort: 'xhigh' },
        },
      },
    ],
    ['under a name in camel case', { textGenerationConfig: all }],
  ])('F43 text_generation_config: all of it goes to the model, %s', (_, providerData) => {
    expect(order({ providerData })).toMatchObject({
      maxOutputTokens: 200,
      temperature: 0.4,
      reasoningEffort: 'xhigh',
      sampling: {
        topP: 0.9,
        frequencyPenalty: 0.5,
        presencePenalty: -0.5,
        repetitionPenalty: 1.1,
        stopSequences: ['END'],
        seed: 7,
        logitBias: { '1234': -100 },
      },
    });
  });

  test('F43 text_generation_config: what the session or the response says itself wins', () => {
    const providerData = { text_generation_config: all };
    const own = { temperature: 1, max_output_tokens: 50, reasoning: { effort: 'low' } };
    expect(order({ providerData, ...own })).toMatchObject({ temperature: 1, maxOutputTokens: 50, reasoningEffort: 'low' });
    expect(order({ providerData }, own)).toMatchObject({
      temperature: 1,
      maxOutputTokens: 50,
      reasoningEffort: 'low',
      sampling: { seed: 7 },
    });
  });

  test('nothing is said where nothing was given', () => {
    expect(order({})).toMatchObject({
      temperature: undefined,
      maxOutputTokens: undefined,
      reasoningEffort: undefined,
      sampling: {},
      behalf: {},
    });
  });

  test('a part of it changes that part only, and null takes it back', () => {
    const rig = new Rig({ turnDetection: null });
    const update = (config: object) =>
      rig.client({ type: 'session.update', session: { providerData: { text_generation_config: config } } });
    update({ topP: 0.9, seed: 7 });
    update({ seed: 8 });
    update({ topP: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    expect(rig.effects.flatMap((effect) => (effect.kind === 'run.start' ? [effect.order.sampling] : []))).toEqual([{ seed: 8 }]);
  });
});

test('F44 user_id and metadata: they go with the request, with the keys as the client wrote them', () => {
  expect(order({ providerData: { user_id: 'ann', metadata: { userTier: 'gold', region: 'eu' } } })?.behalf).toEqual({
    user: 'ann',
    metadata: { userTier: 'gold', region: 'eu' },
  });
});

test.each([
  [{ text_generation_config: { topP: 2 } }, 'text_generation_config.top_p'],
  [{ text_generation_config: { stopSequences: 'END' } }, 'text_generation_config.stop_sequences'],
  [{ text_generation_config: { logitBias: { '1': 200 } } }, 'text_generation_config.logit_bias.1'],
  [{ text_generation_config: { reasoning: { effort: 'EXTREME' } } }, 'text_generation_config.reasoning.effort'],
  [{ user_id: 5 }, 'user_id'],
  [{ metadata: { a: 1 } }, 'metadata.a'],
])('%j is refused by its name, and changes nothing', (providerData, param) => {
  const rig = new Rig({ turnDetection: null });
  rig.client({ type: 'session.update', session: { providerData, temperature: 1 } });
  expect(rig.last('error').error.param).toBe(`session.providerData.${param}`);
  expect(rig.config.temperature).toBeUndefined();
  expect(rig.config.providerData).toBeUndefined();
});

describe('providerData.fallback', () => {
  test('F36 who is asked in the place of whoever fails goes with the order of a response', () => {
    const fallback = { llm: ['groq/llama-4'], tts: ['parley'], stt: [] };
    expect(order({ providerData: { fallback } })).toMatchObject({ fallback: ['groq/llama-4'], manner: { fallback: ['parley'] } });
    expect(order({ instructions: 'Hi.' })).toMatchObject({ fallback: undefined, manner: { fallback: undefined } });
  });

  test('F36 how long a model may be silent before another is asked as well goes with it, too', () => {
    expect(order({ providerData: { fallback: { hedgeMs: 400 } } })).toMatchObject({ hedgeMs: 400, fallback: undefined });
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'session.update', session: { providerData: { fallback: { hedge_ms: -1 } } } });
    expect(rig.last('error').error).toMatchObject({ param: 'session.providerData.fallback.hedge_ms' });
  });

  test('F36 an id that nobody serves is refused by its place', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'session.update', session: { providerData: { fallback: { tts: ['parley', 'no-such'] } } } });
    expect(rig.last('error').error).toMatchObject({
      code: 'invalid_value',
      param: 'session.providerData.fallback.tts[1]',
      message: "The model 'no-such' is served by no configured engine. Did you mean 'such' or 'some'?",
    });
    rig.client({ type: 'session.update', session: { providerData: { fallback: { llm: 'groq/llama-4' } } } });
    expect(rig.last('error').error).toMatchObject({ param: 'session.providerData.fallback.llm' });
    expect(rig.config.providerData).toBeUndefined();
  });
});

describe('a voice named with its provider', () => {
  const output = (changes: object) => ({ audio: { output: changes } });

  test('F31 F32 brings the provider, unless a model is named beside it', () => {
    expect(order(output({ voice: 'elevenlabs/Rachel' }))).toMatchObject({ voice: 'elevenlabs/Rachel', ttsModel: 'elevenlabs' });
    expect(order(output({ voice: 'elevenlabs/Rachel', model: 'elevenlabs/eleven_v3' }))).toMatchObject({
      ttsModel: 'elevenlabs/eleven_v3',
    });
    expect(order(output({ voice: 'Rachel' }))).toMatchObject({ ttsModel: 'inworld-tts-1.5-mini' });
  });

  test('F31 F32 is for one response where that names it', () => {
    expect(order({}, { voice: 'openai/marin' })).toMatchObject({ voice: 'openai/marin', ttsModel: 'openai' });
  });
});
