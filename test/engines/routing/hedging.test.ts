// Two language models at a time: when the second is asked, who is the answer, and what becomes of the other.
import { describe, expect, test } from 'vitest';
import { type Used, meteredLlm } from '../../../src/engines/metered.ts';
import type { Attempt, LlmOptions } from '../../../src/engines/engine.ts';
import { fallbackLlm } from '../../../src/engines/routing/fallback-llm.ts';
import { never, nextMove } from '../../../src/engines/routing/next-move.ts';
import { textOf } from '../../contract/llm.ts';
import { settled } from '../../rig.ts';
import { Chance } from '../../session/chance.ts';
import { askingOf, type Doing, hangs, hear, Models, prompt } from './models.ts';

const chain = ['a/one', 'b/two', 'c/three'];

function rig({ hedgeMs, ttftMs }: { hedgeMs?: number; ttftMs?: number } = { hedgeMs: 200 }) {
  const models = new Models();
  const asking = askingOf(models, { hedgeMs, ttftMs });
  const used: Used[] = [];
  return {
    models,
    asking,
    used,
    ask(ids: readonly string[] = chain, wish: Partial<LlmOptions> = {}) {
      const stop = new AbortController();
      const seen: Attempt[] = [];
      const candidates = ids.map((id) => {
        const candidate = models.candidate(id);
        return {
          ...candidate,
          llm: meteredLlm(
            candidate.llm,
            (model) => `${candidate.provider}/${model}`,
            (each) => used.push(each),
          ),
        };
      });
      const options = { model: '', onAttempt: (attempt: Attempt) => void seen.push(attempt), ...wish };
      const heard = hear(fallbackLlm(candidates, asking).respond(prompt(), options, stop.signal), models.clock);
      return Object.assign(heard, { stop, seen });
    },
    /** `a/one 0`: who was asked, and when. */
    get asked() {
      return models.asked.map(({ model, atMs }) => `${model} ${atMs}`);
    },
  };
}

/** `b/two answered 10 hedged` */
function told(attempts: readonly Attempt[]): string[] {
  return attempts.map((attempt) => {
    const outcome = attempt.outcome === 'failed' ? attempt.reason : attempt.outcome;
    return `${attempt.model} ${outcome} ${attempt.ms}${attempt.hedged ? ' hedged' : ''}`;
  });
}

describe('the rule', () => {
  const patience = { ttftMs: 1000, hedgeMs: 300 };
  test.each([
    ['nobody is at work: the next is asked', [], 2, 0, { kind: 'ask' }],
    ['one has just been asked: it is waited for until the hedge', [100], 2, 100, { kind: 'wait', untilMs: 400 }],
    ['one is silent: a second is asked as well', [100], 2, 400, { kind: 'ask' }],
    ['two are silent: never a third', [100, 400], 1, 900, { kind: 'wait', untilMs: 1100 }],
    ['the first is too late: it is left', [100, 400], 0, 1100, { kind: 'leave' }],
    ['the last one is alone: it is waited for, however long', [400], 0, 9000, { kind: 'wait', untilMs: never }],
  ] as const)('%s', (_, askedAtMs, waiting, nowMs, move) => {
    expect(nextMove(askedAtMs, waiting, nowMs, patience)).toEqual(move);
  });
});

test('without it nobody is asked as well, however long the first is silent', async () => {
  const run = rig({});
  run.models.does('a/one', { afterMs: 5000 });
  const answer = run.ask();
  await run.models.pass(5100, 10);
  expect(textOf(answer.parts)).toBe('one1 one2 one3 ');
  expect(run.asked).toEqual(['a/one 0']);
});

test('a first that begins in time is the answer, and nobody else is asked', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 199 });
  const answer = run.ask();
  await run.models.pass(300);
  expect(textOf(answer.parts)).toBe('one1 one2 one3 ');
  expect(run.asked).toEqual(['a/one 0']);
  expect(told(answer.seen)).toEqual(['a/one answered 199']);
});

test('after the delay the next is asked as well; when it begins first it is the answer, and the first is called off', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 900 });
  run.models.does('b/two', { afterMs: 50 });
  const answer = run.ask();
  await run.models.pass(251);
  expect(run.asked).toEqual(['a/one 0', 'b/two 200']);
  expect(run.models.asked[0]?.signal.aborted).toBe(true);
  await run.models.pass(800);
  expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
  expect(answer.firstAtMs).toBe(250);
  expect(told(answer.seen)).toEqual(['a/one outpaced 250', 'b/two answered 50 hedged']);
  expect(run.asking.attempts).toEqual(answer.seen);
  expect(run.models.mostAtWork).toBe(2);
});

test('when the first begins after all before the second, it is the answer, and the second is called off', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 230 });
  run.models.does('b/two', { afterMs: 50 });
  const answer = run.ask();
  await run.models.pass(300);
  expect(textOf(answer.parts)).toBe('one1 one2 one3 ');
  expect(run.models.asked[1]?.signal.aborted).toBe(true);
  expect(told(answer.seen)).toEqual(['b/two outpaced 30 hedged', 'a/one answered 230']);
});

test('one that is outpaced is known to be slow, unless it had less time; it does not rest', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 900 }, { afterMs: 230 });
  run.models.does('b/two', { afterMs: 50 }, { afterMs: 900 });
  run.ask();
  await run.models.pass(400);
  expect(run.asking.health.figures('a/one').firstPartMs).toBe(250);
  const before = run.asking.health.figures('b/two').firstPartMs;
  run.ask();
  await run.models.pass(400);
  expect(run.asking.health.figures('b/two').firstPartMs).toBe(before);
  expect(run.asking.health.inOrder(chain.map((id) => ({ id }))).map(({ id }) => id)).toEqual(chain);
});

test('a first that fails while the second is at work leaves the answer to it; nobody else is asked', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 210, fails: 'broken' });
  run.models.does('b/two', { afterMs: 150 });
  const answer = run.ask();
  await run.models.pass(400);
  expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
  expect(run.asked).toEqual(['a/one 0', 'b/two 200']);
  expect(told(answer.seen)).toEqual(['a/one broken 210', 'b/two answered 150 hedged']);
});

test('a second that fails while the first is silent has the third asked as well', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 5000 });
  run.models.does('b/two', { afterMs: 20, fails: 'rate_limited' });
  const answer = run.ask();
  await run.models.pass(400);
  expect(run.asked).toEqual(['a/one 0', 'b/two 200', 'c/three 220']);
  expect(textOf(answer.parts)).toBe('three1 three2 three3 ');
  expect(told(answer.seen)).toEqual(['b/two rate_limited 20 hedged', 'a/one outpaced 230', 'c/three answered 10 hedged']);
});

test('when both fail, the one that failed last says why, once it was asked a second time', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 300, fails: 'broken' });
  run.models.does('b/two', { afterMs: 20, fails: 'unauthorized' });
  const answer = run.ask(['a/one', 'b/two']);
  await run.models.pass(1200);
  expect(answer.error).toMatchObject({ engine: 'a', reason: 'broken' });
  expect(run.asked).toEqual(['a/one 0', 'b/two 200', 'a/one 550']);
  expect(told(answer.seen)).toEqual(['b/two unauthorized 20 hedged', 'a/one broken 300', 'a/one broken 300']);
});

test('an interruption calls both off at once', async () => {
  const run = rig();
  run.models.does('a/one', { ...hangs, deafMs: 1000 });
  run.models.does('b/two', hangs);
  const answer = run.ask();
  await run.models.pass(250);
  answer.stop.abort();
  await settled();
  expect([answer.over, answer.error, answer.parts]).toEqual([true, undefined, []]);
  expect(run.models.asked.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(told(answer.seen)).toEqual(['a/one aborted 250', 'b/two aborted 50 hedged']);
  await run.models.pass(1500, 10);
  expect(run.models.asked).toHaveLength(2);
});

test('a reader that leaves in the middle of the answer has nobody work on', async () => {
  const run = rig();
  run.models.does('a/one', hangs);
  const reading = (async () => {
    const candidates = chain.map((id) => run.models.candidate(id));
    const answer = fallbackLlm(candidates, run.asking).respond(prompt(), { model: '' }, new AbortController().signal);
    for await (const part of answer) if (part.type === 'text') break;
  })();
  await run.models.pass(300);
  await reading;
  expect(run.models.asked.map(({ signal }) => signal.aborted)).toEqual([true, true]);
});

test('the deadline of the first holds as before; the second, once it is the last, is waited for', async () => {
  const run = rig({ hedgeMs: 200, ttftMs: 500 });
  run.models.does('a/one', hangs);
  run.models.does('b/two', { afterMs: 3000 });
  const answer = run.ask(['a/one', 'b/two']);
  await run.models.pass(505);
  expect(run.models.asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  await run.models.pass(3000, 5);
  expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
  expect(told(answer.seen)).toEqual(['a/one ttft_timeout 500', 'b/two answered 3000 hedged']);
});

test('once the first is left, the second has its own deadline and its own hedge', async () => {
  const run = rig({ hedgeMs: 200, ttftMs: 300 });
  for (const id of chain) run.models.does(id, hangs);
  run.ask();
  await run.models.pass(510);
  // The second, asked at 200, was silent for 200 at 400.
  expect(run.asked).toEqual(['a/one 0', 'b/two 200', 'c/three 400']);
  expect(run.models.asked.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
  expect(run.models.mostAtWork).toBe(2);
});

test('what a session says comes before what the server has: 0 is never', async () => {
  const own = rig({});
  own.models.does('a/one', hangs);
  own.ask(chain, { hedgeMs: 100 });
  await own.models.pass(150);
  expect(own.asked).toEqual(['a/one 0', 'b/two 100']);
  const none = rig();
  none.models.does('a/one', hangs);
  none.ask(chain, { hedgeMs: 0 });
  await none.models.pass(1000, 10);
  expect(none.asked).toEqual(['a/one 0']);
});

test('the tokens of the one that was outpaced are counted as well', async () => {
  const run = rig();
  run.models.does('a/one', { afterMs: 900 });
  run.models.does('b/two', { afterMs: 50 });
  run.ask(chain, { origin: { key: 'k', session: 's' } });
  await run.models.pass(400);
  expect(run.used.map(({ model, inputTokens, outputTokens }) => [model, (inputTokens ?? 0) > 0, outputTokens])).toEqual([
    ['a/one', true, 0],
    ['b/two', true, 3],
  ]);
});

test('at random: two at a time at most, in their order, the words of one only, and one end', async () => {
  const count = Number(process.env['FALLBACK_ROUNDS'] ?? 150);
  const seed = Number(process.env['FALLBACK_SEED'] ?? 7);
  const chance = new Chance(seed);
  const random = () => chance.next();
  const reasons = ['rate_limited', 'broken', 'timeout', 'unauthorized', 'rejected'] as const;
  const doing = (): Doing => ({
    ...(random() < 0.25 ? hangs : { afterMs: Math.floor(random() * 500) }),
    ...(random() < 0.4 ? { fails: chance.pick(reasons) } : {}),
    ...(random() < 0.2 ? { thenFails: chance.pick(reasons) } : {}),
    words: Math.floor(random() * 4) + 1,
  });
  const faults: string[] = [];
  for (let round = 0; round < count; round++) {
    const run = rig({ hedgeMs: 50 + Math.floor(random() * 300), ...(random() < 0.7 ? { ttftMs: 300 } : {}) });
    const ids = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => `p${index}/m${index}_`);
    for (const id of ids) run.models.does(id, doing(), doing());
    const plan = JSON.stringify([...run.models.doing]);
    const answer = run.ask(ids);
    const stopAtMs = random() < 0.2 ? Math.floor(random() * 800) : undefined;
    let lives = false;
    if (stopAtMs !== undefined) {
      await run.models.pass(stopAtMs, 10);
      answer.stop.abort();
      await settled();
      lives = !answer.over;
    }
    await run.models.pass(2500, 10);
    const asked = run.models.asked.map(({ model }) => model);
    const each = [...new Set(asked)];
    const texts = answer.parts.flatMap((part) => (part.type === 'text' ? part.text : []));
    const speaker = texts[0]?.slice(0, -2);
    const ends = answer.parts.filter(({ type }) => type === 'end').length;
    const answered = answer.seen.filter(({ outcome }) => outcome === 'answered').length;
    const wrong = [
      lives ? 'goes on after it was aborted' : [],
      run.models.mostAtWork > 2 ? 'three at a time' : [],
      each.join() === ids.slice(0, each.length).join() ? [] : 'another order',
      asked.length - each.length > 1 ? 'more than one was asked twice' : [],
      texts.every((text, index) => text === `${speaker}${index + 1} `) ? [] : 'words of two models, or not all of them',
      ends > 1 || (ends === 1 && answer.parts.at(-1)?.type !== 'end') ? 'more after the end' : [],
      answered > 1 ? 'two have answered' : [],
      ids.length > 1 && answer.over && answer.seen.length !== asked.length ? 'an attempt was not told' : [],
      // Whoever was interrupted, or outpaced, or left, does not work on.
      answer.over && run.models.asked.some(({ signal }) => !signal.aborted) ? 'somebody works for nobody' : [],
    ].flat();
    faults.push(...wrong.map((what) => `${what}: round ${round} of seed ${seed}: ${plan}`));
  }
  expect(faults).toEqual([]);
});
