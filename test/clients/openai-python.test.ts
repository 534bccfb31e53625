// The Python package `openai`, unmodified, over plain http: asynchronous and synchronous, with secrets and calls.
import { expect, test, vi } from 'vitest';
import type { EventLog, WireEvent } from '../e2e/support/events.ts';
import { field } from '../e2e/support/events.ts';
import { samplesOf } from '../e2e/support/speech.ts';
import { testTypes } from '../e2e/support/types.ts';
import { audio, data, offer } from '../transports/webrtc/offers.ts';
import { eventsOf, expectCutShort, expectHeard, of, Stage, type Told } from './support/driver.ts';
import { weather } from './support/tools.ts';

vi.setConfig({ testTimeout: 60_000 });

const client = new Stage('openai_client');

/** The events of a scenario: not one is invalid for the package's own types, none is an error. */
function validEvents(told: readonly Told[]): EventLog {
  expect(of(told, 'invalid')).toEqual([]);
  const log = eventsOf(told);
  expect(log.of('error')).toEqual([]);
  return log;
}

test('a spoken turn is transcribed and answered, and the sound says the words', async () => {
  const told = await client.run('spoken_turn', { speech: 'Can you hear me?' });
  const log = validEvents(told);
  expectHeard('can you hear me', String(log.of('conversation.item.input_audio_transcription.completed')[0]?.['transcript']));
  const sounds = log.of('response.output_audio.delta').map(({ delta }) => ({ tell: 'sound', pcm: delta }));
  const [answer] = log.of('response.output_audio_transcript.done');
  expectHeard(String(answer?.['transcript']), await client.understand(sounds));
});

test('speech interrupts a long answer, and as much of it is kept as was heard: words and sound', async () => {
  const log = validEvents(await client.run('barge_in', { speech: 'Please stop now.' }));
  const [cut, next] = log.of('response.done') as [WireEvent, WireEvent];
  expect(field(cut, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
  expect(field(next, 'response.status')).toBe('completed');
  const [kept] = log.of('conversation.item.retrieved') as [WireEvent];
  expectCutShort(String(field(kept, 'item.content.0.transcript')));
  const soundMs = samplesOf([String(field(kept, 'item.content.0.audio'))]).length / 24;
  expect(soundMs).toBeGreaterThan(800);
  expect(soundMs).toBeLessThan(6000);
});

test('a spoken wish becomes a function call, and its result is spoken', async () => {
  const given = { tool: weather, result: '{"condition":"rainy"}' };
  const log = validEvents(await client.run('function_call', { speech: 'What is the weather in Paris?' }, given));
  const [call] = log.of('response.function_call_arguments.done') as [WireEvent];
  expect([call['name'], JSON.parse(String(call['arguments']))]).toEqual(['get_weather', { location: 'Paris' }]);
  expect(String(log.of('response.output_audio_transcript.done')[0]?.['transcript'])).toMatch(/rain/i);
  expect(log.of('response.created')).toHaveLength(2);
});

test('the synchronous client talks with a secret that it has fetched, whose session is in force', async () => {
  const told = await client.run('synchronous');
  expect(of(told, 'session')).toEqual([{ tell: 'session', instructions: 'You are Ada.' }]);
  expect(String(of(told, 'said')[0]?.['transcript'])).toMatch(/Ada/);
});

test('a call is answered, is heard beside, and ends when the client hangs up', async () => {
  const told = await client.run('call_and_hang_up', {}, { offer: offer(audio(), data()) });
  expect(String(of(told, 'answer')[0]?.['sdp'])).toMatch(/^v=0[^]*m=audio/);
  expect(told.map(({ tell }) => tell)).toEqual(['answer', 'beside', 'closed']);
});

testTypes();
