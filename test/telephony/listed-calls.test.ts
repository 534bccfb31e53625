// Calls that have ended: who may still ask for them, and how many are kept.
import { expect, test } from 'vitest';
import { EndedCalls, type ListedCall } from '../../src/telephony/listed-calls.ts';

const call = (id: string): ListedCall => ({ id, direction: 'inbound', carrier: 'sip', from: '', to: '', state: 'ended', seconds: 1, began_at: 1_700_000_000 });

test('of calls that have ended a thousand are kept, the last', () => {
  const ended = new EndedCalls();
  for (let number = 0; number < 1001; number++) ended.keep('key-1', call(`rtc_${number}`));
  expect([ended.of('key-1').length, ended.find('rtc_0', 'key-1'), ended.find('rtc_1', 'key-1')?.id]).toEqual([1000, undefined, 'rtc_1']);
});

test('they are their key’s, and nobody else’s', () => {
  const ended = new EndedCalls();
  ended.keep('key-1', call('rtc_1'));
  expect([ended.of('key-2'), ended.find('rtc_1', 'key-2')]).toEqual([[], undefined]);
});
