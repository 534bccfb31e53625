// What lets one stream in, and one document be fetched: for a short time, and no more of them than there is room for.
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import type { CallDocument } from '../../../src/transports/media-streams/answers.ts';
import { OneCallTokens, type StreamTicket } from '../../../src/transports/media-streams/one-call-tokens.ts';
import { KeptByName } from '../../../src/transports/media-streams/kept-by-name.ts';

function counting(): (characters: number) => string {
  let count = 0;
  return (characters) => String((count += 1)).padStart(characters, '0');
}

function tokens(): { clock: ManualClock; held: OneCallTokens<string> } {
  const clock = new ManualClock();
  return { clock, held: new OneCallTokens<string>(clock, counting()) };
}

const ticket: StreamTicket<string> = { carrier: 'twilio', callId: 'CA1', from: '+1', to: '+2', note: 'sales' };

test('a token lets its call in, once', () => {
  const { held } = tokens();
  const token = held.issue(ticket);
  expect(token).toHaveLength(32);
  expect(held.has(token)).toBe(true);
  expect(held.take(token, 'twilio', 'CA1')).toBe(ticket);
  expect(held.take(token, 'twilio', 'CA1')).toBeUndefined();
  expect(held.has(token)).toBe(false);
});

test.each([
  ['another carrier', 'telnyx', 'CA1'],
  ['another call', 'twilio', 'CA2'],
] as const)('a token that is shown by %s is void', (_who, carrier, callId) => {
  const { held } = tokens();
  const token = held.issue(ticket);
  expect(held.take(token, carrier, callId)).toBeUndefined();
  expect(held.take(token, 'twilio', 'CA1')).toBeUndefined();
});

test('a stream that does not name its call, and a token for any call, come together', () => {
  const { held } = tokens();
  expect(held.take(held.issue(ticket), 'twilio', '')).toBe(ticket);
  const { callId: _any, ...forAny } = ticket;
  expect(held.take(held.issue(forAny), 'twilio', 'CA9')).toBe(forAny);
});

test('a token holds for a minute, and for as long as its call rings', () => {
  const { clock, held } = tokens();
  const late = held.issue(ticket);
  const ringing = held.issue(ticket, 40_000);
  clock.advance(59_999);
  expect(held.has(late)).toBe(true);
  clock.advance(1);
  expect(held.take(late, 'twilio', 'CA1')).toBeUndefined();
  clock.advance(39_999);
  expect(held.take(ringing, 'twilio', 'CA1')).toBe(ticket);
});

test('a token can be taken back', () => {
  const { held } = tokens();
  const token = held.issue(ticket);
  held.revoke(token);
  expect(held.take(token, 'twilio', 'CA1')).toBeUndefined();
});

test('of ten thousand tokens and one more, the oldest is gone; those that are over make room first', () => {
  const { clock, held } = tokens();
  const [first, second] = [held.issue(ticket), held.issue(ticket)];
  for (let i = 2; i < 10_000; i++) held.issue(ticket);
  expect(held.size).toBe(10_000);
  held.issue(ticket);
  expect(held.size).toBe(10_000);
  expect(held.has(first)).toBe(false);
  expect(held.has(second)).toBe(true);
  clock.advance(60_000);
  held.issue(ticket);
  expect(held.size).toBe(1);
});

test('a document is found by its name until its time is over', () => {
  const clock = new ManualClock();
  const documents = new KeptByName<CallDocument>(clock, counting());
  const document = { contentType: 'text/xml', body: '<Response/>' } as const;
  const name = documents.keep(document);
  clock.advance(179_999);
  expect(documents.find(name)).toBe(document);
  expect(documents.find(name)).toBe(document);
  clock.advance(1);
  expect(documents.find(name)).toBeUndefined();
  expect(documents.find('nothing')).toBeUndefined();
});
