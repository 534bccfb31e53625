// `pipecat-ai`, unmodified: a pipeline around its OpenAI service, and one around its Inworld service.
import { describe, expect, test, vi } from 'vitest';
import { expectHeard, of, Stage, type Told } from './support/driver.ts';

vi.setConfig({ testTimeout: 60_000 });

const client = new Stage('pipecat_client');

/** Its context at the end, line by line. */
const context = (told: readonly Told[]) => of(told, 'context')[0]?.['messages'] as { role: string; content: string }[];

describe.each(['openai', 'inworld'])('the %s service', (service) => {
  test('holds a spoken turn, which its context keeps and the sound says', async () => {
    const told = await client.run('spoken_turn', { speech: 'Can you hear me?' }, { service });
    expect(of(told, 'error')).toEqual([]);
    const [question, answer] = context(told).slice(-2);
    expect([question?.role, answer?.role]).toEqual(['user', 'assistant']);
    expectHeard('can you hear me', question?.content ?? '');
    expectHeard(answer?.content ?? '', await client.understand(told));
  });

  test('is interrupted by speech, and answers it', async () => {
    const told = await client.run('barge_in', { speech: 'Please stop now.' }, { service });
    expect(of(told, 'error')).toEqual([]);
    expect(of(told, 'interrupted')).not.toEqual([]);
    const lines = context(told);
    expect(lines.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(lines[1]?.content).toMatch(/one thousand/i);
    expectHeard('please stop now', lines[2]?.content ?? '');
  });

  test("runs the application's function once, and speaks of its result", async () => {
    const told = await client.run('function_call', { speech: 'What is the weather in Paris?' }, { service });
    expect(of(told, 'error')).toEqual([]);
    expect(of(told, 'called')).toEqual([{ tell: 'called', location: 'Paris' }]);
  });
});

test('the Inworld service holds a turn whose end its application tells, without one of the server', async () => {
  const told = await client.run('turn_by_hand', { speech: 'What can you do?' });
  expect(of(told, 'error')).toEqual([]);
  expect(of(told, 'answers')).toEqual([{ tell: 'answers', count: 1 }]);
  expect(String(of(told, 'said')[0]?.['text'])).toMatch(/time/);
});
