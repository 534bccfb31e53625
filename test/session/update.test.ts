// session.update: a part changes what it names and nothing else, or nothing at all.
import { describe, expect, test } from 'vitest';
import type { SessionConfig } from '../../src/protocol/session-config.ts';
import { Rig, semanticVad, serverVad } from './rig.ts';

/** The configuration after these updates, each of which must be accepted. */
function after(...patches: readonly Record<string, unknown>[]): SessionConfig {
  const rig = new Rig();
  for (const session of patches) rig.client({ type: 'session.update', session });
  expect(rig.faults).toEqual([]);
  expect(rig.all('session.updated')).toHaveLength(patches.length);
  const { id: _id, object: _object, expires_at: _expires, ...shown } = rig.last('session.updated').session;
  expect(shown, 'what is shown is what holds').toEqual(rig.config);
  return rig.config;
}

const before = new Rig().config;
const withInput = (input: Partial<SessionConfig['audio']['input']>): SessionConfig => ({
  ...before,
  audio: { ...before.audio, input: { ...before.audio.input, ...input } },
});
const withOutput = (output: Partial<SessionConfig['audio']['output']>): SessionConfig => ({
  ...before,
  audio: { ...before.audio, output: { ...before.audio.output, ...output } },
});
const tool = { type: 'function', name: 'weather' } as const;

/** What pipecat's service for Inworld sends where its client finds the turns: all it has, without its nulls. */
const pipecat = {
  model: 'openai/gpt-4.1-mini',
  output_modalities: ['audio', 'text'],
  audio: {
    input: { format: { type: 'audio/pcm', rate: 24_000 }, transcription: { model: 'assemblyai/u3-rt-pro' } },
    output: { format: { type: 'audio/pcm', rate: 24_000 }, model: 'inworld-tts-2', voice: 'Sarah' },
  },
};

describe('F26: an input that is whole but for turn_detection', () => {
  test("turns Inworld's own default off: the client commits, and nothing else does", () => {
    const rig = new Rig({ turnDetection: semanticVad, inworld: true });
    rig.client({ type: 'session.update', session: pipecat });
    expect(rig.last('session.updated').session).toMatchObject({ audio: { input: { turn_detection: null } } });
    rig.hear(800);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.client({ type: 'response.create' });
    rig.client({ type: 'session.update', session: { ...pipecat, instructions: 'Be kind.' } });
    expect(rig.config.audio.input.turn_detection).toBeNull();
    expect(rig.faults).toEqual([]);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
  });

  test('leaves what a client has named, before or with it, as it is', () => {
    const rig = new Rig({ turnDetection: semanticVad, inworld: true });
    rig.client({ type: 'session.update', session: { audio: { input: { turn_detection: { type: 'semantic_vad' } } } } });
    rig.client({ type: 'session.update', session: pipecat });
    expect(rig.config.audio.input.turn_detection).toEqual(semanticVad);
  });

  test.each([{ format: 'g711_ulaw' }, { transcription: { model: 'inworld/inworld-stt-1' } }, { noise_reduction: null }])(
    'a part of an input, such as %j, says nothing about turns',
    (input) => {
      const rig = new Rig({ turnDetection: semanticVad, inworld: true });
      rig.client({ type: 'session.update', session: { audio: { input } } });
      expect(rig.config.audio.input.turn_detection).toEqual(semanticVad);
    },
  );

  test("means nothing to OpenAI's default", () => {
    const rig = new Rig();
    rig.client({ type: 'session.update', session: pipecat });
    expect(rig.config.audio.input.turn_detection).toEqual(serverVad);
  });
});

describe('session.update', () => {
  test('C01 S02: is answered with the whole session, and listening is set up first', () => {
    const rig = new Rig();
    rig.client({ type: 'session.update', session: { type: 'realtime', instructions: 'Sing.', audio: { output: { voice: 'Sarah' } } } });
    rig.client({ type: 'session.update', session: {} });
    expect(rig.all('session.updated')).toHaveLength(2);
    rig.golden('session-update');
  });

  test.each<[Record<string, unknown>, SessionConfig]>([
    [{}, before],
    [{ instructions: 'Sing.' }, { ...before, instructions: 'Sing.' }],
    [{ instructions: '' }, { ...before, instructions: '' }],
    [{ model: 'groq/gpt-oss-120b' }, { ...before, model: 'groq/gpt-oss-120b' }],
    [{ output_modalities: ['text'] }, { ...before, output_modalities: ['text'] }],
    [{ output_modalities: ['audio', 'text'] }, { ...before, output_modalities: ['audio', 'text'] }],
    [{ temperature: 0.7 }, { ...before, temperature: 0.7 }],
    [{ max_output_tokens: 100 }, { ...before, max_output_tokens: 100 }],
    [{ parallel_tool_calls: false }, { ...before, parallel_tool_calls: false }],
    [{ reasoning: { effort: 'low' } }, { ...before, reasoning: { effort: 'low' } }],
    [{ tools: [tool] }, { ...before, tools: [tool] }],
    [{ tool_choice: 'required' }, { ...before, tool_choice: 'required' }],
    [{ tracing: 'auto' }, { ...before, tracing: 'auto' }],
    [
      { truncation: { type: 'retention_ratio', retention_ratio: 0.8 } },
      { ...before, truncation: { type: 'retention_ratio', retention_ratio: 0.8 } },
    ],
    [{ include: ['item.input_audio_transcription.logprobs'] }, { ...before, include: ['item.input_audio_transcription.logprobs'] }],
    [{ prompt: null }, before],
    [{ providerData: { user_id: 'ann' } }, { ...before, providerData: { user_id: 'ann' } }],
    [{ audio: {} }, before],
    [{ audio: { input: {}, output: {} } }, before],
    [{ audio: { input: { format: { type: 'audio/pcmu' } } } }, withInput({ format: { type: 'audio/pcmu' } })],
    [{ audio: { input: { noise_reduction: { type: 'near_field' } } } }, withInput({ noise_reduction: { type: 'near_field' } })],
    [{ audio: { input: { transcription: null } } }, withInput({ transcription: null })],
    [{ audio: { input: { transcription: { language: 'de' } } } }, withInput({ transcription: { model: 'parley/test', language: 'de' } })],
    [
      { audio: { input: { transcription: { keywords: ['Parley', 'time zone'], languages: ['en', 'de'] } } } },
      withInput({ transcription: { model: 'parley/test', keywords: ['Parley', 'time zone'], languages: ['en', 'de'] } }),
    ],
    [{ audio: { input: { noise_reduction: { strength: 0.5 } } } }, withInput({ noise_reduction: { type: 'near_field', strength: 0.5 } })],
    [{ audio: { input: { turn_detection: null } } }, withInput({ turn_detection: null })],
    [{ audio: { input: { turn_detection: { threshold: 0.8 } } } }, withInput({ turn_detection: { ...serverVad, threshold: 0.8 } })],
    [{ audio: { input: { turn_detection: { type: 'semantic_vad' } } } }, withInput({ turn_detection: semanticVad })],
    [{ audio: { output: { format: { type: 'audio/pcma' } } } }, withOutput({ format: { type: 'audio/pcma' } })],
    [{ audio: { output: { voice: 'Sarah' } } }, withOutput({ voice: 'Sarah' })],
    [{ audio: { output: { model: 'inworld-tts-2' } } }, withOutput({ model: 'inworld-tts-2' })],
    [{ audio: { output: { speed: 1.25 } } }, withOutput({ speed: 1.25 })],
  ])('C01 F14: %j changes that and nothing else', (patch, expected) => {
    expect(after(patch)).toEqual(expected);
  });

  test('F20: of noise reduction, what an update says nothing about stays', () => {
    const reduce = (noise_reduction: Record<string, unknown>) => ({ audio: { input: { noise_reduction } } });
    const reduced = (...patches: Record<string, unknown>[]) => after(...patches.map(reduce)).audio.input.noise_reduction;
    expect(reduced({ type: 'far_field' }, { strength: 0.3 })).toEqual({ type: 'far_field', strength: 0.3 });
    expect(reduced({ type: 'far_field', strength: 0.3 }, { type: 'near_field' })).toEqual({ type: 'near_field', strength: 0.3 });
    expect(reduced({ strength: 0.3 }, { strength: 0 })).toEqual({ type: 'near_field', strength: 0 });
    expect(reduced({}, { type: null, strength: null })).toBeNull();
    expect(reduced({ type: 'far_field' }, {})).toEqual({ type: 'far_field' });
    expect(reduced({ type: 'far_field' }, {})).toEqual({ type: 'far_field' });
  });

  test.each<[string, Record<string, unknown>[], SessionConfig]>([
    ['instructions by ""', [{ instructions: 'Sing.' }, { instructions: '' }], { ...before, instructions: '' }],
    ['tools by []', [{ tools: [tool] }, { tools: [] }], before],
    [
      'tools by other tools',
      [{ tools: [tool] }, { tools: [{ type: 'function', name: 'time' }] }],
      { ...before, tools: [{ type: 'function', name: 'time' }] },
    ],
    ['temperature by null', [{ temperature: 1 }, { temperature: null }], before],
    ['reasoning by null', [{ reasoning: { effort: 'high' } }, { reasoning: null }], before],
    ['tracing by null', [{ tracing: 'auto' }, { tracing: null }], before],
    ['include by null', [{ include: [] }, { include: null }], before],
    ['turn_detection by null', [{ audio: { input: { turn_detection: null } } }], withInput({ turn_detection: null })],
    ['transcription by null', [{ audio: { input: { transcription: null } } }], withInput({ transcription: null })],
    [
      'noise_reduction by null',
      [{ audio: { input: { noise_reduction: { type: 'far_field' } } } }, { audio: { input: { noise_reduction: null } } }],
      before,
    ],
    [
      'keywords and languages by null',
      [
        { audio: { input: { transcription: { keywords: ['Parley'], languages: ['en'], prompt: 'names' } } } },
        { audio: { input: { transcription: { keywords: null, languages: null } } } },
      ],
      withInput({ transcription: { model: 'parley/test', prompt: 'names' } }),
    ],
    [
      'the strength of noise reduction with noise reduction',
      [
        { audio: { input: { noise_reduction: { type: 'far_field', strength: 0.2 } } } },
        { audio: { input: { noise_reduction: null } } },
        { audio: { input: { noise_reduction: { type: 'far_field' } } } },
      ],
      withInput({ noise_reduction: { type: 'far_field' } }),
    ],
    [
      'the language by null',
      [
        { audio: { input: { transcription: { language: 'de', prompt: 'names' } } } },
        { audio: { input: { transcription: { language: null } } } },
      ],
      withInput({ transcription: { model: 'parley/test', prompt: 'names' } }),
    ],
    [
      'the idle timeout by null',
      [
        { audio: { input: { turn_detection: { idle_timeout_ms: 6000 } } } },
        { audio: { input: { turn_detection: { idle_timeout_ms: null } } } },
      ],
      before,
    ],
  ])('C04: clears %s', (_, patches, expected) => {
    expect(after(...patches)).toEqual(expected);
  });

  test('F24: another kind of detection starts from its defaults, but for the two switches', () => {
    const config = after(
      { audio: { input: { turn_detection: { silence_duration_ms: 900, create_response: false } } } },
      { audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'high' } } } },
      { audio: { input: { turn_detection: { type: 'server_vad' } } } },
    );
    expect(config.audio.input.turn_detection).toEqual({ ...serverVad, create_response: false });
  });

  test('F36: providerData merges deeply, arrays are replaced, and nothing reaches the prototype', () => {
    const config = after(
      { providerData: { stt: { language_hints: ['en', 'de'], voice_profile: true }, user_id: 'ann' } },
      JSON.parse(
        '{"providerData":{"stt":{"language_hints":["fr"]},"tts":{"timestamp_type":"WORD"},"__proto__":{"polluted":true}}}',
      ) as Record<string, unknown>,
    );
    expect(config.providerData).toEqual({
      stt: { language_hints: ['fr'], voice_profile: true },
      user_id: 'ann',
      tts: { timestamp_type: 'WORD' },
    });
    expect('polluted' in {}).toBe(false);
    expect('polluted' in (config.providerData ?? {})).toBe(false);
  });

  test('F36: a field of providerData in its other spelling is the same field, and a key of metadata is not', () => {
    const config = after(
      { providerData: { text_generation_config: { top_p: 0.5, seed: 1 }, metadata: { user_id: 'a' } } },
      { providerData: { textGenerationConfig: { seed: 2 }, metadata: { userId: 'b' } } },
      { providerData: { text_generation_config: { topP: 0.7 } } },
    );
    expect(config.providerData).toEqual({ text_generation_config: { topP: 0.7, seed: 2 }, metadata: { user_id: 'a', userId: 'b' } });
  });

  test('F36: an update that makes providerData too large is refused whole, and the session lives', () => {
    const rig = new Rig();
    const pairs = (prefix: string) => Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${prefix}${index}`, 'x']));
    rig.client({ type: 'session.update', session: { providerData: { metadata: pairs('a') } } });
    rig.client({ type: 'session.update', event_id: 'u', session: { instructions: 'No.', providerData: { metadata: pairs('b') } } });
    expect(rig.last('error').error).toMatchObject({ code: 'invalid_value', param: 'session.providerData.metadata', event_id: 'u' });
    expect(rig.config.instructions).toBe('Be brief.');
    expect(rig.config.providerData).toEqual({ metadata: pairs('a') });
  });

  test.each([
    [{ model: 'no-model' }, 'model_not_found', 'session.model'],
    [{ audio: { output: { voice: 'no-voice' } } }, 'invalid_value', 'session.audio.output.voice'],
    [{ audio: { output: { model: 'no-tts' } } }, 'invalid_value', 'session.audio.output.model'],
    [{ audio: { input: { transcription: { model: 'no-stt' } } } }, 'invalid_value', 'session.audio.input.transcription.model'],
    [{ tool_choice: { type: 'function', name: 'nothing' } }, 'invalid_value', 'session.tool_choice.name'],
    [{ audio: { output: { speed: 9 } } }, 'invalid_value', 'session.audio.output.speed'],
  ])('C01: %j is refused whole', (patch, code, param) => {
    const rig = new Rig();
    const held = structuredClone(rig.config);
    rig.client({ type: 'session.update', event_id: 'u', session: { instructions: 'Must not stay.', temperature: 1, ...patch } });
    expect(rig.all('session.updated')).toHaveLength(0);
    expect(rig.last('error').error).toMatchObject({ code, param, event_id: 'u' });
    expect(rig.config).toEqual(held);
  });

  test('F02 F31: an unknown voice or model refuses the update with one error', () => {
    const rig = new Rig();
    rig.client({ type: 'session.update', event_id: 'a', session: { audio: { output: { voice: 'no-voice' } } } });
    rig.client({ type: 'session.update', event_id: 'b', session: { model: 'no-model' } });
    rig.client({ type: 'response.create', event_id: 'c', response: { voice: 'no-voice' } });
    expect(rig.all('error').map(({ error }) => [error.code, error.event_id])).toEqual([
      ['invalid_value', 'a'],
      ['model_not_found', 'b'],
      ['invalid_value', 'c'],
    ]);
    rig.golden('unknown-voice-and-model');
  });

  test('what was sent before does not change with later updates', () => {
    const rig = new Rig();
    rig.client({ type: 'session.update', session: { tools: [tool] } });
    const first = JSON.stringify(rig.last('session.updated'));
    const event = rig.last('session.updated');
    rig.client({ type: 'session.update', session: { tools: [], audio: { output: { speed: 1.5 } } } });
    expect(JSON.stringify(event)).toBe(first);
  });

  test('F02 F03 F05 F06 F07 F08 F10 F11 F30 F31 F32 F33: takes effect with the next response', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.client({
      type: 'session.update',
      session: {
        model: 'x/other',
        instructions: 'Sing.',
        temperature: 0.3,
        max_output_tokens: 77,
        parallel_tool_calls: false,
        reasoning: { effort: 'low' },
        tools: [{ ...tool, description: 'Of a town.', parameters: { type: 'object' } }],
        tool_choice: 'required',
        audio: { output: { voice: 'Sarah', model: 'tts-2', speed: 1.5, format: { type: 'audio/pcmu' } } },
      },
    });
    rig.answer('resp_1', 'Hi.', 300);
    rig.says('Again.');
    rig.client({ type: 'response.create' });
    const orders = rig.effects.flatMap((effect) => (effect.kind === 'run.start' ? [effect.order] : []));
    const common = { modality: 'audio' } as const;
    expect(orders).toMatchObject([
      {
        ...common,
        run: rig.runOf('resp_1'),
        model: 'openai/gpt-4o-mini',
        voice: 'Dennis',
        ttsModel: before.audio.output.model,
        speed: 1,
        format: { type: 'audio/pcm', rate: 24_000 },
        temperature: undefined,
        maxOutputTokens: undefined,
        parallelToolCalls: true,
        reasoningEffort: undefined,
      },
      {
        ...common,
        run: rig.runOf('resp_2'),
        model: 'x/other',
        voice: 'Sarah',
        ttsModel: 'tts-2',
        speed: 1.5,
        format: { type: 'audio/pcmu' },
        temperature: 0.3,
        maxOutputTokens: 77,
        parallelToolCalls: false,
        reasoningEffort: 'low',
      },
    ]);
    expect(rig.prompts).toMatchObject([
      { instructions: 'Be brief.', tools: [], toolChoice: 'auto' },
      {
        instructions: 'Sing.',
        tools: [{ name: 'weather', description: 'Of a town.', parameters: { type: 'object' } }],
        toolChoice: 'required',
      },
    ]);
  });

  test('F06: as many tokens as the model likes are "inf", or a number from 1 to 4096', () => {
    for (const max_output_tokens of [1, 4096, 'inf']) expect(after({ max_output_tokens }).max_output_tokens).toBe(max_output_tokens);
    expect(after({ max_output_tokens: 5 }, { max_output_tokens: 'inf' })).toEqual(before);
  });

  test('F26: turning detection off in the middle of speech keeps the sound for a commit, which makes the item that was promised', () => {
    const rig = new Rig();
    rig.hear(300);
    rig.beginSpeech();
    rig.hear(300);
    rig.client({ type: 'session.update', session: { audio: { input: { turn_detection: null } } } });
    rig.hear(3000);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(0);
    rig.client({ type: 'input_audio_buffer.commit' });
    expect(rig.effects).toContainEqual({ kind: 'listen.commit', item: 'item_1', fromMs: 0, toMs: 3700 });
    rig.golden('detection-off-in-speech');
  });
});
