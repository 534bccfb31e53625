// What is particular to Deepgram's voices: an address for each voice, one speech on a connection, few flushes, and nothing heard of a cancelled one.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clauses } from '../../../contract/tts.ts';
import { FakeDeepgram } from '../../../contract/voices/deepgram.ts';
import { KEY, WORD_MS } from '../../../contract/voices/fake-service.ts';
import { heard, speak, spoken } from '../../../contract/voices/spoken.ts';

let service: FakeDeepgram;
beforeEach(async () => {
  service = new FakeDeepgram();
  await service.listen();
});
afterEach(() => service.close());

test('the address has the voice, the rate and a speed that the service has', async () => {
  await spoken(service.open(), ['Hello.'], { voice: 'aura-2-thalia-en' });
  await spoken(service.open(), ['Hello.'], { voice: 'aura-2-apollo-en', speed: 0.25 });
  const addresses = [...new Set(service.requests.map(({ url }) => url))];
  expect(addresses).toEqual([
    '/v1/speak?model=aura-2-thalia-en&encoding=linear16&sample_rate=24000',
    '/v1/speak?model=aura-2-apollo-en&encoding=linear16&sample_rate=24000&speed=0.7',
  ]);
  expect(service.requests[0]?.headers.authorization).toBe(`Token ${KEY}`);
});

test('it is flushed after the first clause and at the end, and all of the text is heard', async () => {
  const { ms } = await spoken(service.open(), ['One, ', 'two three. ', 'Four five. ', 'Six. ']);
  expect(Math.round(ms)).toBe(6 * WORD_MS);
  expect(service.flushes).toBe(2);
});

test('three speeches at once have a connection each', async () => {
  const tts = service.open();
  const all = await Promise.all(Array.from({ length: 3 }, () => spoken(tts, ['One two.'])));
  expect(all.map(({ ms }) => Math.round(ms))).toEqual([2, 2, 2].map((words) => words * WORD_MS));
});

test('what still comes of a cancelled speech is not heard in the next, for which a connection stands already', async () => {
  const tts = service.open();
  await tts.warmUp(new AbortController().signal);
  service.fault = 'stalls';
  const leave = new AbortController();
  const long = speak(tts, clauses('So many words that their sound does not come in one piece at all. '), {}, leave.signal);
  for await (const _ of long) {
    // One for it, and a spare one.
    await service.until(() => service.handshakes === 2);
    leave.abort();
  }
  service.fault = 'none';
  expect(Math.round((await spoken(tts, ['One two three.'])).ms)).toBe(3 * WORD_MS);
  expect(service.cancelled).toBe(1);
});

test.each([
  [{ type: 'Warning', description: 'Exceeded the limit of flushes', code: 'EXCESSIVE_FLUSH' }, 'rate_limited', true],
  [{ type: 'Error', description: 'Text is too long', code: 'DATA-0000' }, 'rejected', false],
  [{ type: 'Error', err_msg: 'Too much of it', err_code: 'DATA-0001' }, 'rate_limited', true],
  [{ type: 'Error', description: 'idle', code: 'NET-0001' }, 'timeout', true],
  [{ type: 'Error' }, 'broken', true],
])('%o is told as %s', async (objection, reason, retryable) => {
  service.objection = objection;
  const speech = heard(speak(service.open(), clauses('Hello.')));
  await expect(speech).rejects.toMatchObject({ reason, retryable });
});

test('a warning about something else does no harm', async () => {
  service.objection = { type: 'Warning', description: 'The text was shortened', code: 'TEXT' };
  expect(Math.round((await spoken(service.open(), ['Hello. ', 'There.'])).ms)).toBe(2 * WORD_MS);
});
