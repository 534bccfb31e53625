// With what a session may be taken up: each token once, and the one before only until its successor has arrived.
import { expect, test } from 'vitest';
import { ResumeTokens } from '../../src/access/resume-tokens.ts';
import { randomToken } from '../../src/lib/ids.ts';

test('a token that was offered holds, and no other does', () => {
  const tokens = new ResumeTokens(randomToken);
  const { token } = tokens.offer();
  expect(token).toMatch(/^[0-9A-Za-z]{43}$/);
  expect(tokens.holds(token)).toBe(true);
  for (const other of ['', token.slice(1), `${token}x`, new ResumeTokens(randomToken).offer().token]) {
    expect(tokens.holds(other)).toBe(false);
    expect(tokens.use(other)).toBe(false);
  }
  expect(tokens.use(token)).toBe(true);
});

test('a used token holds until its successor has arrived, and then no more', () => {
  const tokens = new ResumeTokens(randomToken);
  const first = tokens.offer();
  expect(tokens.use(first.token)).toBe(true);
  const second = tokens.offer();
  expect(tokens.use(first.token)).toBe(true);
  second.arrived();
  expect(tokens.use(first.token)).toBe(false);
  expect(tokens.use(second.token)).toBe(true);
});

test('whoever shows a successor has it: what was offered before holds no more, what was offered after does', () => {
  const tokens = new ResumeTokens(randomToken);
  const [first, second, third] = [tokens.offer(), tokens.offer(), tokens.offer()];
  expect(tokens.use(second.token)).toBe(true);
  expect(tokens.holds(first.token)).toBe(false);
  expect(tokens.holds(third.token)).toBe(true);
  // Late word of what is past changes nothing.
  first.arrived();
  expect(tokens.holds(third.token)).toBe(true);
});

test('of tokens that never arrive the oldest go', () => {
  const tokens = new ResumeTokens(randomToken);
  const offered = Array.from({ length: 20 }, () => tokens.offer().token);
  expect(offered.map((token) => tokens.holds(token)).filter(Boolean)).toHaveLength(8);
  expect(tokens.holds(offered.at(-1) ?? '')).toBe(true);
});
