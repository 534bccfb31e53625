// Who was tried for a response, where somebody failed.
import { expect, test } from 'vitest';
import { Rig } from './rig.ts';

type Attempt = { kind: string; id: string; outcome: string; ms: number };

function answered(attempts: readonly Attempt[], metadata?: Record<string, string>) {
  const rig = new Rig({ turnDetection: null });
  rig.says('Hello.');
  rig.client({ type: 'response.create', ...(metadata ? { response: { metadata } } : {}) });
  for (const attempt of attempts) rig.fact({ kind: 'run.attempt', run: 'run_1', attempt });
  rig.answer('resp_1', 'Hi.', 300);
  rig.wait(1000);
  return rig.last('response.done').response;
}

const failed = { kind: 'llm', id: 'openai/gpt-4.1', outcome: 'timeout', ms: 301.6 };
const served = { kind: 'llm', id: 'groq/llama-4', outcome: 'served', ms: 89 };

test('F02: metadata tells of those who failed, and of who served in the end', () => {
  const { metadata } = answered([failed, served]);
  expect(JSON.parse(metadata?.['attempts'] ?? '')).toEqual([
    { kind: 'llm', id: 'openai/gpt-4.1', outcome: 'timeout', ms: 302 },
    { kind: 'llm', id: 'groq/llama-4', outcome: 'served', ms: 89 },
  ]);
});

test('F02: metadata stays as the client gave it where nobody failed, and its own values are kept', () => {
  expect(answered([served]).metadata).toBeNull();
  expect(answered([served], { turn: '7' }).metadata).toEqual({ turn: '7' });
  expect(answered([failed], { attempts: 'mine' }).metadata).toEqual({ attempts: 'mine' });
  expect(Object.keys(answered([failed], { turn: '7' }).metadata ?? {})).toEqual(['attempts', 'turn']);
});

test('F02: what is told keeps to the length of a value, and begins with the oldest that still fits', () => {
  const many = Array.from({ length: 15 }, (_, index) => ({ ...failed, id: `provider/a-model-with-a-long-name-${index}` }));
  const { attempts = '' } = answered([...many, served]).metadata ?? {};
  expect(attempts.length).toBeLessThanOrEqual(512);
  expect((JSON.parse(attempts) as Attempt[]).at(-1)).toEqual(served);
});
