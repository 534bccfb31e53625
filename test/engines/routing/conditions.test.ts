// The conditions of routes: CEL over what a request brings, whatever it brings.
import { describe, expect, test } from 'vitest';
import { compileCondition, type MetadataValue } from '../../../src/engines/routing/smart/conditions.ts';
import type { PromptTurn } from '../../../src/protocol/prompt.ts';
import { messagesOf } from '../../../src/engines/routing/smart/messages.ts';
import { prompt } from './models.ts';

const user = (text: string): PromptTurn => ({ role: 'user', parts: [{ type: 'text', text }] });

function verdict(
  expression: string,
  metadata: Readonly<Record<string, MetadataValue>> = {},
  said: Parameters<typeof messagesOf>[0] = prompt('I want a Refund'),
) {
  return compileCondition(expression).evaluate({ metadata, messages: () => messagesOf(said) });
}

const holds = (...given: Parameters<typeof verdict>) => verdict(...given).holds;

test.each([
  ['tier == "premium"', true],
  ["tier == 'premium'", true],
  ['tier != "free"', true],
  ['tier in ["premium", "gold"]', true],
  ['tier == "premium" && region == "eu"', true],
  ['tier == "free" || region == "eu"', true],
  ['!(region == "us")', true],
  ['score > 5', true],
  ['score >= 7.0', true],
  ['int(level) > 2', true],
  ['beta', true],
  ['!beta', false],
  ['tier.startsWith("pre") && tier.endsWith("um") && tier.contains("miu")', true],
  ['size(tier) == 7', true],
  ['level == 3', false],
  ['true', true],
  ['constructor == "x"', true],
  ['toString == "x"', false],
])('%s', (expression, expected) => {
  expect(holds(expression, { tier: 'premium', region: 'eu', score: 7, level: '3', beta: true, constructor: 'x' })).toBe(expected);
});

describe('a variable that is missing', () => {
  test('makes a condition false, and it is told which', () => {
    expect(verdict('tier == "premium"')).toEqual({ holds: false, problem: 'Unknown variable: tier' });
    expect(verdict('!(tier == "premium")')).toEqual({ holds: false, problem: 'Unknown variable: tier' });
  });

  test('does not spoil another that holds', () => {
    expect(holds('tier == "premium" || region == "eu"', { region: 'eu' })).toBe(true);
  });
});

test('a value of another type makes a condition false', () => {
  expect(holds('score > 5', { score: 'seven' })).toBe(false);
  expect(holds('tier', { tier: 'premium' })).toBe(false);
});

describe('messages', () => {
  const talk = prompt('', {
    turns: [
      user('Hello'),
      { role: 'assistant', text: 'Hi.', interrupted: false },
      { role: 'call', callId: 'c1', name: 'get_weather', arguments: '{"city":"Paris"}' },
      { role: 'result', callId: 'c1', output: 'sunny' },
      {
        role: 'user',
        parts: [
          { type: 'image', url: 'data:', detail: 'auto' },
          { type: 'text', text: 'And REFUND' },
        ],
      },
    ],
  });

  test.each([
    ['size(messages) == 6', true],
    ['messages[0].role == "system" && messages[0].content == "You are Ada."', true],
    ['messages.first().role == "system"', true],
    ['messages.last().content == "And REFUND"', true],
    ['messages[size(messages) - 1].role == "user"', true],
    ['messages.exists(m, m.role == "tool" && m.content == "sunny" && m.tool_call_id == "c1")', true],
    ['messages.exists(m, has(m.tool_calls) && m.tool_calls[0].function.name == "get_weather")', true],
    ['messages.filter(m, m.role == "user").size() == 2', true],
    ['messages.all(m, m.role != "developer")', true],
    ['messages.last().content.matches("(?i)refund")', true],
    ['messages.last().content.matches("refund")', false],
    ['(messages.last().content).matches("^And (REFUND|CREDIT)$") && !messages.last().content.matches("^x")', true],
    ['messages.last().content.matches("\\\\bREF")', true],
  ])('%s', (expression, expected) => {
    expect(holds(expression, {}, talk)).toBe(expected);
  });

  test('a key of the metadata called messages does not hide them', () => {
    expect(holds('messages.last().content == "I want a Refund"', { messages: 'mine' })).toBe(true);
  });

  test('are made only for a condition that looks at them', () => {
    const never = () => {
      throw new Error('They were made.');
    };
    expect(compileCondition('tier == "a"').evaluate({ metadata: { tier: 'a' }, messages: never })).toEqual({ holds: true });
  });
});

describe('what a condition may cost is bounded', () => {
  test.each([
    ['messages.all(m, messages.all(n, n.role == m.role))', 'has a macro within a macro, which could take long'],
    [`tier == "${'x'.repeat(501)}" && tier.matches("${'x'.repeat(501)}")`, 'has a pattern of more than 500 characters'],
    ['tier.matches(other)', 'has a matches without a pattern in quotes'],
    ['tier.matches("(a")', "has a pattern that is none of RE2's: error parsing regexp: missing closing ): `(a`"],
    ['tier.matches("(?=a)")', "has a pattern that is none of RE2's: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
    ['tier.matches("((a{100}){100}){100}")', "has a pattern that is none of RE2's: error parsing regexp: invalid repeat count: `{100}`"],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, 'is no CEL expression: Exceeded maxDepth (24)'],
    [`[${Array.from({ length: 300 }, () => '1').join()}].size() > 1`, 'is no CEL expression: Exceeded maxListElements (200)'],
    [Array.from({ length: 400 }, () => 'true').join('&&'), 'is no CEL expression: Exceeded maxAstNodes (500)'],
  ])('%.60s', (expression, message) => {
    expect(() => compileCondition(expression)).toThrow(message);
  });

  test('one macro after the other is none within the other', () => {
    expect(holds('messages.filter(m, m.role == "user").exists(m, m.content.contains("Refund"))')).toBe(true);
  });

  test('a pattern that makes other engines go on for ever is decided', () => {
    const spoken = prompt(`${'a'.repeat(3000)}b`);
    expect(holds('messages.last().content.matches("^(a+)+$")', {}, spoken)).toBe(false);
    expect(holds('messages.last().content.matches("^(a|aa)+b$")', {}, spoken)).toBe(true);
  });

  test('patterns look through 64 Ki characters of one request, and no more', () => {
    const turns = Array.from({ length: 40 }, (_, index) => user(`${index} ${'x'.repeat(10_000)}`));
    expect(verdict('messages.exists(m, m.content.matches("needle"))', {}, prompt('', { turns }))).toEqual({
      holds: false,
      problem: 'its patterns would look through too much text',
    });
    const few = verdict('messages.exists(m, m.content.matches("^7 x"))', {}, prompt('', { turns: turns.slice(0, 10) }));
    expect(few).toEqual({ holds: true });
  });

  test('of a message 4,000 characters are seen, and of the conversation the last 1,000 messages', () => {
    expect(holds('size(messages.last().content) == 4000', {}, prompt('x'.repeat(9000)))).toBe(true);
    const turns = Array.from({ length: 5000 }, (_, index) => user(String(index)));
    expect(holds('size(messages) == 1001 && messages.last().content == "4999"', {}, prompt('', { turns }))).toBe(true);
  });
});
