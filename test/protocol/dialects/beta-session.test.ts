// The beta's flat session: every key both ways, and the sessions that only write down.
import { describe, expect, test } from 'vitest';
import { beta } from '../../../src/protocol/dialects/beta.ts';
import { flatToGa, gaToFlat } from '../../../src/protocol/dialects/beta-session.ts';
import type { StampedEvent } from '../../../src/protocol/server-events.ts';
import { testConfig } from '../../session/birth.ts';

/** What the beta sends for a GA event of which only the interesting half is given. */
function sent(event: object): object[] {
  return beta.fromGa({ event_id: 'event_1', ...event } as StampedEvent);
}

const serverVad = {
  type: 'server_vad',
  threshold: 0.4,
  prefix_padding_ms: 200,
  silence_duration_ms: 700,
  create_response: true,
  interrupt_response: false,
};
const weather = { type: 'function', name: 'weather', description: 'Of a town', parameters: { type: 'object' } };

/** One flat key each way: what the beta says, and where GA has it. */
const sessionTable: readonly [flat: object, nested: object][] = [
  [{ modalities: ['text', 'audio'] }, { output_modalities: ['audio'] }],
  [{ modalities: ['text'] }, { output_modalities: ['text'] }],
  [{ voice: 'Olivia' }, { audio: { output: { voice: 'Olivia' } } }],
  [{ speed: 1.2 }, { audio: { output: { speed: 1.2 } } }],
  [{ input_audio_format: 'pcm16' }, { audio: { input: { format: { type: 'audio/pcm', rate: 24000 } } } }],
  [{ input_audio_format: 'g711_ulaw' }, { audio: { input: { format: { type: 'audio/pcmu' } } } }],
  [{ output_audio_format: 'g711_alaw' }, { audio: { output: { format: { type: 'audio/pcma' } } } }],
  [{ input_audio_transcription: { model: 'whisper-1' } }, { audio: { input: { transcription: { model: 'whisper-1' } } } }],
  [{ input_audio_transcription: null }, { audio: { input: { transcription: null } } }],
  [{ input_audio_noise_reduction: { type: 'near_field' } }, { audio: { input: { noise_reduction: { type: 'near_field' } } } }],
  [{ turn_detection: serverVad }, { audio: { input: { turn_detection: serverVad } } }],
  [{ turn_detection: null }, { audio: { input: { turn_detection: null } } }],
  [{ max_response_output_tokens: 400 }, { max_output_tokens: 400 }],
  [{ tool_choice: 'required' }, { tool_choice: 'required' }],
  [{ tool_choice: 'weather' }, { tool_choice: { type: 'function', name: 'weather' } }],
  [{ instructions: 'Be brief.' }, { instructions: 'Be brief.' }],
  [{ temperature: 0.6 }, { temperature: 0.6 }],
  [{ tools: [weather] }, { tools: [weather] }],
  [{ tracing: 'auto' }, { tracing: 'auto' }],
];

describe('a session', () => {
  test.each(sessionTable)('F47: %j is %j', (flat, nested) => {
    expect(flatToGa(flat)).toEqual(nested);
    expect(beta.toGa({ type: 'session.update', event_id: 'a', session: flat })).toEqual({
      type: 'session.update',
      event_id: 'a',
      session: nested,
    });
    expect(gaToFlat(nested)).toMatchObject(flat);
  });

  test('that is nested already stays as it is, and wins over flat keys beside it', () => {
    const nested = {
      type: 'realtime',
      output_modalities: ['text'],
      audio: { output: { voice: 'Dennis' }, input: { turn_detection: null } },
    };
    expect(flatToGa(nested)).toEqual(nested);
    expect(flatToGa({ ...nested, voice: 'Olivia', speed: 1.1 })).toEqual({
      ...nested,
      audio: { output: { voice: 'Dennis', speed: 1.1 }, input: { turn_detection: null } },
    });
    expect(nested.audio.output).toEqual({ voice: 'Dennis' });
  });

  test('F47: shows every field of the beta, and none of GA', () => {
    const config = testConfig({ ...serverVad, type: 'server_vad', idle_timeout_ms: 9000 });
    expect(gaToFlat({ ...config, id: 'sess_1', object: 'realtime.session', expires_at: 99 })).toEqual({
      id: 'sess_1',
      object: 'realtime.session',
      expires_at: 99,
      model: 'openai/gpt-4o-mini',
      modalities: ['text', 'audio'],
      instructions: 'Be brief.',
      voice: 'Dennis',
      speed: 1,
      input_audio_format: 'pcm16',
      output_audio_format: 'pcm16',
      input_audio_transcription: { model: 'parley/test' },
      input_audio_noise_reduction: null,
      turn_detection: serverVad,
      tools: [],
      tool_choice: 'auto',
      temperature: 0.8,
      max_response_output_tokens: 'inf',
      tracing: null,
    });
  });

  test('comes back unchanged from a trip to GA and back', () => {
    const flat = {
      model: 'm',
      modalities: ['text'],
      instructions: 'x',
      voice: 'Olivia',
      speed: 0.9,
      input_audio_format: 'g711_ulaw',
      output_audio_format: 'g711_alaw',
      input_audio_transcription: { model: 'whisper-1', language: 'en' },
      input_audio_noise_reduction: { type: 'far_field' },
      turn_detection: { type: 'semantic_vad', eagerness: 'low', create_response: true, interrupt_response: true },
      tools: [weather],
      tool_choice: 'weather',
      temperature: 0.7,
      max_response_output_tokens: 12,
      tracing: { workflow_name: 'w' },
    };
    expect(gaToFlat(flatToGa(flat))).toEqual({ ...flat, object: 'realtime.session' });
  });

  test('has function tools only; a choice of another kind is still a choice', () => {
    const mcp = { type: 'mcp', server_label: 'a', server_url: 'https://a.example' };
    expect(gaToFlat({ tools: [mcp, weather], tool_choice: { type: 'mcp', server_label: 'a' } })).toMatchObject({
      tools: [weather],
      tool_choice: 'required',
    });
  });

  test('keeps what is wrong with it for the schema to name', () => {
    expect(flatToGa('no')).toBe('no');
    expect(flatToGa({ audio: 5, voice: 'Olivia' })).toEqual({ audio: 5 });
    expect(flatToGa({ modalities: ['video'], voice: 7 })).toEqual({ output_modalities: ['video'], audio: { output: { voice: 7 } } });
    expect(beta.toGa(null)).toBeNull();
    expect(beta.toGa({ type: 'session.update' })).toEqual({ type: 'session.update', session: undefined });
    expect(beta.toGa({ type: 'response.create', response: 3 })).toEqual({ type: 'response.create', response: 3 });
  });
});

describe('a transcription session', () => {
  const flat = {
    input_audio_format: 'pcm16',
    input_audio_transcription: { model: 'whisper-1', language: 'en' },
    input_audio_noise_reduction: null,
    turn_detection: serverVad,
    include: ['item.input_audio_transcription.logprobs'],
  };
  const nested = {
    type: 'transcription',
    include: ['item.input_audio_transcription.logprobs'],
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24000 },
        transcription: { model: 'whisper-1', language: 'en' },
        noise_reduction: null,
        turn_detection: serverVad,
      },
    },
  };

  test('C47: is updated by transcription_session.update', () => {
    const session = { ...flat, modalities: ['text', 'audio'], client_secret: { expires_at: { seconds: 60 } } };
    expect(beta.toGa({ type: 'transcription_session.update', event_id: 'e', session })).toEqual({
      type: 'session.update',
      event_id: 'e',
      session: nested,
    });
    expect(flatToGa(flat, 'transcription')).toEqual(nested);
  });

  test('S55: is told of by its own events', () => {
    const session = { ...nested, id: 'sess_1', object: 'realtime.transcription_session', expires_at: 7 };
    const { create_response: _, interrupt_response: __, ...heard } = serverVad;
    const shown = { ...flat, turn_detection: heard, id: 'sess_1', object: 'realtime.transcription_session', expires_at: 7 };
    expect(gaToFlat(session)).toEqual(shown);
    expect(sent({ type: 'session.updated', session })).toEqual([
      { type: 'transcription_session.updated', event_id: 'event_1', session: shown },
    ]);
    expect(sent({ type: 'session.created', session })).toEqual([
      { type: 'transcription_session.created', event_id: 'event_1', session: shown },
    ]);
  });
});
