// LiveKit Agents for Python and its OpenAI plugin, unmodified: the model's sessions, which mirror the conversation and write it anew, and
// an agent's session with a microphone and a loudspeaker.
import { expect, test, vi } from 'vitest';
import { field, type WireEvent } from '../e2e/support/events.ts';
import { testTypes } from '../e2e/support/types.ts';
import { eventsOf, expectHeard, linesOf, of, Stage, type Told } from './support/driver.ts';

vi.setConfig({ testTimeout: 60_000 });

const client = new Stage('livekit_client');

/** What the model was heard to say, reply by reply. */
const replies = (told: readonly Told[]) => of(told, 'reply').map(({ text }) => String(text));

/** The events are kept for the check of types; none is an error, and the client has none of its own. */
function expectNoError(told: readonly Told[]): void {
  expect(eventsOf(told).of('error')).toEqual([]);
  expect(of(told, 'error')).toEqual([]);
}

test('answers without instructions and with some', async () => {
  const told = await client.run('plain_reply');
  expectNoError(told);
  expect(replies(told)).toEqual([expect.stringMatching(/\b(4|four)\b/), expect.stringMatching(/Ada/)]);
  for (const { ms } of of(told, 'reply')) expect(ms).toBeGreaterThan(500);
});

test('answers after a tool was called', async () => {
  const told = await client.run('tools');
  expectNoError(told);
  expect(of(told, 'call')).toEqual([{ tell: 'call', name: 'get_weather', arguments: expect.stringContaining('Paris') as string }]);
  expect(replies(told)).toEqual([expect.stringMatching(/rain/i)]);
});

test('hands over to another agent, with other instructions, tools and a conversation written anew', async () => {
  const told = await client.run('handoff');
  expectNoError(told);
  expect(replies(told)).toEqual([expect.stringMatching(/Ada/), expect.stringMatching(/Bob/), expect.stringMatching(/blue/)]);
  const mirrored = of(told, 'context')[0]?.['items'] as string[];
  expect(mirrored.slice(0, 3)).toEqual(['My favorite color is blue.', 'I will remember that.', 'What is your name?']);
});

test('is interrupted and truncated by its application, and goes on', async () => {
  const told = await client.run('interrupt_and_truncate');
  expectNoError(told);
  const log = eventsOf(told);
  expect(log.of('response.done').map((event) => field(event, 'response.status'))).toEqual(['cancelled', 'completed']);
  expect(log.of('conversation.item.truncated')).toEqual([expect.objectContaining({ audio_end_ms: 1000, content_index: 0 })]);
  expect(replies(told)).toEqual([expect.stringMatching(/\b(4|four)\b/)]);
});

test('an answer that is truncated while it is made ends there', async () => {
  const told = await client.run('truncate_while_made');
  expectNoError(told);
  expect(of(told, 'ended')[0]?.['seconds']).toBeLessThan(5);
});

test('connects anew, replays the conversation, and goes on with its tools', async () => {
  const told = await client.run('reconnect');
  expectNoError(told);
  expect(of(told, 'reconnected').length).toBeGreaterThan(0);
  expect(replies(told).slice(0, 2)).toEqual([expect.stringMatching(/blue/), expect.stringMatching(/blue/)]);
  expect(of(told, 'call')).toEqual([{ tell: 'call', name: 'get_weather', arguments: expect.stringContaining('Paris') as string }]);
});

test('an agent holds a spoken turn, and runs its function at a spoken wish', async () => {
  const told = await client.run('agent_turns', { question: 'Can you hear me?', wish: 'What is the weather in Paris?' });
  expectNoError(told);
  const [question, answer, wish, result] = linesOf(told) as [{ text: string }, { text: string }, { text: string }, { text: string }];
  expectHeard('can you hear me', question.text);
  expectHeard(answer.text, await client.understand(told));
  expectHeard('what is the weather in Paris', wish.text);
  expect(of(told, 'called')).toEqual([{ tell: 'called', location: 'Paris' }]);
  expect(result.text).toMatch(/rain/i);
});

test('an agent falls silent when it is interrupted, and truncates what was not played', async () => {
  const told = await client.run('agent_barge_in', { speech: 'Please stop now.' });
  expect(of(told, 'error')).toEqual([]);
  expect(of(told, 'interrupted')).toEqual([{ tell: 'interrupted', value: true }]);
  const log = eventsOf(told);
  // It cancels what the server has ended already, and passes over the answer to that.
  for (const error of log.of('error')) expect(field(error, 'error.code')).toBe('response_cancel_not_active');
  const [cut] = log.of('response.done') as [WireEvent];
  expect(field(cut, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
  const [truncated] = log.of('conversation.item.truncated') as [WireEvent];
  expect(truncated['audio_end_ms']).toBeGreaterThan(1000);
  expect(truncated['audio_end_ms']).toBeLessThan(8000);
  expect(linesOf(told).map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
});

testTypes();
