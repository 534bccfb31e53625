// `openai-agents` for Python, unmodified: a spoken turn, a function of its own, an interruption, and another agent.
import { expect, test, vi } from 'vitest';
import { testTypes } from '../e2e/support/types.ts';
import { eventsOf, expectCutShort, expectHeard, linesOf, of, Stage, type Told } from './support/driver.ts';

vi.setConfig({ testTimeout: 60_000 });

const client = new Stage('agents_client');

function expectNoError(told: readonly Told[]): void {
  expect(eventsOf(told).of('error')).toEqual([]);
  expect(of(told, 'error')).toEqual([]);
}

test('a spoken turn is in its history, and the sound says the words', async () => {
  const told = await client.run('spoken_turn', { speech: 'Can you hear me?' });
  expectNoError(told);
  const [question, answer] = linesOf(told);
  expectHeard('can you hear me', question?.text ?? '');
  expectHeard(answer?.text ?? '', await client.understand(told));
});

test('speech interrupts a long answer, and its history keeps what was heard of it', async () => {
  const told = await client.run('barge_in', { speech: 'Please stop now.' });
  expectNoError(told);
  expect(of(told, 'interrupted')).not.toEqual([]);
  const answers = linesOf(told).filter(({ role }) => role === 'assistant');
  expect(answers).toHaveLength(2);
  expectCutShort(answers[0]?.text ?? '');
});

test("the application's own function runs once, and its result is spoken", async () => {
  const told = await client.run('function_call', { speech: 'What is the weather in Paris?' });
  expectNoError(told);
  expect(of(told, 'called')).toEqual([{ tell: 'called', location: 'Paris' }]);
  expect(linesOf(told).at(-1)).toEqual({ role: 'assistant', text: expect.stringMatching(/rain/i) as string });
});

test('another agent takes over with its own instructions', async () => {
  const told = await client.run('handoff');
  expectNoError(told);
  expect(linesOf(told).at(-1)?.text).toMatch(/Bob/);
});

testTypes();
