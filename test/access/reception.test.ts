// Guessing keys: it is logged with where it comes from, counted, and soon answered without a look at the key.
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { Reception } from '../../src/access/reception.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { RemoteAddresses } from '../../src/lib/remote-address.ts';

interface Line {
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

function receptionRig({ failures = 3, proxies = ['loopback'] }: { failures?: number; proxies?: string[] } = {}) {
  const clock = new ManualClock();
  const lines: Line[] = [];
  const log: Log = { ...silentLog, warn: (fields, message) => lines.push({ fields: fields as Line['fields'], message }) };
  const known: unknown[] = [];
  const addresses = new RemoteAddresses(proxies);
  const hasExpired = async (credential: string) => credential.startsWith('old');
  const reception = new Reception({ clock, log, addresses, failures, hasExpired, known: (socket) => known.push(socket) });
  let looks = 0;
  const knock = async (remoteAddress: string, key: string | undefined, headers: Record<string, string> = {}, url = '/v1/realtime') => {
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const request = { headers: { ...authorization, ...headers }, url, socket: { remoteAddress } } as unknown as IncomingMessage;
    const admission = await reception.admit(request, async () => {
      looks += 1;
      return key === 'right' ? 'Ada' : undefined;
    });
    return admission.outcome === 'later' ? admission.retryAfterSeconds : admission.outcome;
  };
  return { clock, lines, known, reception, knock, looks: () => looks };
}

test('after too many wrong keys nothing from that address is looked at for a minute, the right key neither', async () => {
  const { clock, knock, looks, reception } = receptionRig();
  for (let count = 0; count < 3; count++) expect(await knock('203.0.113.9', 'wrong')).toBe('unknown');
  expect(await knock('203.0.113.9', 'right')).toBe(60);
  expect(looks()).toBe(3);
  expect(await knock('203.0.113.10', 'right')).toBe('welcome');
  clock.advance(59_500);
  expect(await knock('203.0.113.9', 'right')).toBe(1);
  clock.advance(500);
  expect(await knock('203.0.113.9', 'right')).toBe('welcome');
  expect(reception.counts).toEqual({ wrong: 3, expired: 0, missing: 0, throttled: 2 });
});

test('a wrong key now and then shuts nobody out, and neither does none at all', async () => {
  const { clock, knock, reception } = receptionRig();
  for (let count = 0; count < 10; count++) {
    expect(await knock('203.0.113.9', 'wrong')).toBe('unknown');
    expect(await knock('203.0.113.9', 'wrong')).toBe('unknown');
    clock.advance(60_000);
  }
  for (let count = 0; count < 10; count++) expect(await knock('203.0.113.9', undefined)).toBe('unknown');
  expect(await knock('203.0.113.9', 'right')).toBe('welcome');
  expect(reception.counts).toEqual({ wrong: 20, expired: 0, missing: 10, throttled: 0 });
});

test('what has expired is no guess, however often it comes, but does not cover guesses that come along', async () => {
  const { knock, lines, reception } = receptionRig();
  for (let count = 0; count < 10; count++) expect(await knock('203.0.113.9', 'old')).toBe('unknown');
  expect(lines.at(-1)).toEqual({
    message: 'an expired token or secret was refused',
    fields: { address: '203.0.113.9', path: '/v1/realtime' },
  });
  // The same one in another place is the same one.
  expect(await knock('203.0.113.9', 'old', {}, '/v1/realtime?token=old')).toBe('unknown');
  expect(await knock('203.0.113.9', 'right')).toBe('welcome');
  expect(reception.counts).toEqual({ wrong: 0, expired: 11, missing: 0, throttled: 0 });
  for (let count = 0; count < 3; count++) expect(await knock('203.0.113.9', 'old', { 'api-key': `guess ${count}` })).toBe('unknown');
  expect(await knock('203.0.113.9', 'right')).toBe(60);
});

test('a list of guesses in one request counts as many as there are in it', async () => {
  const { knock } = receptionRig();
  const protocols = ['a', 'b', 'c'].map((guess) => `openai-insecure-api-key.${guess}`).join(', ');
  expect(await knock('203.0.113.9', undefined, { 'sec-websocket-protocol': `realtime, ${protocols}` })).toBe('unknown');
  expect(await knock('203.0.113.9', 'right')).toBe(60);
});

test('who has a /64 of IPv6 cannot go on under its other addresses', async () => {
  const { knock } = receptionRig();
  for (const end of ['::1', '::2', ':a:b:c:d']) expect(await knock(`2001:db8:1:2${end}`, 'wrong')).toBe('unknown');
  expect(await knock('2001:db8:1:2:ffff::', 'right')).toBe(60);
  expect(await knock('2001:db8:1:3::1', 'right')).toBe('welcome');
});

test('behind a trusted proxy it is the client who is shut out, not the proxy; another only pretends', async () => {
  const { knock } = receptionRig();
  const from = (client: string) => ({ 'x-forwarded-for': `192.0.2.77, ${client}` });
  for (let count = 0; count < 3; count++) await knock('127.0.0.1', 'wrong', from('203.0.113.9'));
  expect(await knock('127.0.0.1', 'right', from('203.0.113.9'))).toBe(60);
  expect(await knock('127.0.0.1', 'right', from('203.0.113.10'))).toBe('welcome');
  // Whoever is no proxy is where its socket is.
  for (let count = 0; count < 3; count++) await knock('198.51.100.1', 'wrong', { 'x-forwarded-for': `203.0.113.${count}` });
  expect(await knock('198.51.100.1', 'right', { 'x-forwarded-for': '203.0.113.50' })).toBe(60);
});

test('whoever may write its own X-Forwarded-For, through a proxy that lets it, is bounded all the same', async () => {
  const { knock, looks, lines, clock } = receptionRig();
  const from = (client: string) => ({ 'x-forwarded-for': client });
  expect(await knock('127.0.0.1', 'right', from('203.0.113.9'))).toBe('welcome');
  const guesses = Array.from({ length: 1000 }, (_, index) => knock('127.0.0.1', 'wrong', from(`198.51.${index >> 8}.${index & 255}`)));
  const outcomes = await Promise.all(guesses);
  // Twenty times what one address has, and the one look of before.
  expect(looks()).toBe(3 * 20 + 1);
  expect(outcomes.filter((outcome) => outcome === 'unknown')).toHaveLength(60);
  expect(await knock('127.0.0.1', 'right', from('192.0.2.1'))).toBe(60);
  expect(lines.at(-1)).toMatchObject({
    message: expect.stringMatching(/^too many wrong keys came through a proxy: /),
    fields: { proxy: '127.0.0.1', failures: 60 },
  });
  // Who was let in before is let in again, and so is whoever comes without a word about where from, or through another proxy.
  expect(await knock('127.0.0.1', 'right', from('203.0.113.9'))).toBe('welcome');
  expect(await knock('127.0.0.1', 'right')).toBe('welcome');
  expect(await knock('127.0.0.2', 'right', from('192.0.2.1'))).toBe('welcome');
  clock.advance(60_000);
  expect(await knock('127.0.0.1', 'right', from('192.0.2.1'))).toBe('welcome');
});

test('one client behind a proxy shuts out itself, however long it goes on, and nobody else', async () => {
  const { knock } = receptionRig();
  for (let count = 0; count < 500; count++) await knock('127.0.0.1', 'wrong', { 'x-forwarded-for': '203.0.113.9' });
  expect(await knock('127.0.0.1', 'right', { 'x-forwarded-for': '203.0.113.9' })).toBe(60);
  expect(await knock('127.0.0.1', 'right', { 'x-forwarded-for': '203.0.113.10' })).toBe('welcome');
});

test('a failed attempt is logged with its address and path, and with no part of the key', async () => {
  const { knock, lines } = receptionRig();
  await knock('203.0.113.9', 'wrong-key-of-some-length', {}, '/v1/realtime?token=another-wrong-key');
  expect(lines).toEqual([{ message: 'a wrong key was refused', fields: { address: '203.0.113.9', path: '/v1/realtime', failures: 2 } }]);
});

test('guessing from everywhere fills neither the log nor the memory, and what was not written is told', async () => {
  const { clock, knock, lines, reception } = receptionRig();
  for (let count = 0; count < 12_000; count++) await knock(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`, 'wrong');
  expect(lines).toHaveLength(20);
  clock.advance(3000);
  await knock('203.0.113.9', 'wrong');
  expect(lines.at(-1)?.fields).toMatchObject({ address: '203.0.113.9', unwritten: 11_980 });
  expect(reception.counts.wrong).toBe(12_001);
});

test('whoever goes on guessing is not forgotten among many others, and of those only the latest are remembered', async () => {
  const { knock } = receptionRig();
  const guess = async (address: string) => {
    for (let count = 0; count < 2; count++) await knock(address, 'wrong');
  };
  for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) await guess(address);
  for (let count = 0; count < 9998; count++) await knock(`10.0.${count >> 8}.${count & 255}`, 'wrong');
  // The first has been forgotten, and begins anew; the last has not.
  expect(await knock('198.51.100.1', 'wrong')).toBe('unknown');
  expect(await knock('198.51.100.3', 'wrong')).toBe('unknown');
  expect(await knock('198.51.100.1', 'right')).toBe('welcome');
  expect(await knock('198.51.100.3', 'right')).toBe(60);
});

/** A reception whose looks take until they are let go, each with what it is to find. */
function slowReception(failures: number) {
  const looks: ((who: string | undefined | Error) => void)[] = [];
  const reception = new Reception({
    clock: new ManualClock(),
    log: silentLog,
    addresses: new RemoteAddresses(['loopback']),
    failures,
    hasExpired: async () => false,
    known: () => {},
  });
  const knock = (protocols = 1) => {
    const guesses = Array.from({ length: protocols }, (_, index) => `openai-insecure-api-key.guess${index}`).join();
    const headers = { 'sec-websocket-protocol': guesses };
    const request = { headers, url: '/v1/realtime', socket: { remoteAddress: '203.0.113.9' } } as unknown as IncomingMessage;
    const look = Promise.withResolvers<string | undefined>();
    const identify = () => {
      looks.push((who) => (who instanceof Error ? look.reject(who) : look.resolve(who)));
      return look.promise;
    };
    return reception.admit(request, identify).then(
      ({ outcome }) => outcome,
      () => 'failed',
    );
  };
  /** Lets whatever can go on go on. */
  const settle = () => new Promise((resolve) => void setImmediate(resolve));
  return { knock, looks, settle };
}

test('guesses at the same moment are looked at no more often than one after the other', async () => {
  const { knock, looks, settle } = slowReception(30);
  const all = Array.from({ length: 900 }, () => knock());
  await settle();
  expect(looks).toHaveLength(30);
  for (const look of looks.splice(0)) look(undefined);
  const outcomes = await Promise.all(all);
  expect(looks).toHaveLength(0);
  expect(outcomes.filter((outcome) => outcome === 'unknown')).toHaveLength(30);
  expect(outcomes.filter((outcome) => outcome === 'later')).toHaveLength(870);
});

test('a crowd with the right key is let in, all of it, also while somebody among them guesses', async () => {
  const { knock, looks, settle } = slowReception(3);
  const all = Array.from({ length: 200 }, () => knock());
  for (let turn = 0; looks.length > 0 || turn === 0; turn++) {
    await settle();
    for (const [index, look] of looks.splice(0).entries()) look(turn === 1 && index === 0 ? undefined : 'Ada');
    await settle();
  }
  const outcomes = await Promise.all(all);
  expect(outcomes.filter((outcome) => outcome === 'welcome')).toHaveLength(199);
});

test('a look that fails is given back, and a list of guesses takes as many places as there are in it', async () => {
  const { knock, looks, settle } = slowReception(3);
  const failing = [knock(), knock(), knock()];
  await settle();
  for (const look of looks.splice(0)) look(new Error('locked'));
  expect(await Promise.all(failing)).toEqual(['failed', 'failed', 'failed']);
  const guessing = [knock(3), knock(), knock()];
  await settle();
  expect(looks).toHaveLength(1);
  looks[0]?.(undefined);
  expect(await Promise.all(guessing)).toEqual(['unknown', 'later', 'later']);
});

test('those who wait for a look are bounded', async () => {
  const { knock, looks, settle } = slowReception(30);
  const all = Array.from({ length: 1100 }, () => knock());
  await settle();
  const turnedAway = all.slice(1030);
  expect(new Set(await Promise.all(turnedAway))).toEqual(new Set(['later']));
  expect(looks).toHaveLength(30);
  for (const look of looks) look(undefined);
  await Promise.all(all);
});

test('a store that fails is nobody’s wrong key', async () => {
  const { reception, lines } = receptionRig({ failures: 1 });
  const request = {
    headers: { authorization: 'Bearer x' },
    url: '/',
    socket: { remoteAddress: '203.0.113.9' },
  } as unknown as IncomingMessage;
  await expect(reception.admit(request, () => Promise.reject(new Error('locked')))).rejects.toThrow('locked');
  expect(lines).toEqual([]);
  expect(await reception.admit(request, async () => 'Ada')).toMatchObject({ outcome: 'welcome', who: 'Ada' });
});

test('only a socket over which somebody was let in is nobody’s any more', async () => {
  const { knock, known } = receptionRig();
  await knock('203.0.113.9', 'wrong');
  expect(known).toEqual([]);
  await knock('203.0.113.9', 'right');
  expect(known).toEqual([{ remoteAddress: '203.0.113.9' }]);
});
