// A store that is locked, full, not to be written, damaged or asked too much: who asks is told so in time, the operator is told what to do,
// nothing is lost, and it goes on by itself when it can.
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { EmbeddedStore } from '../../src/store/embedded.ts';
import { StoreError } from '../../src/store/store.ts';
import { Mortals } from '../dying.ts';
import { aKey, aSecret, nowMs, readableLog, storeFolder } from './rig.ts';

/** The fault that a request met. */
async function fault(asked: Promise<unknown>): Promise<StoreError> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw new Error(`no fault of the store: ${String(error)}`);
  return error;
}

/** A thread of the store that runs this instead. */
function script(text: string): URL {
  const folder = mkdtempSync(join(tmpdir(), 'parley-thread-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'worker.mjs');
  writeFileSync(file, text);
  return pathToFileURL(file);
}

test('while another program is writing, keys are read, writes wait for it, and those that wait too long are refused', async () => {
  const place = storeFolder();
  const store = place.open({ answerMs: 700 });
  await store.addKey(aKey('key_1'));
  const other = place.outside();
  other.exec('BEGIN IMMEDIATE');
  const late = fault(store.addKey(aKey('key_2')));
  expect(await store.keyById('key_1')).toEqual(aKey('key_1'));
  expect((await late).reason).toBe('busy');
  expect((await late).advice).toContain(place.path);
  expect((await late).message).not.toContain(place.path);
  const inTime = store.addKey(aKey('key_3'));
  other.exec('COMMIT');
  await inTime;
  expect((await store.keys()).map(({ id }) => id)).toEqual(['key_1', 'key_3']);
});

test('a file that another program keeps for itself is waited for, and opened when it lets go', async () => {
  const place = storeFolder();
  const first = place.open();
  await first.addKey(aKey('key_1'));
  await first.close();
  const other = place.outside();
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  const store = place.open({ answerMs: 700 });
  expect(await fault(store.keyById('key_1'))).toMatchObject({
    reason: 'busy',
    advice: expect.stringContaining('another program has it locked'),
  });
  const inTime = store.keyById('key_1');
  other.close();
  expect(await inTime).toEqual(aKey('key_1'));
});

test('a full store keeps what it has, is read as before, and takes something new as soon as there is room', async () => {
  const place = storeFolder();
  const { log, lines } = readableLog();
  const store = place.open({ log, bounds: { fileBytes: 400_000 } });
  await store.addKey(aKey('key_1'));
  const sealedSession = 'x'.repeat(50_000);
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      store.addSecret(aSecret(`secret_${at}`, { sealedSession }), nowMs).catch((error: unknown) => error),
    ),
  );
  const kept = outcomes.flatMap((outcome, at) => (outcome === 'kept' ? [`secret_${at}`] : []));
  const refused = outcomes.find((outcome) => outcome instanceof StoreError);
  expect(kept.length).toBeGreaterThan(3);
  expect(refused).toMatchObject({ reason: 'full', message: expect.stringContaining('no room') });
  expect(store.problem?.reason).toBe('full');
  expect(await store.keyById('key_1')).toEqual(aKey('key_1'));
  for (const digest of kept) expect(await store.secretByDigest(digest), `with ${digest}`).toBeDefined();
  expect(store.problem?.reason).toBe('full');
  // All of them have expired.
  expect(await store.addSecret(aSecret('later', { sealedSession, expiresMs: nowMs + 1_200_000 }), nowMs + 600_000)).toBe('kept');
  expect(store.problem).toBeUndefined();
  expect(lines).toEqual([expect.stringContaining(`The store ${place.path} has no room`), 'the store works again']);
});

test('a file that may not be written is read, and says so to whoever wants to write', async () => {
  const place = storeFolder();
  const store = place.open();
  await store.addKey(aKey('key_1'));
  await store.close();
  chmodSync(place.path, 0o444);
  chmodSync(place.folder, 0o555);
  // Nothing is forbidden to root.
  const who = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const reader = join(import.meta.dirname, 'reader.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [reader, place.path], { ...who, env: {} });
  chmodSync(place.folder, 0o755);
  expect(JSON.parse(stdout)).toEqual({
    key: aKey('key_1'),
    makes: 'read_only',
    mints: 'read_only',
    checks: 'read_only',
    problem: expect.stringContaining(`The store ${place.path} cannot be written`),
  });
});

test('a damaged file is named and never written to, and a backup in its place is taken up at once', async () => {
  const place = storeFolder();
  const first = place.open();
  await first.addKey(aKey('key_1'));
  await first.close();
  copyFileSync(place.path, `${place.path}.backup`);
  const rubbish = Buffer.alloc(20_000, 'rubbish');
  writeFileSync(place.path, rubbish);
  const { log, lines } = readableLog();
  const store = place.open({ log });
  for (const asked of [store.keyById('key_1'), store.addKey(aKey('key_2')), store.check()]) {
    const { reason, advice, message } = await fault(asked);
    expect(reason).toBe('damaged');
    expect(advice).toMatch(/parley\.db is damaged .*Put a backup in its place/);
    expect(message).not.toContain('/');
  }
  expect(readFileSync(place.path).equals(rubbish)).toBe(true);
  expect(lines).toHaveLength(1);
  copyFileSync(`${place.path}.backup`, place.path);
  expect(await store.keyById('key_1')).toEqual(aKey('key_1'));
  await store.addKey(aKey('key_2'));
  expect(lines.at(-1)).toBe('the store works again');
});

test('a file that is damaged within costs what lies there, and no more', async () => {
  const place = storeFolder();
  const first = place.open();
  await first.addKey(aKey('key_1'));
  for (let at = 0; at < 50; at++) await first.addSecret(aSecret(`secret_${at}`, { sealedSession: 'x'.repeat(3000) }), nowMs);
  await first.close();
  const root = Number(place.outside().prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'client_secret'").get()?.['rootpage']);
  const bytes = readFileSync(place.path);
  bytes.fill(0xff, (root - 1) * 4096, root * 4096);
  writeFileSync(place.path, bytes);
  const store = place.open();
  expect((await fault(store.secretByDigest('secret_1'))).reason).toBe('damaged');
  expect(await store.keyById('key_1')).toEqual(aKey('key_1'));
  await store.addKey(aKey('key_2'));
  expect(await store.keys()).toHaveLength(2);
});

test('a folder that is none is said to be so', async () => {
  const place = storeFolder();
  writeFileSync(join(place.folder, 'file'), '');
  const store = new EmbeddedStore(join(place.folder, 'file', 'parley.db'), { clock: new ManualClock() });
  onTestFinished(() => store.close());
  expect(await fault(store.keys())).toMatchObject({ reason: 'unreachable', advice: expect.stringContaining('cannot be opened') });
});

test('a thread that dies is replaced, and whoever waited for it is told at once', async () => {
  const place = storeFolder();
  const orders = join(place.folder, 'orders');
  mkdirSync(orders);
  const mortals = new Mortals(orders);
  const own = new URL('../../src/store/store-worker.ts', import.meta.url);
  const { log, lines } = readableLog();
  const store = place.open({ log, script: mortals.script(own) });
  await store.addKey(aKey('key_1'));
  const other = place.outside();
  other.exec('BEGIN IMMEDIATE');
  const waiting = fault(store.addKey(aKey('key_2')));
  mortals.kill(own);
  expect((await waiting).reason).toBe('lost');
  other.exec('ROLLBACK');
  expect(await store.keyById('key_1')).toEqual(aKey('key_1'));
  await store.addKey(aKey('key_3'));
  expect(lines).toEqual([expect.stringContaining('died'), 'the store works again']);
});

test('that a fault is over is noticed although nobody asks for anything', async () => {
  const place = storeFolder();
  writeFileSync(place.path, 'no database');
  const clock = new ManualClock();
  const { log, lines } = readableLog();
  const over = Promise.withResolvers<void>();
  const store = place.open({
    clock,
    log: {
      ...log,
      info(fields, message) {
        log.info(fields, message);
        over.resolve();
      },
    },
  });
  expect((await fault(store.keys())).reason).toBe('damaged');
  rmSync(place.path);
  expect(store.problem?.reason).toBe('damaged');
  clock.advance(10_000);
  await over.promise;
  expect(store.problem).toBeUndefined();
  expect(lines).toEqual([expect.stringContaining('damaged'), 'the store works again']);
});

test('a thread that cannot live is started ever more seldom, and requests in between are refused at once', async () => {
  const place = storeFolder();
  const clock = new ManualClock();
  const store = place.open({ clock, script: script('process.exit(3);') });
  expect((await fault(store.keys())).advice).toContain('code 3');
  expect((await fault(store.keys())).advice).toContain('code 3');
  expect((await fault(store.keys())).advice).toContain('rests');
  clock.advance(100);
  expect((await fault(store.keys())).advice).toContain('code 3');
});

test('a thread that hangs is waited for 2 s, its queue is bounded in requests and bytes, and closing does not wait for it', async () => {
  const place = storeFolder();
  const clock = new ManualClock();
  const store = place.open({
    clock,
    script: script("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {});"),
  });
  const hung = fault(store.keys());
  clock.advance(1999);
  let over = false;
  void hung.then(() => {
    over = true;
  });
  await Promise.resolve();
  expect(over).toBe(false);
  clock.advance(1);
  expect(await hung).toMatchObject({ reason: 'busy', advice: expect.stringContaining('2000 ms') });
  const large = aSecret('large', { sealedSession: 'x'.repeat(20_000_000) });
  const first = fault(store.addSecret(large, nowMs));
  expect((await fault(store.addSecret(large, nowMs))).reason).toBe('overloaded');
  // What was given up still lies in its queue.
  const more = Array.from({ length: 1022 }, () => fault(store.keys()));
  expect((await fault(store.keys())).reason).toBe('overloaded');
  clock.advance(2000);
  for (const { reason } of await Promise.all([first, ...more])) expect(reason).toBe('busy');
  expect((await fault(store.keys())).reason).toBe('overloaded');
  const closed = store.close();
  clock.advance(3000);
  await closed;
  expect((await fault(store.keys())).reason).toBe('closed');
});

test('what waits when the store is closed is told so, and what was acknowledged is there', async () => {
  const place = storeFolder();
  const store = place.open();
  await store.addKey(aKey('key_1'));
  const other = place.outside();
  other.exec('BEGIN IMMEDIATE');
  const waiting = fault(store.addKey(aKey('key_2')));
  await store.close();
  expect((await waiting).reason).toBe('closed');
  other.exec('ROLLBACK');
  expect((await place.open().keys()).map(({ id }) => id)).toEqual(['key_1']);
});
