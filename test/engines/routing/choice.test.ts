// Who takes which variant: by the weights, and for ever the same for the same user.
import { expect, test } from 'vitest';
import { choose } from '../../../src/engines/routing/smart/choice.ts';
import { matchBudget } from '../../../src/engines/routing/smart/conditions.ts';
import { Chance } from '../../session/chance.ts';
import { Models, routesOf } from './models.ts';

function router(weights: Readonly<Record<string, number>>, name = 'split') {
  const variants = Object.entries(weights).map(([variant_id, weight]) => ({ variant: { variant_id, model_id: 'openai/gpt-5' }, weight }));
  const { routes } = routesOf(new Models());
  return routes.read({ default_route: { route_id: 'r', variants } }, name).router;
}

const nobody = { user: undefined, session: undefined, metadata: {}, messages: () => [], matching: matchBudget() };
const never = () => {
  throw new Error('Chance was asked.');
};

function variantOf(
  by: ReturnType<typeof router>,
  who: Partial<typeof nobody> | { user?: string; session?: string },
  chance: () => number = never,
): string {
  const choice = choose(by, { ...nobody, ...who }, chance);
  return choice.route ? choice.variant.id : '';
}

const weights = { a: 70, b: 20, c: 9.5, d: 0.5, none: 0 };
const draws = 100_000;

function shares(variantAt: (index: number) => string): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(Object.keys(weights).map((id) => [id, 0]));
  for (let index = 0; index < draws; index++) {
    const id = variantAt(index);
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([id, count]) => [id, (100 * count) / draws]));
}

test.each<[string, (index: number, chance: () => number) => { user?: string; session?: string }]>([
  ['users', (index) => ({ user: `user-${index}` })],
  ['sessions', (index) => ({ session: `sess_${index}` })],
  ['requests of nobody', () => ({})],
])('100,000 %s are split as the weights say, to within 1 of 100', (_, who) => {
  const by = router(weights);
  const random = new Chance(5);
  const chance = () => random.next();
  const found = shares((index) => variantOf(by, who(index, chance), chance));
  for (const [id, weight] of Object.entries(weights)) expect(Math.abs((found[id] ?? 0) - weight), `${id}: ${found[id]}`).toBeLessThan(1);
  expect(found['none']).toBe(0);
});

test('a user’s variant is a function of router, route and user: after a restart, and in every later version, it is the same', () => {
  const by = router({ a: 50, b: 50 });
  const users = ['ann', 'bob', 'carol', 'dave', 'eve', 'user-17', '日本'];
  expect(users.map((user) => `${user}: ${variantOf(by, { user })}`)).toEqual([
    'ann: b',
    'bob: a',
    'carol: a',
    'dave: a',
    'eve: a',
    'user-17: b',
    '日本: a',
  ]);
  expect(users.map((user) => variantOf(router({ a: 50, b: 50 }), { user }))).toEqual(users.map((user) => variantOf(by, { user })));
});

test('who is known by name stays, whatever the session; a session without a user keeps its variant, and is no user of that name', () => {
  const by = router({ a: 50, b: 50 });
  const names = Array.from({ length: 200 }, (_, index) => `x${index}`);
  for (const name of names) expect(variantOf(by, { user: name, session: 'sess_1' })).toBe(variantOf(by, { user: name, session: 'sess_2' }));
  const differing = names.filter((name) => variantOf(by, { user: name }) !== variantOf(by, { session: name }));
  expect(differing.length).toBeGreaterThan(50);
});

test('routers split their users independently of each other', () => {
  const [one, other] = [router({ a: 50, b: 50 }, 'one'), router({ a: 50, b: 50 }, 'other')];
  const both = Array.from({ length: 4000 }, (_, index) => variantOf(one, { user: `u${index}` }) + variantOf(other, { user: `u${index}` }));
  for (const pair of ['aa', 'ab', 'ba', 'bb']) expect(both.filter((each) => each === pair).length / 4000).toBeCloseTo(0.25, 1);
});

test('a change of weights moves only those whom it must', () => {
  const [before, after] = [router({ a: 80, b: 20 }), router({ a: 70, b: 30 })];
  const users = Array.from({ length: 10_000 }, (_, index) => `u${index}`);
  const moved = users.filter((user) => variantOf(before, { user }) !== variantOf(after, { user }));
  expect(moved.length / users.length).toBeCloseTo(0.1, 1);
  for (const user of moved) expect(variantOf(before, { user })).toBe('a');
});

test('an empty name is nobody’s', () => {
  const by = router({ a: 50, b: 50 });
  expect([0.2, 0.8].map((point) => variantOf(by, { user: '' }, () => point))).toEqual(['a', 'b']);
});

test('chance at its very end takes the last variant that has a weight', () => {
  expect(variantOf(router({ a: 33.4, b: 33.3, c: 33.3, none: 0 }), {}, () => 1 - 2 ** -53)).toBe('c');
});
