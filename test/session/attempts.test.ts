// Which models were asked for a response is told to its client, where there were several: Inworld's `metadata.attempts`.
import { describe, expect, test } from 'vitest';
import type { ModelAttempt } from '../../src/session/facts.ts';
import { Rig } from './rig.ts';

const usage = { inputTokens: 20, outputTokens: 10, cachedTokens: 0 };

function asked(attempts: readonly ModelAttempt[], response: object = {}, before: (rig: Rig) => void = () => {}) {
  const rig = new Rig({ turnDetection: null });
  rig.says('Hello.');
  rig.client({ type: 'response.create', response });
  for (const attempt of attempts) rig.fact({ kind: 'run.attempt', run: 'run_1', ...attempt });
  before(rig);
  rig.fact({ kind: 'run.text', run: 'run_1', delta: 'Hi.' });
  rig.fact({ kind: 'run.ended', run: 'run_1', reason: 'stop', usage });
  return { rig, created: rig.last('response.created').response.metadata, done: rig.last('response.done').response.metadata };
}

const late: ModelAttempt = { model: 'openai/gpt-5', outcome: 'failed', reason: 'ttft_timeout', ms: 300, route: 'premium', variant: 'best' };
const answered: ModelAttempt = { model: 'groq/llama', outcome: 'answered', ms: 120, route: 'premium', variant: 'best' };

test('C40: what was tried, in order, and the route and variant of a router, in response.done', () => {
  const { created, done } = asked([late, answered]);
  expect(created).toBeNull();
  expect(done).toEqual({
    attempts: '[{"model":"openai/gpt-5","success":false,"ms":300,"error":"ttft_timeout"},{"model":"groq/llama","success":true,"ms":120}]',
    route: 'premium',
    variant: 'best',
  });
});

test('of two that were asked at the same time, which was asked as well, and that the other was slower', () => {
  const { done } = asked([
    { model: 'openai/gpt-5', outcome: 'outpaced', ms: 700 },
    { model: 'groq/llama', outcome: 'answered', ms: 120, hedged: true },
  ]);
  expect(JSON.parse(done?.['attempts'] ?? '')).toEqual([
    { model: 'openai/gpt-5', success: false, ms: 700, error: 'outpaced' },
    { model: 'groq/llama', success: true, ms: 120, hedged: true },
  ]);
});

test('of one model there is nothing to tell', () => {
  expect(asked([]).done).toBeNull();
});

test('the client’s own pairs stay as they are', () => {
  const { created, done } = asked([answered], { metadata: { topic: 'weather', route: 'my own' } });
  expect(created).toEqual({ topic: 'weather', route: 'my own' });
  expect(done).toEqual({ topic: 'weather', route: 'my own', variant: 'best', attempts: expect.stringContaining('groq/llama') as unknown });
});

test('a response that failed, or was cancelled, tells it too', () => {
  const failed = new Rig({ turnDetection: null });
  failed.says('Hello.');
  failed.client({ type: 'response.create' });
  failed.fact({ kind: 'run.attempt', run: 'run_1', ...late });
  failed.fact({ kind: 'run.ended', run: 'run_1', reason: 'failed', usage, failure: { code: 'timeout', message: 'x' } });
  expect(failed.last('response.done').response).toMatchObject({ status: 'failed', metadata: { variant: 'best' } });
  const { rig } = asked([late], {}, (each) => each.client({ type: 'response.cancel' }));
  expect(rig.last('response.done').response).toMatchObject({ status: 'cancelled', metadata: { route: 'premium' } });
});

describe('what is told is bounded', () => {
  test('to the last of it that fits into 512 characters', () => {
    const many = Array.from(
      { length: 12 },
      (_, index): ModelAttempt => ({ model: `provider/model-${index}`, outcome: 'failed', reason: 'rate_limited', ms: 1 }),
    );
    const { done } = asked([...many, answered]);
    const attempts = JSON.parse(done?.['attempts'] ?? '') as { model: string }[];
    expect((done?.['attempts'] ?? '').length).toBeLessThanOrEqual(512);
    expect(attempts.at(-1)?.model).toBe('groq/llama');
    expect(attempts.length).toBeGreaterThan(4);
  });
});
