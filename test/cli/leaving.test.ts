// The ways in which the process of a server goes.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Leaving } from '../../src/cli/leave.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';

function start({ drainMs = 20_000, log = silentLog }: { drainMs?: number; log?: Log } = {}) {
  const clock = new ManualClock();
  const did: string[] = [];
  const drained = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const server = {
    drain: () => (did.push('drain'), drained.promise),
    close: (parting?: { code: number }) => (did.push(`close ${parting?.code ?? 1001}`), closed.promise),
  };
  const exit = (code: number) => void did.push(`exit ${code}`);
  const leaving = new Leaving({ server, drainMs, clock, log, say: () => {}, exit });
  const wait = async (ms: number) => {
    clock.advance(ms);
    for (let round = 0; round < 4; round++) await setImmediate();
  };
  return { leaving, did, drained, closed, wait };
}

test('SIGTERM lets all sessions end, then closes, then exits', async () => {
  const { leaving, did, drained, closed, wait } = start();
  leaving.signal('SIGTERM');
  await wait(5000);
  expect(did).toEqual(['drain']);
  drained.resolve();
  await wait(0);
  expect(did).toEqual(['drain', 'close 1001']);
  closed.resolve();
  await wait(0);
  expect(did).toEqual(['drain', 'close 1001', 'exit 0']);
});

test('the whole of it takes no longer than the time that was set, whatever hangs', async () => {
  const { leaving, did, wait } = start();
  leaving.signal('SIGTERM');
  await wait(18_499);
  expect(did).toEqual(['drain']);
  await wait(1);
  expect(did).toEqual(['drain', 'close 1001']);
  await wait(1500);
  expect(did).toEqual(['drain', 'close 1001', 'exit 0']);
});

test('a third signal ends what closing has not ended', async () => {
  const { leaving, did } = start();
  leaving.signal('SIGTERM');
  leaving.signal('SIGTERM');
  expect(did).toEqual(['drain', 'close 1001']);
  leaving.signal('SIGINT');
  expect(did).toEqual(['drain', 'close 1001', 'exit 1']);
});

test('what ends by itself after a second signal closes nothing twice', async () => {
  const { leaving, did, drained, wait } = start();
  leaving.signal('SIGTERM');
  leaving.signal('SIGINT');
  drained.resolve();
  await wait(0);
  expect(did).toEqual(['drain', 'close 1001']);
});

test('with no time to drain, SIGTERM closes at once', () => {
  const { leaving, did } = start({ drainMs: 0 });
  leaving.signal('SIGTERM');
  expect(did).toEqual(['close 1001']);
});

test('a fault is logged, told to the sessions, and ends the process within a second, even one in the middle of closing', async () => {
  const logged: object[] = [];
  const { leaving, did, wait } = start({ log: { ...silentLog, error: (fields) => void logged.push(fields) } });
  const fault = new TypeError('a bug');
  leaving.fault(fault);
  expect(logged).toEqual([{ err: fault }]);
  expect(did).toEqual(['close 1011']);
  await wait(800);
  expect(did).toEqual(['close 1011', 'exit 70']);
  leaving.fault(fault);
  expect(did.at(-1)).toBe('exit 70');
  expect(did).toHaveLength(3);
});

test('an engine that cannot be closed keeps no process', async () => {
  const { leaving, did, closed, wait } = start();
  leaving.signal('SIGINT');
  closed.reject(new Error('stuck'));
  await wait(0);
  expect(did).toEqual(['close 1001', 'exit 0']);
});
