// `pydantic-ai`, unmodified: an agent's realtime session.
import { expect, test, vi } from 'vitest';
import { expectHeard, linesOf, of, Stage } from './support/driver.ts';

vi.setConfig({ testTimeout: 60_000 });

const client = new Stage('pydantic_client');

test('a spoken turn is in its messages, and the sound says the words', async () => {
  const told = await client.run('spoken_turn', { speech: 'Can you hear me?' });
  expect(of(told, 'error')).toEqual([]);
  const [question, answer] = linesOf(told);
  expectHeard('can you hear me', question?.text ?? '');
  expectHeard(answer?.text ?? '', await client.understand(told));
});

test('speech interrupts a long answer where its loudspeaker was', async () => {
  const told = await client.run('barge_in', { speech: 'Please stop now.' });
  expect(of(told, 'error')).toEqual([]);
  const lines = linesOf(told);
  expect(lines.map(({ part }) => part)).toEqual(['UserPromptPart', 'SpeechPart', 'SpeechPart', 'SpeechPart']);
  expect(lines[1]?.interruptedAtMs).toBeGreaterThan(500);
  expect(lines[1]?.interruptedAtMs).toBeLessThan(8000);
  expectHeard('please stop now', lines[2]?.text ?? '');
});

test('its tool runs once, and the result is spoken', async () => {
  const told = await client.run('function_call', { speech: 'What is the weather in Paris?' });
  expect(of(told, 'error')).toEqual([]);
  expect(of(told, 'called')).toEqual([{ tell: 'called', location: 'Paris' }]);
  expect(linesOf(told).at(-1)).toMatchObject({ part: 'SpeechPart', text: expect.stringMatching(/rain/i) as string });
});
