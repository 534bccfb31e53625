// `strands-agents`, unmodified: its bidirectional agent over the OpenAI model.
import { expect, test, vi } from 'vitest';
import { expectHeard, of, Stage, type Told } from './support/driver.ts';

vi.setConfig({ testTimeout: 60_000 });

const client = new Stage('strands_client');

const said = (told: readonly Told[], role: string) =>
  of(told, 'said')
    .filter((line) => line['role'] === role)
    .map(({ transcript }) => String(transcript));

test('a spoken turn is transcribed on both sides, and the sound says the words', async () => {
  const told = await client.run('spoken_turn', { speech: 'Can you hear me?' });
  expectHeard('can you hear me', said(told, 'user').join(' '));
  expectHeard(said(told, 'assistant').join(' '), await client.understand(told));
});

test('speech interrupts a long answer, and is answered', async () => {
  const told = await client.run('barge_in', { speech: 'Please stop now.' });
  expect(of(told, 'interrupted')).toHaveLength(1);
  expectHeard('please stop now', said(told, 'user').join(' '));
});

test('its tool runs once, and the result is spoken', async () => {
  const told = await client.run('function_call', { speech: 'What is the weather in Paris?' });
  expect(of(told, 'called')).toEqual([{ tell: 'called', location: 'Paris' }]);
  expect(said(told, 'assistant').at(-1)).toMatch(/rain/i);
});

test('a conversation of before is taken up', async () => {
  expect(said(await client.run('history'), 'assistant')).toEqual([expect.stringMatching(/blue/)]);
});
