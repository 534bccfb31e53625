// Inworld's camelCase names are read wherever a session is written, and GA's own stay what they are.
import { expect, test } from 'vitest';
import { parseClientEvent, readSessionPatch } from '../../../src/protocol/client-events.ts';
import { ga } from '../../../src/protocol/dialects/ga.ts';

const camel = {
  model: 'openai/gpt-4o-mini',
  voice: 'Olivia',
  maxTokens: 200,
  inputAudioFormat: 'pcmu',
  turnDetection: { type: 'server_vad', silenceDurationMs: 300 },
  mcpServers: [{ url: 'https://tools.example/mcp', transport: 'sse' }],
};
const nested = {
  model: 'openai/gpt-4o-mini',
  max_output_tokens: 200,
  audio: {
    input: { format: { type: 'audio/pcmu' }, turn_detection: { type: 'server_vad', silence_duration_ms: 300 } },
    output: { voice: 'Olivia' },
  },
  tools: [{ type: 'mcp', server_label: 'tools_example', server_url: 'https://tools.example/mcp', require_approval: 'never' }],
};

test('F48: a session.update may be written in camelCase', () => {
  expect(parseClientEvent(ga.toGa({ type: 'session.update', session: camel }))).toMatchObject({ session: nested });
});

test('F48: so may a session that comes with a secret', () => {
  expect(readSessionPatch(camel)).toMatchObject(nested);
});

test('F47 F48: of the flat names, `voice` is one of these and is read; those that only the beta had are left out', () => {
  const session = { type: 'realtime', voice: 'Olivia', modalities: ['text'], input_audio_format: 'g711_ulaw', speed: 0.5 };
  expect(parseClientEvent(ga.toGa({ type: 'session.update', session }))).toEqual({
    type: 'session.update',
    session: { type: 'realtime', audio: { output: { voice: 'Olivia' } } },
  });
});

test('what GA says is read as it stands, and a fault still names its field', () => {
  const session = { type: 'realtime', audio: { output: { speed: 9 } } };
  expect(() => parseClientEvent(ga.toGa({ type: 'session.update', session }))).toThrow(
    expect.objectContaining({ param: 'session.audio.output.speed' }),
  );
});
