// Several language models as one: who is asked, when the next one is, and that a listener never hears of it.
import { expect, test } from 'vitest';
import type { Attempt, LlmOptions } from '../../../src/engines/engine.ts';
import { fallbackLlm } from '../../../src/engines/routing/fallback-llm.ts';
import { askingOf, type Doing, hangs, hear, Models, prompt, told } from './models.ts';
import { textOf } from '../../contract/llm.ts';
import { settled } from '../../rig.ts';
import { Chance } from '../../session/chance.ts';

interface Rig {
  readonly models: Models;
  readonly asking: ReturnType<typeof askingOf>;
  ask(ids: readonly string[], wish?: Partial<LlmOptions>): ReturnType<typeof hear> & { stop: AbortController; seen: Attempt[] };
}

function rig(ttftMs?: number): Rig {
  const models = new Models();
  const asking = askingOf(models, { ttftMs });
  return {
    models,
    asking,
    ask(ids, wish = {}) {
      const stop = new AbortController();
      const seen: Attempt[] = [];
      const llm = fallbackLlm(
        ids.map((id) => models.candidate(id)),
        asking,
      );
      const heard = hear(
        llm.respond(prompt(), { model: 'asked', onAttempt: (attempt) => seen.push(attempt), ...wish }, stop.signal),
        models.clock,
      );
      return Object.assign(heard, { stop, seen });
    },
  };
}

const chain = ['a/one', 'b/two', 'c/three'];

test('the first that begins to answer is the answer, and the others are not asked', async () => {
  const { models, asking, ask } = rig();
  const answer = ask(chain);
  await models.pass(40);
  expect(textOf(answer.parts)).toBe('one1 one2 one3 ');
  expect(answer.parts.at(-1)).toEqual({ type: 'end', reason: 'stop' });
  expect(models.asked.map(({ model }) => model)).toEqual(['a/one']);
  expect(told(asking.attempts)).toEqual(['a/one answered 10']);
});

test.each(['rate_limited', 'broken', 'crashed', 'timeout', 'unavailable', 'unauthorized', 'rejected'] as const)(
  'after %s the next is asked at once, with the same prompt and options',
  async (fails) => {
    const { models, asking, ask } = rig();
    models.does('a/one', { afterMs: 20, fails });
    const answer = ask(chain, { temperature: 0.3 });
    await models.pass(60);
    expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
    expect(models.asked.map(({ model, atMs }) => `${model} ${atMs}`)).toEqual(['a/one 0', 'b/two 20']);
    expect(models.asked[1]).toMatchObject({ prompt: prompt(), options: { model: 'two', temperature: 0.3 } });
    expect(told(asking.attempts)).toEqual([`a/one ${fails} 20`, 'b/two answered 10']);
    expect(answer.seen).toEqual(asking.attempts);
  },
);

test('when all have failed, the last one that failed says why, once it was asked a second time', async () => {
  const { models, asking, ask } = rig();
  models.does('a/one', { fails: 'rate_limited' });
  models.does('b/two', { fails: 'unauthorized' });
  models.does('c/three', { fails: 'broken' });
  const answer = ask(chain);
  await models.pass(400);
  expect(answer.error).toMatchObject({ engine: 'c', reason: 'broken' });
  expect(models.asked.map(({ model, atMs }) => `${model} ${atMs}`)).toEqual(['a/one 0', 'b/two 10', 'c/three 20', 'c/three 280']);
  expect(told(asking.attempts)).toEqual(['a/one rate_limited 10', 'b/two unauthorized 10', 'c/three broken 10', 'c/three broken 10']);
});

test('an answer that has begun is never begun again by anybody: its failure is the answer’s', async () => {
  const { models, ask } = rig();
  models.does('a/one', { words: 2, thenFails: 'broken' });
  const answer = ask(chain);
  await models.pass(400);
  expect(textOf(answer.parts)).toBe('one1 one2 ');
  expect(answer.error).toMatchObject({ engine: 'a', reason: 'broken' });
  expect(models.asked).toHaveLength(1);
});

test('one that ends without a part has failed', async () => {
  const { models, ask } = rig();
  models.llm('a').respond = async function* () {};
  const answer = ask(chain);
  await models.pass(40);
  expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
  expect(answer.seen[0]).toMatchObject({ outcome: 'failed', reason: 'broken' });
});

test('a fault of ours is passed on as it is, and nobody else is asked', async () => {
  const { models, ask } = rig();
  models.llm('a').respond = () => {
    throw new Error('ours');
  };
  const answer = ask(chain);
  await settled();
  expect(answer.error).toMatchObject({ name: 'Error', message: 'ours' });
  expect(models.asked).toEqual([]);
});

test('after 300 ms without a part the next is asked, within 20 ms; the one before is told to stop', async () => {
  const { models, asking, ask } = rig(300);
  models.does('a/one', hangs);
  const answer = ask(chain);
  await models.pass(299);
  expect(models.asked).toHaveLength(1);
  await models.pass(21);
  expect(models.asked.map(({ model, atMs }) => `${model} ${atMs}`)).toEqual(['a/one 0', 'b/two 300']);
  expect(models.asked[0]?.signal.aborted).toBe(true);
  await models.pass(40);
  expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
  expect(told(asking.attempts)).toEqual(['a/one ttft_timeout 300', 'b/two answered 10']);
});

test('one that does not stop when it is told to is not waited for, and what it still says is heard by nobody', async () => {
  const { models, ask } = rig(300);
  models.does('a/one', { ...hangs, deafMs: 1000 });
  const answer = ask(chain);
  await models.pass(320);
  expect(models.asked.map(({ model, atMs }) => `${model} ${atMs}`)).toEqual(['a/one 0', 'b/two 305']);
  await models.pass(1500);
  expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
});

test('the last one is never cut off, and neither is one that is alone', async () => {
  for (const ids of [['a/one', 'b/two'], ['b/two']]) {
    const { models, ask } = rig(300);
    models.does('a/one', hangs);
    models.does('b/two', { afterMs: 5000 });
    const answer = ask(ids);
    await models.pass(6000);
    expect(textOf(answer.parts)).toBe('two1 two2 two3 ');
    expect(answer.error).toBeUndefined();
  }
});

test('who interrupts while a model hangs ends it at once, and nobody else is asked', async () => {
  const { models, asking, ask } = rig(300);
  models.does('a/one', { ...hangs, deafMs: 1000 });
  const answer = ask(chain);
  await models.pass(100);
  answer.stop.abort();
  await settled();
  expect([answer.over, answer.error, answer.parts]).toEqual([true, undefined, []]);
  await models.pass(1000);
  expect(models.asked).toHaveLength(1);
  expect(told(asking.attempts)).toEqual(['a/one aborted 100']);
});

test('who interrupts before anybody is asked has nobody asked', async () => {
  const { models, ask } = rig();
  const answer = ask(chain);
  answer.stop.abort();
  await models.pass(100);
  expect([answer.over, answer.parts, answer.error]).toEqual([true, [], undefined]);
});

test('a reader that leaves in the middle has the model stop', async () => {
  const { models, asking } = rig();
  const llm = fallbackLlm([models.candidate('a/one'), models.candidate('b/two')], asking);
  const reading = (async () => {
    for await (const part of llm.respond(prompt(), { model: '' }, new AbortController().signal)) if (part.type === 'text') break;
  })();
  await models.pass(30);
  await reading;
  expect(models.asked[0]?.signal.aborted).toBe(true);
});

test('one that failed is asked after the others for 30 s, and by whoever has nobody else', async () => {
  const { models, ask } = rig();
  models.does('a/one', { fails: 'rate_limited' }, {});
  ask(chain);
  await models.pass(50);
  models.asked.length = 0;
  ask(chain);
  ask(['a/one']);
  await models.pass(50);
  expect(models.asked.map(({ model }) => model)).toEqual(['b/two', 'a/one']);
});

test('it is asked first again after 30 s, when its service had wanted longer after that, and once it has answered', async () => {
  const { models, asking, ask } = rig();
  models.does('a/one', { fails: 'rate_limited', retryAfterMs: 60_000 }, {});
  models.does('b/two', { fails: 'crashed' }, {});
  ask(chain);
  await models.pass(50);
  const first = () => asking.health.inOrder(chain.map((id) => ({ id }))).map(({ id }) => id);
  expect(first()).toEqual(['c/three', 'a/one', 'b/two']);
  models.clock.advance(30_000);
  expect(first()).toEqual(['b/two', 'c/three', 'a/one']);
  models.clock.advance(30_000);
  expect(first()).toEqual(chain);
  models.does('a/one', { fails: 'broken' }, {});
  ask(chain);
  await models.pass(50);
  expect(first()[0]).toBe('b/two');
  ask(['a/one']);
  await models.pass(50);
  expect(first()).toEqual(chain);
});

test('what was wrong with a request makes nobody rest, and neither does being slow', async () => {
  const { models, asking, ask } = rig(300);
  models.does('a/one', { fails: 'rejected' });
  models.does('b/two', hangs);
  ask(chain);
  await models.pass(400);
  expect(asking.health.inOrder(chain.map((id) => ({ id }))).map(({ id }) => id)).toEqual(chain);
});

test('of one model that answers at once whoever asked is told nothing; of a second try both', async () => {
  const { models, asking, ask } = rig();
  const quiet = ask(['a/one']);
  await models.pass(40);
  models.does('a/one', { fails: 'broken' }, {});
  const tried = ask(['a/one']);
  await models.pass(400);
  expect([told(quiet.seen), told(tried.seen)]).toEqual([[], ['a/one broken 10', 'a/one answered 10']]);
  expect(asking.attempts).toHaveLength(3);
});

test('a candidate without a model of its own is asked for the one that is wanted', async () => {
  const { models, asking } = rig();
  const heard = hear(
    fallbackLlm([{ provider: 'a', llm: models.llm('a') }], asking).respond(prompt(), { model: 'wanted' }, new AbortController().signal),
    models.clock,
  );
  await models.pass(40);
  expect(textOf(heard.parts)).toBe('wanted1 wanted2 wanted3 ');
  expect(told(asking.attempts)).toEqual(['a/wanted answered 10']);
});

test('an answer’s pace is measured from its first part to its end', async () => {
  const { models, asking, ask } = rig();
  models.does('a/one', { afterMs: 200, words: 20, everyMs: 10 });
  ask(['a/one']);
  await models.pass(450);
  expect(asking.health.figures('a/one')).toEqual({ firstPartMs: 200, tokensPerSecond: 100 });
});

test('at random: one at a time, in their order, nothing after the first part but its own, and one end', async () => {
  const count = Number(process.env['FALLBACK_ROUNDS'] ?? 150);
  const seed = Number(process.env['FALLBACK_SEED'] ?? 7);
  const chance = new Chance(seed);
  const random = () => chance.next();
  const reasons = ['rate_limited', 'broken', 'crashed', 'timeout', 'unavailable', 'unauthorized', 'rejected'] as const;
  const doing = (): Doing => ({
    ...(random() < 0.25 ? hangs : { afterMs: Math.floor(random() * 500) }),
    ...(random() < 0.4 ? { fails: chance.pick(reasons) } : {}),
    ...(random() < 0.2 ? { thenFails: chance.pick(reasons) } : {}),
    words: Math.floor(random() * 4) + 1,
  });
  const faults: string[] = [];
  for (let round = 0; round < count; round++) {
    const { models, ask } = rig(random() < 0.7 ? 300 : undefined);
    const ids = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => `p${index}/m${index}_`);
    for (const id of ids) models.does(id, doing(), doing());
    const plan = JSON.stringify([...models.doing]);
    const answer = ask(ids);
    const stopAtMs = random() < 0.2 ? Math.floor(random() * 800) : undefined;
    let lives = false;
    if (stopAtMs !== undefined) {
      await models.pass(stopAtMs, 10);
      answer.stop.abort();
      await settled();
      lives = !answer.over;
    }
    await models.pass(1500, 10);
    const wrong = wrongIn(
      ids,
      models.asked.map(({ model }) => model),
      answer,
    );
    if (lives) wrong.push('goes on after it was aborted');
    if (models.mostAtWork > 1) wrong.push('two at a time');
    faults.push(...wrong.map((what) => `${what}: round ${round} of seed ${seed}: ${plan}`));
  }
  expect(faults).toEqual([]);
});

/** What an answer must not be, whatever its models do. */
function wrongIn(
  ids: readonly string[],
  asked: readonly string[],
  { parts, seen }: Pick<ReturnType<ReturnType<typeof rig>['ask']>, 'parts' | 'seen'>,
): string[] {
  const each = [...new Set(asked)];
  const last = ids.at(-1) ?? '';
  const texts = parts.flatMap((part) => (part.type === 'text' ? part.text : []));
  const speaker = asked.at(-1)?.split('/')[1] ?? '';
  const ends = parts.filter(({ type }) => type === 'end').length;
  const answered = seen.filter(({ outcome }) => outcome === 'answered').length;
  return [
    each.join() === ids.slice(0, each.length).join() ? [] : 'another order',
    asked.length - each.length > (asked.at(-1) === last ? 1 : 0) ? 'one that is not the last was asked twice, or more often' : [],
    texts.every((text, index) => text === `${speaker}${index + 1} `) ? [] : 'words of two models, or not all of them',
    ends > 1 || (ends === 1 && parts.at(-1)?.type !== 'end') ? 'more after the end' : [],
    answered > 1 ? 'two have answered' : [],
  ].flat();
}
