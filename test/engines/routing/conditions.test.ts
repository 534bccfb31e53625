// The conditions of routes: CEL over what a request brings, whatever it brings.
import { describe, expect, test } from 'vitest';
import { compileCondition, matchBudget, type MetadataValue } from '../../../src/engines/routing/smart/conditions.ts';
import type { PromptTurn } from '../../../src/protocol/prompt.ts';
import { visibleMessages } from '../../../src/engines/routing/smart/messages.ts';
import { prompt } from './models.ts';

const user = (text: string): PromptTurn => ({ role: 'user', parts: [{ type: 'text', text }] });

function verdict(
  expression: string,
  metadata: Readonly<Record<string, MetadataValue>> = {},
  said: Parameters<typeof visibleMessages>[0] = prompt('I want a Refund'),
) {
  return compileCondition(expression).evaluate({ metadata, messages: () => visibleMessages(said), matching: matchBudget() });
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
    expect(compileCondition('tier == "a"').evaluate({ metadata: { tier: 'a' }, messages: never, matching: matchBudget() })).toEqual({
      holds: true,
    });
  });
});

describe('what a condition may cost is bounded', () => {
  test.each([
    ['messages.all(m, messages.all(n, n.role == m.role))', 'has a macro within a macro, which could take long'],
    [`tier == "${'x'.repeat(501)}" && tier.matches("${'x'.repeat(501)}")`, 'has a pattern of more than 500 characters'],
    ['tier.matches(other)', 'has a matches without a pattern in quotes'],
    ['tier.matches("(a")', "has a pattern that is none of RE2's: error parsing regexp: missing closing ): `(a`"],
    ['tier.matches("(?=a)")', "has a pattern that is none of RE2's: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
    ['tier.matches("a.{300}b")', 'has a pattern that repeats too much'],
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

  test('a pattern that repeats a lot looks through less text than one that does not, and all conditions of a request share what may be looked through', () => {
    const input = { metadata: { text: 'x'.repeat(8000) }, messages: () => [], matching: matchBudget() };
    const simple = compileCondition('text.matches("needle")');
    const large = compileCondition('text.matches("a.{250}b") || true');
    for (let time = 0; time < 20; time++) expect(simple.evaluate(input)).toEqual({ holds: false });
    expect(large.evaluate(input)).toEqual({ holds: true });
    expect(compileCondition('text.matches("a.{250}b")').evaluate(input)).toEqual({
      holds: false,
      problem: 'the patterns of the conditions would look through too much text',
    });
    expect(simple.evaluate({ ...input, matching: matchBudget() })).toEqual({ holds: false });
  });

  test('of a message 4,000 characters are seen, and of the conversation the last 1,000 messages with 16,000', () => {
    expect(holds('size(messages.last().content) == 4000', {}, prompt('x'.repeat(9000)))).toBe(true);
    const long = prompt('', { turns: Array.from({ length: 7 }, (_, index) => user(`${index}${'x'.repeat(9000)}`)) });
    expect(
      holds(
        'size(messages) == 8 && messages.filter(m, size(m.content) == 4000).size() == 4 && messages[4].content.startsWith("3")',
        {},
        long,
      ),
    ).toBe(true);
    expect(holds('messages[3].content == "" && messages[0].content == "You are Ada."', {}, long)).toBe(true);
    const turns = Array.from({ length: 5000 }, (_, index) => user(String(index)));
    expect(holds('size(messages) == 1001 && messages.last().content == "4999"', {}, prompt('', { turns }))).toBe(true);
  });
});
