// Where may be called, however it is spelled, and how much.
import { describe, expect, test } from 'vitest';
import { OutboundPolicy, type OutboundRules } from '../../src/telephony/outbound-policy.ts';

const none = Number.POSITIVE_INFINITY;
const rules: OutboundRules = {
  prefixes: ['+1', '+4930', '+44'],
  domains: ['pbx.example.com', '*.branch.example', '2001:db8::1'],
  limits: { callsAtOnce: none, callsPerMinute: none, callsPerDay: none, secondsPerDay: none },
};
const policy = new OutboundPolicy(rules);
const limited = (limits: Partial<OutboundRules['limits']>) => new OutboundPolicy({ ...rules, limits: { ...rules.limits, ...limits } });

/** How it is dialled, or why not. */
function judged(text: string): string {
  const verdict = policy.judge(text);
  return verdict.allowed ? verdict.target : verdict.code;
}

describe('a target that is allowed', () => {
  test.each([
    ['+15552345678', 'tel:+15552345678'],
    ['  +1 (555) 234-5678 ', 'tel:+15552345678'],
    ['+1.555.234.5678', 'tel:+15552345678'],
    ['0015552345678', 'tel:+15552345678'],
    ['011 49 30 1234567', 'tel:+49301234567'],
    ['TEL:+49-30-1234567', 'tel:+49301234567'],
    ['sip:ann@pbx.example.com', 'sip:ann@pbx.example.com'],
    ['SIPS:ann@PBX.Example.com.', 'sips:ann@pbx.example.com'],
    ['sip:1001@desk.branch.example:5070;transport=TCP', 'sip:1001@desk.branch.example:5070;transport=tcp'],
    ['sip:+15552345678@pbx.example.com', 'sip:+15552345678@pbx.example.com'],
    ['sip:0015552345678@pbx.example.com;user=phone', 'sip:+15552345678@pbx.example.com;user=phone'],
    ['sip:%2B15552345678@pbx.example.com', 'sip:+15552345678@pbx.example.com'],
    ['sip:15552345678@pbx.example.com', 'sip:+15552345678@pbx.example.com'],
    ['sip:bob@[2001:db8::1]', 'sip:bob@[2001:db8::1]'],
  ])('%s is dialled as %s', (text, target) => {
    expect(judged(text)).toBe(target);
  });
});

describe('what cannot be read in one way only is refused', () => {
  test.each([
    ['a national number', '5552345678'],
    ['a number without its plus', '15552345678'],
    ['an emergency number', '911'],
    ['the same behind a country code', '+1911'],
    ['a short code', '+112'],
    ['a country code that is none', '+0155523456'],
    ['two plus signs', '++15552345678'],
    ['a plus inside', '+1555+2345678'],
    ['more than 15 digits', '+1555234567812345'],
    ['an area code that is none', '+11552345678'],
    ['an American number of nine digits', '+1555234567'],
    ['an extension', 'tel:+15552345678;ext=1234'],
    ['a context', 'tel:5552345678;phone-context=+1'],
    ['keys behind a pause', '+15552345678,,1234#'],
    ['a code of the exchange', '*72+15552345678'],
    ['letters', '+1555CALLNOW'],
    ['digits of another script', '+１５５５２３４５６７８'],
    ['Arabic digits', '+١٥٥٥٢٣٤٥٦٧٨'],
    ['a plus that only looks like one', '＋15552345678'],
    ['a space that is not seen', '+1555\u200b2345678'],
    ['a line break', '+15552345678\r\nVia: x'],
    ['a tab', '+1555\t2345678'],
    ['nothing', ''],
    ['spaces', '   '],
    ['another scheme', 'https://pbx.example.com'],
    ['an address without its scheme', 'ann@pbx.example.com'],
    ['a password', 'sip:ann:secret@pbx.example.com'],
    ['a parameter in the name', 'sip:+15552345678;ext=1@pbx.example.com'],
    ['an escaped parameter in the name', 'sip:%2B15552345678%3Bext=1@pbx.example.com'],
    ['an escaped end of the name', 'sip:ann%40evil.example@pbx.example.com'],
    ['a second host', 'sip:ann@evil.example@pbx.example.com'],
    ['headers', 'sip:ann@pbx.example.com?Route=%3Csip:evil.example%3E'],
    ['another way round', 'sip:ann@pbx.example.com;maddr=evil.example'],
    ['no host', 'sip:ann@'],
    ['no name', 'sip:pbx.example.com'],
    ['a port that is none', 'sip:ann@pbx.example.com:70000'],
    ['a number in its name that is none', 'sip:0019@pbx.example.com;user=phone'],
    ['a name of 300 characters', `sip:${'a'.repeat(300)}@pbx.example.com`],
  ])('%s', (_what, text) => {
    expect(judged(text)).toBe('unreadable');
  });
});

describe('what is not allowed is refused', () => {
  test.each([
    ['another country', '+33123456789'],
    ['another city', '+49891234567'],
    ['a premium number behind an allowed prefix', '+19002345678'],
    ['a premium exchange', '+15559762345'],
    ['a premium number of Britain', '+44 909 8790001'],
    ['a personal number of Britain', '+44 7012345678'],
    ['an island of the North American plan', '+1 809 234 5678'],
    ['the same through a SIP host', 'sip:+18092345678@pbx.example.com'],
    ['another host', 'sip:ann@evil.example'],
    ['a host that ends like an allowed one', 'sip:ann@evilpbx.example.com'],
    ['the domain of which only what is below is allowed', 'sip:ann@branch.example'],
    ['a number of another country through an allowed host', 'sip:+33123456789@pbx.example.com'],
    ['the same in other words', 'sip:01133123456789@pbx.example.com'],
    ['a satellite', '+881612345678'],
  ])('%s', (_what, text) => {
    expect(judged(text)).toBe('not_allowed');
  });

  test('unless a costly prefix is allowed by its own name', () => {
    const own = new OutboundPolicy({ ...rules, prefixes: ['+1809', '+1'] });
    expect(own.judge('+18092345678')).toEqual({ allowed: true, target: 'tel:+18092345678' });
    expect(own.judge('+18762345678')).toMatchObject({ allowed: false, reason: expect.stringContaining('+1876') as string });
  });

  test('with nothing allowed, everything', () => {
    const closed = new OutboundPolicy({ ...rules, prefixes: [], domains: [] });
    for (const text of ['+15552345678', 'sip:ann@pbx.example.com']) expect(closed.judge(text)).toMatchObject({ code: 'not_allowed' });
  });

  test('and rules that cannot be read are refused by name', () => {
    expect(() => new OutboundPolicy({ ...rules, prefixes: ['1555'] })).toThrow("'1555' is no prefix");
    expect(() => new OutboundPolicy({ ...rules, domains: ['*.*.com'] })).toThrow("'*.*.com' is no domain");
  });
});

/** A chance that can be had again. */
function chanceOf(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('however it is spelled', () => {
  test('a forbidden number is never let through, and an allowed one only as itself', () => {
    const chance = chanceOf(11);
    const numbers = ['+19002345678', '+18092345678', '+33123456789', '+449098790001', '+881612345678', '+15552345678', '+49301234567'];
    const separators = ['', '', '-', '.', ' ', '(', ')', '\u00a0', ';', '%20'];
    const spellings = [
      (digits: string) => `+${digits}`,
      (digits: string) => `00${digits}`,
      (digits: string) => `011${digits}`,
      (digits: string) => digits,
      (digits: string) => `tel:+${digits}`,
      (digits: string) => `tel:00${digits};ext=1`,
      (digits: string) => `sip:+${digits}@pbx.example.com`,
      (digits: string) => `sip:${digits}@pbx.example.com`,
      (digits: string) => `sip:00${digits}@pbx.example.com;user=phone`,
      (digits: string) => `sip:%2b${digits}@a.branch.example`,
    ];
    let allowed = 0;
    for (let round = 0; round < 20_000; round++) {
      const number = numbers[chance(numbers.length)] as string;
      const digits = [...number.slice(1)].map((digit) => {
        if (chance(60) === 0) return String.fromCodePoint(0xff10 + Number(digit));
        if (chance(60) === 0) return `%3${digit}`;
        return chance(4) === 0 ? `${digit}${separators[chance(separators.length)]}` : digit;
      });
      const text = (spellings[chance(spellings.length)] as (typeof spellings)[number])(digits.join(''));
      const verdict = policy.judge(text);
      if (!verdict.allowed) continue;
      allowed += 1;
      expect(['+15552345678', '+49301234567'], text).toContain(number);
      expect(verdict.target, text).toMatch(
        new RegExp(`^(tel:\\${number}|sip:\\${number}@(pbx\\.example\\.com|a\\.branch\\.example)(;user=phone)?)$`),
      );
    }
    expect(allowed).toBeGreaterThan(1000);
  });

  test('rubbish never throws, and what is let through is a number or a host that is allowed', () => {
    const chance = chanceOf(7);
    const pieces = [
      '+',
      '1',
      '55',
      '0',
      '00',
      '011',
      '4930',
      '@',
      ':',
      ';',
      '?',
      '%2b',
      '%00',
      '%',
      'tel:',
      'sip:',
      'pbx.example.com',
      'x',
      '.',
    ];
    pieces.push('branch.example', ' ', '-', '(', '[', ']', '\n', '١', 'user=phone', 'maddr=', '5552345678', 'SIP:', '\\', '"', '<', '>');
    let allowed = 0;
    for (let round = 0; round < 50_000; round++) {
      const text = Array.from({ length: 1 + chance(9) }, () => pieces[chance(pieces.length)]).join('');
      const verdict = policy.judge(text);
      if (!verdict.allowed) continue;
      allowed += 1;
      expect(verdict.target, text).toMatch(
        /^tel:\+(1|4930|44)\d+$|^sips?:[\w.!~'()&=+%-]+@(pbx\.example\.com|[\w.-]+\.branch\.example)(:\d+)?(;transport=\w+|;user=phone)*$/,
      );
    }
    expect(allowed).toBeGreaterThan(0);
  });
});

describe('of one key', () => {
  const number = '+15552345678';

  test('so many calls go on at once', () => {
    const policy = limited({ callsAtOnce: 2 });
    const first = policy.place('a', number, 0);
    expect(policy.place('a', number, 0)).toMatchObject({ verdict: { allowed: true, target: 'tel:+15552345678' } });
    expect(policy.place('a', number, 0)).toEqual({
      allowed: false,
      code: 'too_many',
      reason: 'No more than 2 calls of this key may go on at once.',
    });
    expect(policy.place('b', number, 0)).toHaveProperty('placement');
    if (!('placement' in first)) throw new Error('refused');
    policy.ended(first.placement, 1000);
    policy.ended(first.placement, 2000);
    expect(policy.place('a', number, 2000)).toHaveProperty('placement');
    expect(policy.place('a', number, 2000)).toHaveProperty('code', 'too_many');
  });

  test('so many begin in a minute, and transfers count', () => {
    const policy = limited({ callsPerMinute: 2 });
    policy.place('a', number, 0);
    expect(policy.transfer('a', number, 20_000)).toEqual({ allowed: true, target: 'tel:+15552345678' });
    expect(policy.place('a', number, 30_000)).toMatchObject({ code: 'too_many', retryAfterMs: 30_000 });
    expect(policy.transfer('a', number, 59_999)).toMatchObject({ code: 'too_many', retryAfterMs: 1 });
    expect(policy.place('a', number, 60_000)).toHaveProperty('placement');
    expect(policy.place('a', number, 70_000)).toMatchObject({ retryAfterMs: 10_000 });
  });

  test('so many begin in a day', () => {
    const policy = limited({ callsPerDay: 3 });
    for (const hour of [0, 5, 10]) policy.place('a', number, hour * 3_600_000);
    expect(policy.place('a', number, 23 * 3_600_000)).toMatchObject({ code: 'too_many', retryAfterMs: 3_600_000 });
    expect(policy.place('a', number, 24 * 3_600_000)).toHaveProperty('placement');
  });

  test('they last so long in a day, those that go on among them', () => {
    const policy = limited({ secondsPerDay: 100 });
    const first = policy.place('a', number, 0);
    expect(policy.exhaustedAtMs('a', 0)).toBe(100_000);
    policy.place('a', number, 20_000);
    expect(policy.exhaustedAtMs('a', 20_000)).toBe(60_000);
    if (!('placement' in first)) throw new Error('refused');
    policy.ended(first.placement, 40_000);
    expect(policy.exhaustedAtMs('a', 40_000)).toBe(80_000);
    expect(policy.place('a', number, 80_000)).toMatchObject({ code: 'too_many', reason: expect.stringContaining('100 seconds') as string });
    expect(policy.exhaustedAtMs('b', 0)).toBeUndefined();
  });

  test('a target that is not allowed counts for nothing', () => {
    const policy = limited({ callsPerMinute: 1 });
    expect(policy.place('a', '+19002345678', 0)).toHaveProperty('code', 'not_allowed');
    expect(policy.transfer('a', 'sip:x@evil.example', 0)).toHaveProperty('code', 'not_allowed');
    expect(policy.place('a', number, 0)).toHaveProperty('placement');
  });
});
