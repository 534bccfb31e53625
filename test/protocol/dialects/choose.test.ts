// Which dialect a connection speaks.
import { describe, expect, test } from 'vitest';
import { chooseDialect, type Handshake, looksBeta } from '../../../src/protocol/dialects/choose.ts';

const plain: Handshake = { headers: {}, subprotocols: [], secretIsBeta: false };

describe('E04: a handshake', () => {
  test.each<[string, Partial<Handshake>, 'ga' | 'beta']>([
    ['nothing', {}, 'ga'],
    ['the header', { headers: { 'openai-beta': 'realtime=v1' } }, 'beta'],
    ['the header among others', { headers: { 'openai-beta': 'assistants=v2, Realtime=v1' } }, 'beta'],
    ['the header twice', { headers: { 'openai-beta': ['assistants=v2', 'realtime=v1'] } }, 'beta'],
    ['a header for something else', { headers: { 'openai-beta': 'assistants=v2' } }, 'ga'],
    ['the subprotocol', { subprotocols: ['realtime', 'openai-insecure-api-key.k', 'openai-beta.realtime-v1'] }, 'beta'],
    ['other subprotocols', { subprotocols: new Set(['realtime', 'openai-insecure-api-key.k']) }, 'ga'],
    ['a secret of the beta', { secretIsBeta: true }, 'beta'],
  ])('with %s', (_name, handshake, expected) => {
    expect(chooseDialect({ ...plain, ...handshake }).name).toBe(expected);
  });
});

describe('E04: a first update', () => {
  const update = (session: unknown) => ({ type: 'session.update', session });

  test.each<[unknown]>([
    [update({ modalities: ['text', 'audio'], instructions: 'x' })],
    [update({ voice: 'alloy' })],
    [update({ turn_detection: null })],
    [update({ input_audio_format: 'pcm16' })],
    [update({ max_response_output_tokens: 4096 })],
    [update({ type: null, audio: null, modalities: ['text'] })],
    [update({ input_audio_transcription: null })],
    [{ type: 'transcription_session.update', session: {} }],
  ])('%j is beta', (message) => {
    expect(looksBeta(message)).toBe(true);
  });

  test.each<[unknown]>([
    [update({ type: 'realtime', voice: 'alloy' })],
    [update({ instructions: 'x', tools: [], temperature: 0.8 })],
    [update({ audio: { output: { voice: 'Dennis' } }, voice: 'Dennis' })],
    [update({ output_modalities: ['audio'], voice: 'Dennis' })],
    [update({ instructions: 'x', speed: null, voice: null })],
    [update(undefined)],
    [{ type: 'response.create', session: { voice: 'alloy' } }],
    ['session.update'],
    [null],
  ])('%j is not', (message) => {
    expect(looksBeta(message)).toBe(false);
  });
});
